package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/hf/hub"
	"attnlab/model/race"
)

// contexts are those that an offer has, in tokens, beside the model's own where that is shorter. The middle one is proposed: few
// traces are longer, and memory grows with it.
var contexts = []int{512, 1024, 2048, 4096, 8192, 16384, 32768}

// proposedContext is the longest context that an offer proposes.
const proposedContext = 2048

// offer is a model of others whose files are open.
type offer struct {
	session.Offer
	source *hf.Source
	device *gpu.Device // that it would run on
	other  bool        // the device is not the rig's
	made   choice      // of the device
	files  fs.FS
	at     *hub.Model // whose files are not here yet; nil for others
	kept   bool       // the visitor's files were stored
}

// lookAt reads config and headers of a model of others and offers it; of one at a hub it has the config alone. The offer before is gone.
func (e *Engine) lookAt(ctx context.Context, c session.LookAt) error {
	if e.rig.device == nil {
		return errNoDevice
	}
	e.leaveOffer()
	e.busy("reading the model's config", 0, 0)
	o := &offer{Offer: session.Offer{From: c.From, Name: c.From.Name}}
	if err := e.find(ctx, o); err != nil {
		if o.source != nil {
			o.source.Close()
		}
		return err
	}
	e.deviceFor(o)
	e.offer = o
	o.describe()
	if from := c.From.Kind; (from == session.FromFiles || from == session.FromDisk) && (slices.Contains(e.names, o.Name) || strings.HasPrefix(o.Name, runModel)) {
		o.Name += " (yours)" // links and runs call a base by its name
	}
	o.Number = e.next()
	e.publish(o.Offer)
	return nil
}

// find opens the files of an offer, or asks the hub for the config.
func (e *Engine) find(ctx context.Context, o *offer) (err error) {
	switch from := o.From; {
	case from.Kind == session.FromHub && e.library.Hub.Base != "" && e.library.Models != nil:
		return e.findAtHub(ctx, o)
	case from.Kind == session.FromBrowser && e.library.Models != nil:
		return e.findStored(ctx, o)
	case from.Kind == session.FromFiles && e.library.Picked != nil:
		if o.files, err = e.library.Picked(ctx, from.ID); err != nil {
			return err
		}
		return o.open()
	case from.Kind == session.FromDisk:
		if o.files, err = e.onDisk(from.ID); err != nil {
			return err
		}
		return o.open()
	case from.Kind == session.FromFiles:
		return errors.New("this engine gets no files from pages; start its program with --root DIR, and choose the model below that folder")
	}
	return fmt.Errorf("models of kind %q cannot be opened here", o.From.Kind)
}

// findStored opens the files of a stored model.
func (e *Engine) findStored(ctx context.Context, o *offer) error {
	folder, r, err := e.stored(ctx, o.From.ID)
	switch {
	case err != nil:
		return err
	case folder == nil:
		return errors.New("no such model is stored in this browser any more")
	case !r.Whole():
		return fmt.Errorf("only %d of the %d MB of %s are here; download the rest, or delete it", r.Have(folder)>>20, r.Bytes()>>20, r.Name)
	}
	o.Name, o.From.Name, o.files = r.Name, r.Name, folder
	return o.open()
}

// open opens the files of an offer, unless no task can take the model.
func (o *offer) open() (err error) {
	if o.source != nil {
		o.source.Close()
	}
	if o.source, err = hf.OpenFiles(o.files); err != nil {
		return err
	}
	_, err = taskOf(&hf.Checkpoint{Config: o.source.Config, Tokenizer: o.source.Tokenizer})
	return err
}

// leaveOffer closes the files of the offer and forgets it.
func (e *Engine) leaveOffer() {
	o := e.offer
	if o == nil {
		return
	}
	e.offer = nil
	if o.source != nil {
		o.source.Close()
	}
	if o.other {
		o.device.Close()
	}
	e.publish(session.Offer{Number: e.next(), Contexts: []session.ContextPlan{}})
}

// deviceFor chooses the device of an offer: the current one, or for a large model where the visitor leaves the choice to the lab a GPU, which the race
// of a small model may not have chosen. A large model is not raced: one product of it takes as long as a race.
func (e *Engine) deviceFor(o *offer) {
	o.device, o.made = e.rig.device, e.choice
	if o.source.Small() || e.backend != gpu.Auto || e.run != nil || e.rig.device.Info.Backend != gpu.Host {
		return
	}
	now, err := race.OpenNow(gpu.Auto, o.source.Config, nil)
	if err != nil {
		return
	}
	if now.Device.Info == e.rig.device.Info {
		now.Device.Close()
		return
	}
	now.Device.Yield = e.pause
	o.device, o.other, o.made = now.Device, true, choice{why: "the adapter " + now.Device.Info.Name + " is a GPU, and the model is large"}
}

// describe says what the model is and what it needs on the device.
func (o *offer) describe() {
	s, d := o.source, o.device
	c := s.Config
	o.Kind, o.Parameters, o.Layers, o.Heads, o.Bytes, o.Stored = s.Kind, c.Count(), c.Layers, c.Heads, s.Bytes, s.Stored().String()
	o.Adapter, o.Binding, o.Buffer, o.Contexts = d.Info.Name, d.Limits.MaxStorageBufferBindingSize, d.Limits.MaxBufferSize, []session.ContextPlan{}
	o.Notes = append(o.Notes, s.Ignored...)
	lengths := slices.DeleteFunc(slices.Clone(contexts), func(n int) bool { return n >= c.MaxContext })
	if c.MaxContext <= contexts[len(contexts)-1] {
		lengths = append(lengths, c.MaxContext)
	}
	for _, tokens := range lengths {
		plan := c.Plan(d.Limits, model.Ask{Context: tokens, Stored: s.Stored()})
		row := session.ContextPlan{Tokens: tokens, Cache: plan.Cache, Choice: plan.Choice}
		for _, n := range plan.Needs {
			row.Needs = append(row.Needs, session.StorageNeed{Storage: n.Storage.String(), Bytes: n.Weights, Parts: n.Parts, Problem: n.Problem, Trains: n.Storage == model.F32 && whole(s)})
		}
		if whole(s) { // then nothing is lost by F32, and the model can be trained
			row.Choice = 0
		}
		o.Contexts = append(o.Contexts, row)
		if tokens <= proposedContext && row.Choice >= 0 || o.Context == 0 {
			o.Context = tokens
		}
	}
}

// whole reports whether a model is read whole when it is opened in F32, so that it can be trained.
func whole(s *hf.Source) bool {
	c := s.Config
	return s.Small() && !c.QKVBias && !c.QKNorm && c.NoRope == nil
}

var errNoDevice = errors.New("no device is open yet; open a backend first")

// openModel loads the model of the offer. If it fails or is cancelled, the old model stays, and so does the offer.
func (e *Engine) openModel(ctx context.Context, c session.OpenModel) error {
	o := e.offer
	if o == nil {
		return errors.New("no model is offered any more; choose it again")
	}
	if o.other && o.device.Lost() || !o.other { // the rig's may be another one after a loss
		o.device, o.other, o.made = e.rig.device, false, e.choice
	}
	at := slices.IndexFunc(o.Contexts, func(p session.ContextPlan) bool { return p.Tokens == c.Context })
	if at < 0 {
		return fmt.Errorf("a context of %d tokens is not offered", c.Context)
	}
	need := slices.IndexFunc(o.Contexts[at].Needs, func(n session.StorageNeed) bool { return n.Storage == c.Storage })
	switch {
	case need < 0:
		return fmt.Errorf("there is no storage %q", c.Storage)
	case o.Contexts[at].Needs[need].Problem != "":
		return fmt.Errorf("the model cannot be opened in %s: %s", c.Storage, o.Contexts[at].Needs[need].Problem)
	}
	if err := e.bring(ctx, o, c.Keep); err != nil {
		return err
	}
	loading := func(done, total int64) { e.busy("loading", int(done), int(total)) }
	held := &held{Checkpoint: &hf.Checkpoint{Config: o.source.Config, Tokenizer: o.source.Tokenizer}}
	if o.Contexts[at].Needs[need].Trains {
		checkpoint, err := o.source.Checkpoint(ctx, loading)
		if err != nil {
			return err
		}
		held.Checkpoint = checkpoint
	} else {
		held.source, held.storage, held.from = o.source, storageNamed(c.Storage), o.stored()
	}
	held.Config.MaxContext = c.Context // caches are made for it
	if err := e.installOn(ctx, o.Name, held, o.device, o.made, loading); err != nil {
		return err
	}
	o.other = false
	if held.source != nil {
		o.source = nil // it stays open with the model
	}
	e.leaveOffer()
	return nil
}

// bring downloads the files of a model at a hub, or stores those of the visitor where that is wanted.
func (e *Engine) bring(ctx context.Context, o *offer, keep bool) error {
	switch {
	case o.at != nil:
		return e.downloadOffer(ctx, o)
	case keep && !o.kept:
		err := e.keepOffer(ctx, o)
		o.kept = err == nil
		return err
	}
	return nil
}

// stored is the id of the stored model that the files of an offer are of, or empty.
func (o *offer) stored() string {
	if o.From.Kind == session.FromBrowser {
		return o.From.ID
	}
	return ""
}

func storageNamed(name string) model.Storage {
	for s := model.F32; s <= model.Q4; s++ {
		if s.String() == name {
			return s
		}
	}
	panic("engine: no storage " + name)
}
