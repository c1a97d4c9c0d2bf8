package lab

import (
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// ofFolder is a lab that has opened a folder with a model of free text, from its menu of models.
func ofFolder(t *testing.T) (*Lab, *session.Port) {
	t.Helper()
	l, engine := idle(t)
	l.Do("page:heads")
	l.Do("capabilities")
	l.Receive(session.Failure{Command: "LookAt", Text: "The folder before was damaged."})
	l.OpenFiles("open-model", chosen(map[string][]byte{"m/config.json": {1}, "m/tokenizer.json": {2}, "m/model.safetensors": {3}}))
	l.Receive(offered("m"))
	l.Receive(session.Status{Stage: "ready"})
	l.Do("offer-open")
	labtest.Sent(t, engine, 2)
	l.Receive(session.Capabilities{Model: session.ModelInfo{Name: "m", Task: "few-shot-chain"}, Bases: []string{"small"}})
	l.Receive(freeTrace(8, "few-shot-chain", "<user>k = 4 ; k = ?<end>", false))
	l.Receive(session.Status{Stage: "ready"})
	return l, engine
}

// freeTrace is a trace of free text, which need not be consistent otherwise.
func freeTrace(number uint64, task, prompt string, typed bool) session.Trace {
	t := labtest.Trace()
	t.Number, t.Task, t.Typed, t.Prompt, t.Seed = number, task, typed, prompt, 1
	t.Wording = &session.Wording{Task: task, Rule: "line", Chat: "chatml", Shots: 5}
	return t
}

// command is the next command of a type that a lab sends.
func command[C session.Command](t *testing.T, engine *session.Port) C {
	t.Helper()
	for {
		if c, ok := labtest.Sent(t, engine, 1)[0].(C); ok {
			return c
		}
	}
}

// A folder's model comes to the Trace page with its prompt, and stays the model of the problems after it.
func TestOpenedFolder(t *testing.T) {
	l, engine := ofFolder(t)
	if l.Page != PageTrace || l.Dialog != "" || l.Failure.Text != "" || l.Example || l.View.Model != "m" || l.Text != "" || l.Controls.Typed != "<user>k = 4 ; k = ?<end>" || l.Edited() {
		t.Fatalf("page %s, dialog %q, model %q, text %q, box %q", l.Page, l.Dialog, l.View.Model, l.Text, l.Controls.Typed)
	}
	l.Do("problem")
	if c := command[session.Restore](t, engine); c.Model != "" || c.Problem == nil || c.Problem.Seed != 2 || c.Problem.Wording == nil || c.Problem.Wording.Task != "few-shot-chain" || c.Problem.Wording.Shots != 5 {
		t.Errorf("the next problem is asked for by %+v", c)
	}
}

// A model that cannot be opened leaves page, dialog and view as they are.
func TestRefusedFolder(t *testing.T) {
	l, engine := idle(t)
	before := l.View
	l.OpenFiles("open-model", chosen(map[string][]byte{"config.json": {1}}))
	labtest.Sent(t, engine, 1)
	l.Receive(session.Failure{Command: "LookAt", Text: "The model has no weights."})
	l.Receive(session.Status{Stage: "ready"})
	l.Receive(labtest.Trace())
	if l.View != before || l.Dialog != ModelDialog || l.Failure.Text == "" {
		t.Errorf("dialog %q, view %+v, was %+v", l.Dialog, l.View, before)
	}
}

// What is typed becomes the prompt when a response is generated; an empty prompt is refused in a sentence.
func TestEditedPrompt(t *testing.T) {
	l, engine := ofFolder(t)
	l.Set("typed", "What is 7 + 5?")
	l.Do("generate")
	c := command[session.Restore](t, engine)
	if p := c.Problem; p == nil || p.Text != "What is 7 + 5?" || p.Wording == nil || p.Wording.Task != "text" || p.Wording.Shots != 0 || c.Response == nil || c.Tokens != AllTokens {
		t.Fatalf("the command is %+v", c)
	}
	l.Receive(freeTrace(9, "text", "<user>What is 7 + 5?<end>", true))
	l.Receive(session.Status{Stage: "ready"})
	if l.Controls.Typed != "<user>What is 7 + 5?<end>" || l.Edited() {
		t.Errorf("the box has %q", l.Controls.Typed)
	}
	l.Set("typed", "What is 7 + 5?") // again, without markers
	l.Do("generate")
	if c := command[session.Generate](t, engine); !c.Restart {
		t.Errorf("%+v", c)
	}
	l.Receive(session.Status{Stage: "ready"})
	l.Set("typed", " \n")
	l.Do("generate")
	if sentence(t, l.Failure.Text); !strings.Contains(l.Failure.Text, "prompt is empty") {
		t.Errorf("an empty prompt: %q", l.Failure.Text)
	}
}

// The menus of free text send their commands.
func TestStepRuleAndLabels(t *testing.T) {
	l, engine := ofFolder(t)
	l.Set("step-rule", "paragraph")
	if c := command[session.CutSteps](t, engine); c.Rule != "paragraph" {
		t.Errorf("%+v", c)
	}
	l.Set("label-2", "essential")
	if c := command[session.LabelSteps](t, engine); c.Labels[0].Step != 2 || c.Labels[0].Label != "essential" {
		t.Errorf("%+v", c)
	}
	l.Set("label-0", "")
	if c := command[session.LabelSteps](t, engine); c.Labels[0].Step != 0 || c.Labels[0].Label != "" {
		t.Errorf("%+v", c)
	}
}

// A status from before, which the engine repeats for a figure that joins, does not look like the end of what the dialog asked for.
func TestRepeatedStatusWhileOpening(t *testing.T) {
	l, _ := idle(t)
	l.OpenFiles("open-model", chosen(map[string][]byte{"m/config.json": {1}, "m/tokenizer.json": {2}, "m/model.safetensors": {3}}))
	l.Receive(offered("m"))
	l.Receive(session.Status{Stage: "ready"})
	l.Do("offer-open")
	l.Receive(session.Status{Stage: "ready"}) // again
	if l.Opening.Asked != "OpenModel" {
		t.Error("the dialog thinks that the load was stopped")
	}
	l.Receive(session.Status{Stage: "loading", Busy: true})
	l.Receive(session.Capabilities{Model: session.ModelInfo{Name: "m", Task: "few-shot-chain"}, Bases: []string{"small"}})
	l.Receive(freeTrace(8, "few-shot-chain", "<user>k = 4 ; k = ?<end>", false))
	if l.Dialog != "" || l.View.Model != "m" {
		t.Errorf("dialog %q, model %q", l.Dialog, l.View.Model)
	}
}
