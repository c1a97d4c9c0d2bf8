package lab

import (
	"encoding/json"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// labelledTrace is a complete trace of free text whose steps have these labels by hand, by number from 0.
func labelledTrace(number uint64, labels map[int]string) session.Trace {
	t := freeTrace(number, "few-shot-chain", "<user>k = 4 ; k = ?<end>", false)
	t.Complete = true
	for k, label := range labels {
		t.Steps[k].Label, t.Steps[k].ByHand = label, true
	}
	return t
}

// Labels by hand are stored for the response that they are of, come back in a later visit, and go when they are taken back.
func TestLabelsAreStored(t *testing.T) {
	l, engine := ofFolder(t)
	screen := &labtest.Screen{}
	l.screen = screen
	l.Receive(labelledTrace(9, nil))
	l.Set("label-1", "wrong")
	l.Receive(labelledTrace(10, map[int]string{1: "wrong"}))
	l.Receive(session.Status{Stage: "ready"})
	if _, ok := screen.Stored[labelsKey]; !ok {
		t.Fatal("nothing is stored")
	}
	data, err := json.Marshal(screen.Stored[labelsKey])
	if err != nil {
		t.Fatal(err)
	}

	later, engine := ofFolder(t)
	if err := json.Unmarshal(data, &later.labelled); err != nil {
		t.Fatal(err)
	}
	later.screen = screen
	other := labelledTrace(9, nil) // another response to the same prompt
	other.Tokens = append([]int{}, other.Tokens...)
	other.Tokens[other.PromptLength]++
	later.Receive(other)
	if later.Status.Busy {
		t.Error("another response got the labels")
	}
	later.Receive(labelledTrace(10, nil))
	if c := command[session.LabelSteps](t, engine); len(c.Labels) != 1 || c.Labels[0] != (session.StepLabel{Step: 1, Label: "wrong"}) {
		t.Errorf("%+v", c)
	}
	later.Receive(labelledTrace(11, map[int]string{1: "wrong"}))
	later.Receive(session.Status{Stage: "ready"})
	if later.Status.Busy {
		t.Error("labels that are there are given again")
	}
	later.Set("label-1", "")
	command[session.LabelSteps](t, engine)
	later.Receive(labelledTrace(12, nil))
	later.Receive(session.Status{Stage: "ready"})
	if later.Status.Busy || len(later.labelled) > 0 {
		t.Errorf("a label that was taken back came back; stored are %+v", later.labelled)
	}
}

// A link carries labels by hand, and gives them to the same response alone.
func TestLabelsInALink(t *testing.T) {
	l, _ := ofFolder(t)
	l.Receive(labelledTrace(9, map[int]string{0: "essential", 2: "wrong"}))
	l.Receive(session.Status{Stage: "ready"})
	link := l.View.String()
	for name, change := range programs {
		v, unread := ParseLink(change(link))
		if unread != "" || v.Labels != l.View.Labels || !strings.HasSuffix(v.Labels, ".1-essential.3-wrong") {
			t.Errorf("%s: %s reads back as %q, %s", name, link, v.Labels, unread)
		}
	}
	there, engine := ofFolder(t)
	there.Visit(link)
	there.Receive(labelledTrace(10, nil))
	there.Receive(session.Status{Stage: "ready"})
	if c := command[session.LabelSteps](t, engine); len(c.Labels) != 2 || c.Labels[0] != (session.StepLabel{Step: 0, Label: "essential"}) {
		t.Errorf("%+v", c)
	}
	other, _ := ofFolder(t)
	other.Visit(link)
	x := labelledTrace(10, nil)
	x.Tokens = append([]int{}, x.Tokens...)
	x.Tokens[x.PromptLength]++
	other.Receive(x)
	other.Receive(session.Status{Stage: "ready"})
	if sentence(t, other.Notice); other.Status.Busy {
		t.Error("another response got the labels of the link")
	}
	for _, bad := range []string{"x", "1f3a55c0", "1f3a55c0.", "1f3a55c0.0-wrong", "1f3a55c0.1-odd", "1f3a55c0.1wrong", "zzzzzzzz.1-wrong"} {
		if _, unread := ParseLink("seed=1&labels=" + bad); !strings.Contains(unread, "labels") {
			t.Errorf("%s is read", bad)
		}
	}
	many := labelledTrace(11, nil)
	many.Steps = nil
	for range 40 {
		many.Steps = append(many.Steps, session.StepView{Label: "essential", ByHand: true})
	}
	other.Trace = many
	if got := other.labelsForLink(); got != "" {
		t.Errorf("40 labels make a link of %d bytes", len(got))
	}
}

// The store holds the labels of so many prompts and no more.
func TestStoredLabelsAreBounded(t *testing.T) {
	l, _ := ofFolder(t)
	for n := range mostLabelled + 5 {
		x := labelledTrace(uint64(9+n), nil)
		x.Tokens = append([]int{}, x.Tokens...)
		x.Tokens[0] = n
		l.Receive(x)
		l.storeLabel(0, "wrong")
	}
	if len(l.labelled) != mostLabelled || l.storedLabels() == nil {
		t.Errorf("%d prompts are stored, the last is there: %v", len(l.labelled), l.storedLabels() != nil)
	}
}
