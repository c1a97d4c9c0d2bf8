package lab

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// ModelDialog is the name of the dialog in which models of others are opened.
const ModelDialog = "model"

// Opening is what the dialog for models of others holds besides the offer.
type Opening struct {
	Storage string // chosen
	Context int    // chosen, tokens
	Keep    bool   // store the model in this browser too
	Asked   string // the command that the engine carries out for the dialog; empty when it is done
	began   bool   // the engine carries it out, or was told to stop: when it rests, it is done
	Name    string // of the model that was asked for last
	HubName string // of a model at the hub, as typed
	Dropped string // id of the stored model to delete once that is confirmed
}

// modelPart is a file of a model folder. Others, such as the state of an optimiser, are not needed to use the model.
var modelPart = regexp.MustCompile(`^(config|generation_config|tokenizer|tokenizer_config|adapter_config)\.json$|^model(-\d+-of-\d+)?\.safetensors$|^model\.safetensors\.index\.json$|^pytorch_model\.bin$`)

func isGGUF(name string) bool { return strings.EqualFold(path.Ext(name), ".gguf") }

// modelOf are the files of the one model among chosen files, by their names in its folder, and a name for it. If folders were inside the
// chosen one, the model is in the uppermost of those with a config.json.
func modelOf(chosen []File) (files []File, name string, err error) {
	depth := func(f File) int { return strings.Count(f.Name, "/") }
	chosen = slices.DeleteFunc(slices.Clone(chosen), func(f File) bool { return junk(f.Name) })
	slices.SortStableFunc(chosen, func(a, b File) int { return cmp.Or(depth(a)-depth(b), strings.Compare(a.Name, b.Name)) })
	config := slices.IndexFunc(chosen, func(f File) bool { return path.Base(f.Name) == runs.ConfigFile })
	single := slices.DeleteFunc(slices.Clone(chosen), func(f File) bool { return !isGGUF(f.Name) })
	switch {
	case config >= 0:
		folder := path.Dir(chosen[config].Name)
		for _, f := range chosen {
			if path.Dir(f.Name) == folder && modelPart.MatchString(path.Base(f.Name)) {
				f.Name = path.Base(f.Name)
				files = append(files, f)
			}
		}
		if name = path.Base(folder); name == "." || name == "/" {
			name = cmp.Or(chosen[config].Folder, "your folder")
		}
		return files, name, nil
	case len(single) > 1:
		return nil, "", fmt.Errorf("There are %d GGUF files, such as %s and %s. Choose one of them.", len(single), path.Base(single[0].Name), path.Base(single[1].Name))
	case len(single) == 1:
		f := single[0]
		f.Name = path.Base(f.Name)
		return []File{f}, strings.TrimSuffix(f.Name, path.Ext(f.Name)), nil
	}
	return nil, "", errors.New("There is no model here. Choose a folder with " + runs.ConfigFile + " and its weights (*.safetensors), or a GGUF file.")
}

// lookAtFiles hands the model among chosen files to the engine and asks what it needs.
func (l *Lab) lookAtFiles(chosen []File) {
	if l.Dialog != ModelDialog {
		l.openDialog(ModelDialog)
	}
	files, name, err := modelOf(chosen)
	if err != nil {
		l.Failure = session.Failure{Command: "LookAt", Text: err.Error()}
		return
	}
	var names []string
	var values []any
	for _, f := range files {
		names, values = append(names, f.Name), append(values, f.Value)
	}
	l.lookAt(session.ModelPlace{Kind: session.FromFiles, ID: l.handOver(names, values), Name: name})
}

// openModelDialog opens the dialog. The name of a link's model that is not here may be one at the hub.
func (l *Lab) openModelDialog() {
	if name := l.View.Model; l.Opening.HubName == "" && name != l.Capabilities.Model.Name && strings.Count(name, "/") == 1 {
		l.Opening.HubName = name
	}
	l.Opening.Dropped = ""
	l.openDialog(ModelDialog)
}

// lookAtHub asks the hub what the model of the typed name is.
func (l *Lab) lookAtHub() {
	if name := strings.TrimSpace(l.Opening.HubName); name != "" {
		l.lookAt(session.ModelPlace{Kind: session.FromHub, ID: name, Name: name})
	}
}

// lookAtStored looks at a stored model. Of one that is not whole the rest is at the hub.
func (l *Lab) lookAtStored(id string) {
	i := slices.IndexFunc(l.Models.Models, func(m session.StoredModel) bool { return m.ID == id })
	if i < 0 {
		return
	}
	if m := l.Models.Models[i]; m.Whole {
		l.lookAt(session.ModelPlace{Kind: session.FromBrowser, ID: id, Name: m.Name})
	} else if l.Continues(m) {
		l.lookAt(session.ModelPlace{Kind: session.FromHub, ID: m.Name, Name: m.Name})
	}
}

// Continues reports whether the rest of a stored model can be downloaded.
func (s *State) Continues(m session.StoredModel) bool {
	return !m.Whole && m.From != "" && m.From == s.Models.Hub
}

// Keeps reports whether the offered model can be stored in this browser.
func (s *State) Keeps() bool {
	return s.Offer.From.Kind == session.FromFiles && s.Models.Number > 0 && s.Models.Closed == ""
}

// Replaces reports whether to keep the offered model replaces another of its name.
func (s *State) Replaces() bool {
	return slices.ContainsFunc(s.Models.Models, func(m session.StoredModel) bool { return m.From == "" && m.Name == s.Offer.Name })
}

// dropModel deletes a stored model.
func (l *Lab) dropModel(id string) {
	l.Opening.Dropped, l.Failure = "", session.Failure{}
	l.Send(session.DropModel{ID: id})
}

// lookAt asks what a model is and needs.
func (l *Lab) lookAt(from session.ModelPlace) {
	l.Failure = session.Failure{}
	l.Offer = session.Offer{}
	l.Opening.Dropped = ""
	l.Opening.Asked, l.Opening.Name, l.Opening.began = "LookAt", from.Name, false
	l.Send(session.LookAt{From: from})
}

// takeOffer takes a newer offer, and proposes what it does.
func (s *State) takeOffer(o session.Offer) {
	if s.Offer.Name != o.Name || s.Offer.From != o.From {
		s.Opening.Context, s.Opening.Storage = o.Context, ""
	}
	s.Offer = o
	s.Opening.propose(o)
}

// OfferPlan is what the offered model needs with the chosen context.
func (s *State) OfferPlan() session.ContextPlan { return s.Opening.plan(s.Offer) }

func (p *Opening) plan(o session.Offer) session.ContextPlan {
	for _, c := range o.Contexts {
		if c.Tokens == p.Context {
			return c
		}
	}
	return session.ContextPlan{Choice: -1}
}

// propose chooses the proposed storage where none is chosen that fits.
func (p *Opening) propose(o session.Offer) {
	c := p.plan(o)
	fits := func(n session.StorageNeed) bool { return n.Storage == p.Storage && n.Problem == "" }
	if slices.ContainsFunc(c.Needs, fits) {
		return
	}
	if p.Storage = ""; c.Choice >= 0 && c.Choice < len(c.Needs) {
		p.Storage = c.Needs[c.Choice].Storage
	}
}

func (l *Lab) chooseContext(tokens int) {
	l.Opening.Context = tokens
	l.Opening.propose(l.Offer)
}

// openOffer opens the offered model as it was chosen.
func (l *Lab) openOffer() {
	if l.Offer.Name == "" || l.Opening.Storage == "" {
		return
	}
	l.Failure = session.Failure{}
	l.Opening.Asked, l.Opening.Name, l.Opening.began = "OpenModel", l.Offer.Name, false
	l.changing = changing{model: l.Offer.Name, task: l.Trace.Task, own: true, again: l.View.Model == l.Offer.Name && !l.ofSite(), view: l.View}
	l.Send(session.OpenModel{Storage: l.Opening.Storage, Context: l.Opening.Context, Keep: l.Opening.Keep && l.Keeps()})
}

// leaveOffer stops what the engine does for the dialog. If it does nothing, it closes the offer.
func (l *Lab) leaveOffer() {
	if l.Opening.Asked != "" {
		l.Send(session.Cancel{Command: l.Opening.Asked})
		l.Opening.began = true
		return
	}
	if l.Failure = (session.Failure{}); l.Offer.Name != "" {
		l.Offer = session.Offer{}
		l.Send(session.LeaveOffer{})
	}
}

// closeDialog closes the dialog that is open.
func (l *Lab) closeDialog() {
	if l.Dialog == ModelDialog {
		if l.leaveOffer(); l.Opening.Asked != "" { // it was stopped, and its files are closed next
			l.Send(session.LeaveOffer{})
		}
		l.Opening.Asked = ""
	}
	l.Dialog = ""
}

// followOffer notes the end of what the dialog asked for: a failure, a stop, an offer, or an open model, whose first problem the view takes.
func (l *Lab) followOffer(event session.Event) {
	switch e := event.(type) {
	case session.Failure:
		if e.Command == l.Opening.Asked {
			l.Opening.Asked, l.changing = "", changing{}
		}
	case session.Offer:
		if e.Name != "" && l.Opening.Asked == "LookAt" {
			l.Opening.Asked = ""
		}
	case session.Capabilities:
		if l.Opening.Asked == "OpenModel" && e.Model.Name == l.Opening.Name {
			l.Opening.Asked = ""
			if l.Dialog == ModelDialog {
				l.Dialog = ""
			}
		}
	case session.Status:
		l.Opening.began = l.Opening.began || e.Busy
		if !e.Busy && l.Opening.began && l.Opening.Asked != "" { // stopped; a status from before is sent again to each figure that joins
			l.Opening.Asked, l.changing = "", changing{}
		}
	}
}
