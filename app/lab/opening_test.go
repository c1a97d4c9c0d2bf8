package lab

import (
	"reflect"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// offered is an offer of three storages, of which the first does not fit, in two contexts.
func offered(name string) session.Offer {
	o := session.Offer{Number: 1, Name: name, Kind: "llama", Parameters: 135e6, Context: 1024, From: session.ModelPlace{Kind: session.FromFiles, ID: "1", Name: name}}
	for _, tokens := range []int{1024, 8192} {
		c := session.ContextPlan{Tokens: tokens, Choice: 1, Needs: []session.StorageNeed{{Storage: "f32", Bytes: 4, Problem: "too large"}, {Storage: "bf16", Bytes: 2}, {Storage: "q4", Bytes: 1}}}
		if tokens == 8192 {
			c.Choice, c.Needs[1].Problem = 2, "too large"
		}
		o.Contexts = append(o.Contexts, c)
	}
	return o
}

// A folder is looked at, its plan changed, and opened: then the dialog is gone and the view is about the model.
func TestOpenOwnModel(t *testing.T) {
	l, engine := idle(t)
	l.Do("open-model")
	l.OpenFiles("open-model", chosen(map[string][]byte{"my/config.json": nil, "my/model.safetensors": {1}}))
	look := labtest.Sent(t, engine, 1)[0].(session.LookAt)
	if l.Dialog != ModelDialog || l.Opening.Asked != "LookAt" || look.From.Name != "my" {
		t.Fatalf("dialog %q, %+v, %+v", l.Dialog, l.Opening, look)
	}
	l.Receive(offered("my"))
	l.Receive(session.Status{Stage: "ready"})
	if l.Opening.Asked != "" || l.Opening.Context != 1024 || l.Opening.Storage != "bf16" {
		t.Fatalf("%+v", l.Opening)
	}
	l.Set("offer-context", "8192") // where BF16 does not fit
	if l.Opening.Storage != "q4" || l.OfferPlan().Tokens != 8192 {
		t.Errorf("%+v", l.Opening)
	}
	l.Do("offer-open")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.OpenModel{Storage: "q4", Context: 8192}) || l.Opening.Asked != "OpenModel" {
		t.Fatalf("%#v, %+v", got, l.Opening)
	}
	l.Receive(session.Status{Stage: "loading", Busy: true, Done: 1, Total: 2})
	c := l.Capabilities
	c.Model = session.ModelInfo{Name: "my", Task: "few-shot-chain"}
	l.Receive(c)
	l.Receive(freeTrace(8, "few-shot-chain", "<user>k = 4 ; k = ?<end>", false))
	l.Receive(session.Offer{Number: 2})
	l.Receive(session.Status{Stage: "ready"})
	if l.Dialog != "" || l.Opening.Asked != "" || l.View.Model != "my" || l.Example || !strings.Contains(l.View.String(), "base=my") {
		t.Errorf("dialog %q, %+v, view %s", l.Dialog, l.Opening, l.View)
	}
}

// Refusals stay in the dialog; Escape stops a load, then leaves the plan, then the dialog.
func TestLeaveOwnModel(t *testing.T) {
	l, engine := idle(t)
	l.Do("open-model")
	l.OpenFiles("open-gguf", []File{{Name: "a.gguf"}, {Name: "b.gguf"}})
	if sentence := l.Failure.Text; !strings.HasPrefix(sentence, "There are 2 GGUF files") || l.Dialog != ModelDialog {
		t.Errorf("%q", sentence)
	}
	l.OpenFiles("open-gguf", []File{{Name: "a.gguf"}})
	labtest.Sent(t, engine, 1)
	if l.Failure.Text != "" {
		t.Errorf("the failure before stays: %q", l.Failure.Text)
	}
	l.Receive(session.Failure{Command: "LookAt", Text: "A.gguf: the file is cut short."})
	l.Receive(session.Status{Stage: "ready"})
	if l.Dialog != ModelDialog || l.Failure.Text == "" || l.Opening.Asked != "" {
		t.Errorf("%q, %+v", l.Failure.Text, l.Opening)
	}
	l.OpenFiles("open-gguf", []File{{Name: "a.gguf"}})
	l.Receive(offered("a"))
	l.Receive(session.Status{Stage: "ready"})
	l.Do("offer-open")
	labtest.Sent(t, engine, 2)
	escape := KeyPress{Key: "Escape"}
	l.Key(escape)
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.Cancel{Command: "OpenModel"}) || l.Dialog != ModelDialog {
		t.Errorf("while it loads, Escape sends %#v, dialog %q", got, l.Dialog)
	}
	l.Receive(session.Status{Stage: "ready", Text: "Stopped."})
	if l.Opening.Asked != "" || l.Offer.Name != "a" || !reflect.DeepEqual(l.changing, changing{}) {
		t.Errorf("after a stop: %+v, offer %q", l.Opening, l.Offer.Name)
	}
	l.Key(escape)
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.LeaveOffer{}) || l.Dialog != "" || l.Offer.Name != "" {
		t.Errorf("Escape sends %#v, dialog %q, offer %q", got, l.Dialog, l.Offer.Name)
	}
}

// A model is asked for at the hub only by its button, downloaded, listed, looked at again, and deleted after a question.
func TestHubAndStore(t *testing.T) {
	l, engine := idle(t)
	l.View.Model = "me/m" // of a link; the model is not here
	l.Receive(session.Models{Number: 1, Hub: "https://hub"})
	l.Do("open-model")
	if l.Opening.HubName != "me/m" {
		t.Errorf("%+v", l.Opening)
	}
	l.Set("hub-name", " you/n@v1 ")
	labtest.Sent(t, engine, 0)
	l.Do("ask-hub")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.LookAt{From: session.ModelPlace{Kind: session.FromHub, ID: "you/n@v1", Name: "you/n@v1"}}) || l.Opening.Asked != "LookAt" {
		t.Fatalf("%#v, %+v", got, l.Opening)
	}
	o := offered("you/n@v1")
	o.From = session.ModelPlace{Kind: session.FromHub, ID: "you/n@v1", Name: "you/n@v1"}
	l.Receive(o)
	l.Receive(session.Status{Stage: "ready"})
	l.Set("offer-keep", "true") // of an offer before
	if l.Keeps() {
		t.Error("a model of the hub can be kept once more")
	}
	l.Do("offer-open")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.OpenModel{Storage: "bf16", Context: 1024}) {
		t.Errorf("%#v", got)
	}
	l.Receive(session.Status{Stage: "loading", Busy: true})
	l.Receive(session.Status{Stage: "ready", Text: "Stopped."})
	l.Do("close")
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})

	l.Receive(session.Models{Number: 2, Hub: "https://hub", Models: []session.StoredModel{
		{ID: "a", Name: "mine", Bytes: 5, Have: 5, Whole: true}, {ID: "b", Name: "you/n@v1", From: "https://hub", Bytes: 5, Have: 2}, {ID: "c", Name: "lost", Bytes: 5, Have: 2}}})
	l.Do("open-model")
	for id, want := range map[string]session.ModelPlace{"a": {Kind: session.FromBrowser, ID: "a", Name: "mine"}, "b": {Kind: session.FromHub, ID: "you/n@v1", Name: "you/n@v1"}} {
		l.Do("stored:" + id)
		if got := labtest.Sent(t, engine, 1)[0]; got != any(session.LookAt{From: want}) {
			t.Errorf("%#v", got)
		}
		l.Receive(session.Failure{Command: "LookAt", Text: "No."})
		l.Receive(session.Status{Stage: "ready"})
	}
	l.Do("stored:c") // the rest of it is nowhere
	l.Do("stored:d")
	l.Do("ask-drop-model:a")
	labtest.Sent(t, engine, 0)
	if l.Opening.Dropped != "a" {
		t.Errorf("%+v", l.Opening)
	}
	l.Do("drop-model:a")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.DropModel{ID: "a"}) || l.Opening.Dropped != "" {
		t.Errorf("%#v, %+v", got, l.Opening)
	}
}

// The visitor's files are kept where the browser stores models, and the page says what that replaces.
func TestKeepOwnModel(t *testing.T) {
	l, engine := idle(t)
	l.Do("open-model")
	l.OpenFiles("open-gguf", []File{{Name: "a.gguf"}})
	l.Receive(offered("a"))
	l.Receive(session.Status{Stage: "ready"})
	labtest.Sent(t, engine, 1)
	if l.Set("offer-keep", "true"); l.Keeps() {
		t.Error("a browser that stores nothing keeps a model")
	}
	l.Receive(session.Models{Number: 1, Models: []session.StoredModel{{ID: "x", Name: "a", Whole: true}}})
	if !l.Keeps() || !l.Replaces() {
		t.Errorf("keeps %v, replaces %v", l.Keeps(), l.Replaces())
	}
	l.Do("offer-open")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.OpenModel{Storage: "bf16", Context: 1024, Keep: true}) {
		t.Errorf("%#v", got)
	}
}
