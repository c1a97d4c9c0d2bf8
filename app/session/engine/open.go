package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/rl"
	"attnlab/shaders/attn"
	"attnlab/shaders/decode"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
	"attnlab/shaders/optim"
)

// open opens a device, tests its kernels, and puts the model on it: the one at
// work, else the default base. If it fails the old device stays.
func (e *Engine) open(ctx context.Context, backend string) (text string, err error) {
	e.busy("opening", 0, 0)
	d, why, err := gpu.Open(backend)
	if err != nil {
		return "", err
	}
	kernels, err := e.testKernels(ctx, d)
	bad := slices.DeleteFunc(slices.Clone(kernels), func(k session.KernelCheck) bool { return k.OK })
	if err == nil && len(bad) > 0 && backend == gpu.Auto && d.Info.Backend != gpu.Host {
		why = fmt.Sprintf("%d of %d kernels gave wrong numbers on %s, %s first", len(bad), len(kernels), d.Info, bad[0].Name)
		d.Close()
		d = gpu.OpenHost()
		kernels, err = e.testKernels(ctx, d)
	}
	if err != nil {
		d.Close()
		return "", err
	}
	if err := e.move(d); err != nil {
		d.Close()
		return "", err
	}
	e.backend = backend
	e.capabilities = session.Capabilities{Adapter: d.Info.Name, Backend: d.Info.Backend, Software: d.Info.Software,
		Why: sentence(errors.New(why)), Kernels: kernels, Model: e.capabilities.Model}
	if e.names, err = e.bases.List(ctx); err != nil {
		e.names = nil
		e.fail("Open", err)
	}
	e.announce()
	switch {
	case e.checkpoint == nil && len(e.names) == 0:
		return "", errors.New("no base is shipped with this build; open the folder of a model")
	case e.checkpoint == nil:
		err = e.useModel(ctx, session.UseModel{Name: e.defaultBase()})
	case e.reasoning != nil:
		err = e.show()
	}
	if d.Info.Backend == gpu.Host && backend != gpu.Host {
		text = e.capabilities.Why + " The engine runs on the processor instead, with a small model: the same figures, more slowly."
	} else if len(bad) > 0 {
		text = fmt.Sprintf("%d of %d kernels give wrong numbers here, so do not trust what you see; choose the host engine.", len(bad), len(kernels))
	}
	return text, err
}

// defaultBase is tiny on the processor and small elsewhere.
func (e *Engine) defaultBase() string {
	size := "small"
	if e.rig.device.Info.Backend == gpu.Host {
		size = "tiny"
	}
	for _, name := range e.names {
		if strings.HasSuffix(name, "-"+size) {
			return name
		}
	}
	return e.names[0]
}

// move puts the model at work, if there is one, on another device, and closes the
// old one.
func (e *Engine) move(d *gpu.Device) error {
	next := rig{device: d}
	if e.checkpoint != nil {
		e.busy("loading", 0, 0)
		var err error
		if next, err = newRig(d, e.checkpoint); err != nil {
			return err
		}
	}
	old := e.rig
	e.rig = next
	if old.device != nil {
		old.release()
		old.device.Close()
	}
	return nil
}

// recover opens the device again after it was lost and restores the model and the
// trace.
func (e *Engine) recover(ctx context.Context) (text string, err error) {
	e.publish(session.Status{Stage: "opening", Busy: true, Text: "The GPU was lost; opening it again."})
	for range 2 { // a new device may be lost at once, while the driver starts again
		var d *gpu.Device
		var why string
		if d, why, err = gpu.Open(e.backend); err != nil {
			continue
		}
		if err = e.move(d); err != nil {
			d.Close()
			continue
		}
		before := e.capabilities.Backend
		e.capabilities.Adapter, e.capabilities.Backend, e.capabilities.Software = d.Info.Name, d.Info.Backend, d.Info.Software
		e.capabilities.Why = sentence(errors.New(why))
		text = "The GPU was lost and opened again; the model and the trace are restored."
		if before != d.Info.Backend {
			e.capabilities.Kernels = nil // of another adapter
			text = "The GPU was lost and could not be opened again; the engine goes on from here on the processor, with the model and the trace restored."
		}
		e.announce()
		if e.reasoning != nil {
			err = e.show()
		}
		if err == nil {
			return text, nil
		}
	}
	return "", err
}

// announce sends the capabilities.
func (e *Engine) announce() {
	c := e.capabilities
	c.Bases = e.names
	e.publish(c)
}

// casesPerKernel are enough to see that a kernel works here, and leave the visitor
// waiting for seconds less than all; "attnlab doctor" runs them all.
const casesPerKernel = 2

// testKernels verifies all kernels on d, a result a kernel. The error is that of a
// lost device or of ctx.
func (e *Engine) testKernels(ctx context.Context, d *gpu.Device) ([]session.KernelCheck, error) {
	r := rand.New(rand.NewPCG(1, 0))
	cases := largest(slices.Concat(nn.Cases(r), attn.Cases(r), loss.Cases(r), optim.Cases(r), decode.Cases(r)))
	checks := []session.KernelCheck{}
	for i, c := range cases {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(checks, func(k session.KernelCheck) bool { return k.Name == c.Kernel.Name })
		if at < 0 {
			at = len(checks)
			checks = append(checks, session.KernelCheck{Name: c.Kernel.Name, OK: true})
			e.busy("testing kernels", i, len(cases))
		}
		k := &checks[at]
		report, err := c.Verify(d)
		switch {
		case d.Err() != nil && d.Lost():
			return nil, err
		case err != nil && k.OK:
			k.OK, k.Error = false, sentence(err)
		}
		k.MaxError = max(k.MaxError, min(report.MaxError, 1e30)) // JSON has no infinity
	}
	return checks, nil
}

// largest keeps the cases of each kernel that fill its buffers most: those of
// several workgroups, the last not full.
func largest(cases []gpu.Case) (kept []gpu.Case) {
	words := func(c gpu.Case) (n int) {
		for _, b := range c.Buffers {
			n += reflect.ValueOf(b).Len()
		}
		return n
	}
	byKernel := map[string][]gpu.Case{}
	for _, c := range cases {
		byKernel[c.Kernel.Name] = append(byKernel[c.Kernel.Name], c)
	}
	for _, name := range slices.Sorted(maps.Keys(byKernel)) {
		of := byKernel[name]
		slices.SortStableFunc(of, func(a, b gpu.Case) int { return cmp.Compare(words(b), words(a)) })
		kept = append(kept, of[:min(casesPerKernel, len(of))]...)
	}
	return kept
}

// useModel loads a shipped base or the files of a folder. The old model stays until
// the new one runs.
func (e *Engine) useModel(ctx context.Context, c session.UseModel) error {
	if e.rig.device == nil {
		return errors.New("no engine is open yet; open one first")
	}
	files, name := c.Files, c.Name
	if files == nil {
		if !slices.Contains(e.names, name) {
			return fmt.Errorf("no shipped base is called %q; there are %s", name, strings.Join(e.names, ", "))
		}
		var err error
		if files, err = e.bases.Fetch(ctx, name, func(done, total int) { e.busy("loading", done, total) }); err != nil {
			return err
		}
	}
	e.busy("loading", 0, 0)
	checkpoint, err := model.LoadFiles(files)
	if err != nil {
		return err
	}
	task, err := taskOf(checkpoint)
	if err != nil {
		return err
	}
	next, err := newRig(e.rig.device, checkpoint)
	if err != nil {
		return err
	}
	e.rig.release()
	e.rig, e.checkpoint = next, checkpoint
	e.capabilities.Model = session.ModelInfo{Name: name, Task: task.Name(), Parameters: next.model.Count(),
		Layers: next.model.Layers, Heads: next.model.Heads, Context: next.model.MaxContext}
	e.announce()
	// What the old model wrote and was found to do is not the new one's. The problem
	// stays, if the new one can read it.
	e.clear(session.HeadsView{})
	e.clear(session.Disruption{Step: -1})
	switch r := e.reasoning; {
	case r == nil:
		e.setTask(task)
		return nil
	case r.task.Name() == task.Name() && len(r.Prompt) < next.model.MaxContext:
		r.response = nil
		return e.show()
	default:
		e.reasoning = nil
		e.setTask(task)
		return e.newProblem(session.NewProblem{Seed: r.seed})
	}
}

// clear replaces a snapshot, if there is one, by an empty one.
func (e *Engine) clear(empty session.Event) {
	e.mu.Lock()
	_, have := e.snapshots[session.Kind(empty)]
	e.mu.Unlock()
	if !have {
		return
	}
	switch s := empty.(type) {
	case session.HeadsView:
		s.Number = e.next()
		empty = s
	case session.Disruption:
		s.Number = e.next()
		empty = s
	}
	e.publish(empty)
}

// taskOf is the task whose tokens a model speaks.
func taskOf(c *model.Checkpoint) (rl.Task, error) {
	for _, name := range []string{"chain", "countdown"} {
		task, err := rl.NewTask(name, "", "")
		if err != nil {
			return nil, err
		}
		vocabulary := task.Vocabulary()
		same := len(vocabulary) == c.Config.VocabSize
		for id := 0; same && c.Tokenizer != nil && id < len(vocabulary); id++ {
			same = c.Tokenizer.Token(id) == vocabulary[id]
		}
		if same {
			return task, nil
		}
	}
	return nil, fmt.Errorf("the model's %d tokens are those of no task here; open a model that \"attnlab pretrain\" made", c.Config.VocabSize)
}
