package lab

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"attnlab/app/lab/explain"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// The list of heads is by layer or ranked, of some layers, of the best, and of those that a search names.
func TestListedHeads(t *testing.T) {
	l := New(Link{}, "page=heads&seed=1", Example{})
	l.Trace = labtest.Long(session.NoSelection)
	count := func(want int) []int {
		t.Helper()
		listed := l.ListedHeads()
		if len(listed) != want {
			t.Errorf("%d heads are listed, want %d", len(listed), want)
		}
		return listed
	}
	if all := count(270); !slices.IsSorted(all) {
		t.Error("the grid is not by layer")
	}
	l.Set("heads-top", "10")
	grid := count(10)
	l.Set("heads-as", "list")
	ranked := count(10)
	values := explain.ByFCI.OfHeads(&l.Trace, &l.Heads, l.Selection)
	if !slices.IsSortedFunc(ranked, func(a, b int) int {
		if values[a] > values[b] {
			return -1
		}
		return 1
	}) {
		t.Errorf("ranked %v", ranked)
	}
	slices.Sort(ranked)
	if !slices.Equal(ranked, grid) {
		t.Errorf("the grid has the best %v, the list %v", grid, ranked)
	}
	l.Set("heads-top", "7")
	count(10) // no such choice
	l.Set("heads-top", "0")
	for text, want := range map[string]int{
		"16,2": 1, "(16, 2)": 1, "16.2": 1, "L16·H2": 1, "layer 20": 9, "L20": 9, "20": 9, "head 3": 30, "h3": 30, "(16,2) (20,8)": 2, "16,99": 0, "layer 30": 0, "": 270, "nonsense": 270,
		"99999999999999999999": 270, "-": 270,
	} {
		if l.Set("head-sought", text); len(l.ListedHeads()) != want {
			t.Errorf("%q lists %d heads, want %d", text, len(l.ListedHeads()), want)
		}
	}
	l.Set("head-sought", "16,2")
	if l.Do("head-found"); l.Selection.Layer != 16 || l.Selection.Head != 2 {
		t.Errorf("the found head is %d, %d", l.Selection.Layer, l.Selection.Head)
	}
	l.Set("head-sought", "")
	l.Set("layer-from", "12")
	count(18 * 9)
	l.Set("layer-to", "14")
	count(3 * 9)
	l.Set("layer-from", "20") // after the last: that one moves too
	if from, to := l.ListedLayers(); from != 20 || to != 21 {
		t.Errorf("layers %d to %d", from, to)
	}
	link := l.View.String()
	back, unread := ParseLink(link)
	if unread != "" || back.List != l.List || !back.List.Ranked || back.List.From != 20 {
		t.Errorf("the link %s reads as %+v, %s", link, back.List, unread)
	}
	l.Do("layers")
	count(270)
	for _, bad := range []string{"layers=3", "layers=5-2", "layers=-1-3", "layers=0-99999999999", "layers=a-b", "heads-top=3", "heads-as=wall"} {
		if v, unread := ParseLink("page=heads&seed=1&" + bad); unread == "" || v.List != (HeadList{}) {
			t.Errorf("%s reads as %+v, %q", bad, v.List, unread)
		}
	}
	l.List = HeadList{From: 50, To: 60} // of a link for a deeper model
	if from, to := l.ListedLayers(); from != 0 || to != 30 {
		t.Errorf("layers that the model does not have list %d to %d", from, to)
	}
}

// Choosing layers asks for FCI over them once, and again for a newer trace.
func TestLayersAreScored(t *testing.T) {
	hub := &session.Hub{}
	engine := hub.Join()
	l := New(Link{Port: hub.Join()}, "page=heads&seed=1", Example{})
	tr := labtest.Long(session.NoSelection)
	l.Receive(session.Capabilities{Model: session.ModelInfo{Name: "deep"}})
	labtest.Sent(t, engine, 1) // what the link asks for
	l.Receive(session.Status{Stage: "ready"})
	tr.Typed, tr.Seed = false, 1
	l.Receive(tr)
	l.Set("layer-from", "10")
	want := session.ScoreLayers{From: 10, To: 30}
	if got := labtest.Sent(t, engine, 1)[0]; got != any(want) {
		t.Fatalf("the engine gets %#v, want %#v", got, want)
	}
	l.Receive(session.Status{Stage: "ready"})
	l.Receive(session.LayerScores{Trace: tr.Number, From: 10, To: 30, Scores: []session.StepScore{{Name: "fci"}}})
	if !l.LayersScored() {
		t.Error("the answer is not of the listed layers")
	}
	tr.Number++
	l.Receive(tr)
	if got := labtest.Sent(t, engine, 1)[0]; got != any(want) || l.LayersScored() {
		t.Errorf("of a newer trace the engine gets %#v", got)
	}
}

// How much less likely the answer is belongs to one trace, and is saved as a table.
func TestAnswerLosses(t *testing.T) {
	l := New(Link{}, "page=trace&seed=1", Example{})
	l.Trace = labtest.Trace()
	screen := &labtest.Screen{}
	l.screen = screen
	one, two := 0.5, -0.25
	l.Receive(session.AnswerLosses{Trace: l.Trace.Number + 1, Values: []*float64{&one, nil, &two, nil}})
	if n, ok := l.AnswerLost(); ok || n != 0 {
		t.Error("losses of another trace are shown")
	}
	l.Receive(session.AnswerLosses{Trace: l.Trace.Number, Values: []*float64{&one, nil, &two, nil}})
	if n, ok := l.AnswerLost(); !ok || n != 2 {
		t.Errorf("%d steps are measured", n)
	}
	r := explain.RankAnswerLosses(&l.Trace, &l.Answers)
	if !slices.Equal(r.Steps, []int{0, 2}) || r.N != 1 { // the first step has no FCI
		t.Errorf("%+v", r)
	}
	l.saveAnswerLosses()
	for name, data := range screen.Saved {
		if want := "step,text,log_probability_lost,fci\n1,b &k 8,0.5,\n2,b &k 8,,"; !strings.HasPrefix(string(data), want) || !strings.HasSuffix(name, "-answer.csv") {
			t.Errorf("%s has %q", name, data)
		}
	}
	if len(screen.Saved) != 1 {
		t.Errorf("%d files", len(screen.Saved))
	}
}

// A long trace goes through a file, with the head and the step that were selected.
func TestALongTraceIsAFile(t *testing.T) {
	want := labtest.Long(session.Selection{Step: 40, Token: -1, Layer: 20, Head: 7, Node: -1})
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got session.Trace
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if err := got.Check(); err != nil {
		t.Error(err)
	}
	if !slices.Equal(got.Attention, want.Attention) || got.InHead(20, 7) == nil || got.HeadsAt("fci", 40) == nil || len(data) > 1<<20 {
		t.Errorf("the file of %d bytes has another trace", len(data))
	}
	got.HeadScores[0].Values = got.HeadScores[0].Values[1:]
	if got.Check() == nil {
		t.Error("a score of too few heads is accepted")
	}
	got = session.Trace{}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.FCIOf[3] = 270; got.Check() == nil {
		t.Error("a head that the model does not have is accepted")
	}
}
