package panels

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// made is a trace with two layers of two heads whose numbers follow from a formula: 3 prompt tokens, 4 steps of 2 tokens,
// 3 tokens of answer.
func made() session.Trace {
	const L, H, K, delta, ranges = 2, 2, 4, 2, 6
	t := session.Trace{Number: 7, Task: "chain", Seed: 3, Gold: "4", PromptLength: 3, Think: [2]int{3, 11}, Answer: [2]int{11, 14},
		Complete: true, WellFormed: true, Correct: true, Layers: L, Heads: H, Delta: delta, Sampling: Start().Sampling}
	for i := range 14 {
		t.Tokens = append(t.Tokens, i%7)
		t.Text = append(t.Text, []string{"<bos>", "k", "8", ";", "\n", "b", "&k"}[i%7])
		t.LogProbs = append(t.LogProbs, -float32(i)/10)
		t.Entropy = append(t.Entropy, float32(i)/20)
		t.Received = append(t.Received, float32(14-i))
		t.Top = append(t.Top, []session.Choice{{Token: i % 7, Text: t.Text[i], Prob: 0.75}, {Token: 9, Text: "z", Prob: 0.25}})
	}
	labels := []string{"essential", "wrong", "correcting", "redundant"}
	for k := range K {
		t.Steps = append(t.Steps, session.StepView{Start: 3 + 2*k, End: 5 + 2*k, Label: labels[k], Text: "b &k 8"})
	}
	for h := range L * H {
		for j := range ranges {
			for k := range ranges {
				v := float32(0)
				if k <= j {
					v = float32(h+1) * float32(10*j+k) / 1000
				}
				t.All = append(t.All, v)
			}
		}
	}
	t.Attention, t.Of = t.All.Largest(ranges)
	t.FCI = make([]float64, K)
	for h := range L * H {
		for k := range K {
			sum := 0.0
			for j := k + 1 + delta; j < ranges && k > 0; j++ {
				sum += float64(t.All[(h*ranges+j)*ranges+k+1])
			}
			t.FCIHeads = append(t.FCIHeads, sum)
			t.Focus = append(t.Focus, 3*float64(t.All[(h*ranges+ranges-1)*ranges+k+1]))
			t.FCI[k] = max(t.FCI[k], sum)
		}
	}
	return t
}

// bench is a page with an engine's end of its session.
func bench(t *testing.T, v View) (l *Lab, engine *session.Port) {
	t.Helper()
	var hub session.Hub
	engine = hub.Join()
	l = New(Link{Session: "s", Port: hub.Join(), Version: "v"}, v, made())
	t.Cleanup(engine.Close)
	t.Cleanup(l.link.Port.Close)
	return l, engine
}

// ready is a bench whose engine has opened and been told the view.
func ready(t *testing.T, v View) (*Lab, *session.Port) {
	l, engine := bench(t, v)
	l.hear(session.Capabilities{Adapter: "test adapter", Backend: "host", Why: "It was asked for.", Model: session.ModelInfo{Name: "small"}, Bases: []string{"small"}})
	return l, engine
}

// said waits for the next n commands.
func said(t *testing.T, engine *session.Port, n int) (all []any) {
	t.Helper()
	for range n {
		select {
		case m := <-engine.In:
			all = append(all, m)
		case <-time.After(5 * time.Second):
			t.Fatalf("only %d of %d messages came: %#v", len(all), n, all)
		}
	}
	return all
}

func TestViewAsLink(t *testing.T) {
	typed := Start()
	typed.Example, typed.Text, typed.Tokens = false, "k 8 ; o 4 ; b &k * &o ; ? b", 17
	all := Start()
	all.Page, all.Example, all.Seed, all.Difficulty = pageHeads, false, math.MaxUint64, "5"
	all.Sampling = session.Sampling{Temperature: 0.15, TopP: 0.9, Seed: 12}
	all.Selection = session.Selection{Step: 2, Token: 30, Layer: 1, Head: 3, Node: -1}
	all.Quantity, all.Grid = byEntropy, bySRA
	for _, v := range []View{Start(), typed, all} {
		if got := ParseView("#" + v.String()); got != v {
			t.Errorf("%s\n reads back as %+v\n want          %+v", v, got, v)
		}
	}
	if got := ParseView("page=nowhere&temperature=NaN&top-p=-3&step=x&head=1&colour=red&%zz"); got != Start() {
		t.Errorf("nonsense reads as %+v, want the start", got)
	}
	if got := ParseView("seed=5&temperature=99").Sampling.Temperature; got != maxTemperature {
		t.Errorf("temperature 99 reads as %v", got)
	}
}

func TestFCIOpensToItsNumbers(t *testing.T) {
	trace := made()
	s := newState(Start(), trace)
	for k := 1; k < len(trace.Steps); k++ {
		e, ok := explain(s, "fci:"+strconv.Itoa(k))
		if !ok || e.Value != format(trace.FCI[k]) {
			t.Fatalf("step %d: %+v", k, e)
		}
		if len(e.Terms) > 0 && e.Terms[0].Value != e.Value {
			t.Errorf("step %d: the largest head has %s, the maximum is %s", k, e.Terms[0].Value, e.Value)
		}
		for h := range 4 {
			s.Selection.Layer, s.Selection.Head = h/2, h%2
			e, _ := explain(s, "fci:"+strconv.Itoa(k))
			want := trace.FCIHeads[h*4+k]
			if e.Value != format(want) {
				t.Errorf("step %d in head %d: value %s, want %s", k, h, e.Value, format(want))
			}
			if n := len(trace.Steps) - k - trace.Delta + 1; n > 0 && (len(e.Terms) != n || e.Total != "sum "+format(want)) {
				t.Errorf("step %d in head %d: %d terms with %q, want %d with sum %s", k, h, len(e.Terms), e.Total, n, format(want))
			}
		}
		s.Selection = session.NoSelection
	}
}

func TestNumbersThatAreNotThereAreNotExplained(t *testing.T) {
	s := newState(Start(), made())
	for _, what := range []string{"", "fci:", "fci:99", "fci:-1", "logprob:14", "head-sra:9.9", "head-sra:x", "group:0", "term:nonsense", "nonsense:1"} {
		if e, ok := explain(s, what); ok {
			t.Errorf("%q is explained: %+v", what, e)
		}
	}
	empty := newState(Start(), session.Trace{})
	if _, ok := explain(empty, "head-fci:0.0"); ok {
		t.Error("a head of no trace is explained")
	}
}

func TestShades(t *testing.T) {
	for _, c := range []struct {
		v, lo, hi float64
		want      string
	}{{0, 0, 1, "score-0"}, {1, 0, 1, "score-10"}, {2, 0, 1, "score-10"}, {-1, 0, 1, "score-0"}, {0.5, 0, 0, "score-0"}, {math.NaN(), 0, 1, ""}} {
		if got := shade(c.v, c.lo, c.hi); got != c.want {
			t.Errorf("shade(%v, %v, %v) = %q, want %q", c.v, c.lo, c.hi, got, c.want)
		}
	}
	if format(-0.0001) != "0.000" || format(-1.5) != "−1.500" || format(math.NaN()) != "–" {
		t.Errorf("numbers read %s %s %s", format(-0.0001), format(-1.5), format(math.NaN()))
	}
}

// pages are all screens worth drawing.
func pages(t *testing.T) map[string]string {
	html := map[string]string{}
	draw := func(name string, l *Lab) { html[name] = app.HTMLString(l) }
	draw("before anything", New(Link{}, Start(), session.Trace{}))
	draw("first screen", New(Link{}, Start(), made()))
	l, _ := ready(t, Start())
	l.hear(made())
	draw("trace", l)
	l.do("step:2")
	l.do("explain:fci:2")
	draw("step", l)
	l.do("token:5")
	draw("token", l)
	l.do("page:heads")
	l.do("grid:sra")
	v := 0.9
	l.hear(session.HeadsView{Number: 1, Problems: 8, Of: 8, Layers: 2, Heads: 2, SRA: []*float64{&v, nil, &v, &v}, Kurtosis: make([]*float64, 4), MeanFCI: make([]*float64, 4), Pairs: 9, KeyFocus: [][2]int{{0, 0}}})
	l.hear(session.Disruption{Number: 1, Step: -1, Groups: []session.DisruptionGroup{{Pick: "fci", N: 40, Control: 0.75, ControlSE: 0.03, Disrupted: 0.25, DisruptedSE: 0.04, Example: "so b 1", ExampleIntact: "so b 0"}}})
	draw("heads", l)
	l.do("page:tree")
	l.hear(grown())
	l.do("node:1")
	l.do("fold:tree-list")
	draw("tree", l)
	l.do("page:compare")
	l.hear(some())
	l.do("ask-drop:g1")
	draw("compare", l)
	l.do("page:heads")
	for _, d := range []string{"keys", "capabilities"} {
		l.do(d)
		draw(d, l)
	}
	for i := range tour {
		l.goTour(i + 1)
		draw("tour "+strconv.Itoa(i+1), l)
	}
	trainPages(t, draw)
	return html
}

func TestPages(t *testing.T) {
	html := pages(t)
	do := regexp.MustCompile(`data-do="([^":]*)`)
	for name, text := range html {
		// The content security policy forbids style attributes, and so does the theme.
		if strings.Contains(text, " style=") || strings.Contains(text, "javascript:") {
			t.Errorf("%s: a style attribute or a script in an address", name)
		}
		for _, m := range do.FindAllStringSubmatch(text, -1) {
			if _, ok := findAction(m[1]); !ok {
				t.Errorf("%s: something does %q, which is no action", name, m[1])
			}
		}
	}
	for name, wants := range map[string][]string{
		"before anything": {"The engine is being loaded", `class="row ghost"`},
		"first screen":    {"A worked example", "4 steps, 8 tokens of thought, right answer 4", "✓ correct", "label-essential", "label-wrong", "score-10"},
		"step":            {"FCI of step 3", `class="row selected"`, "arXiv 2509.26628"},
		"token":           {"Token 5", "0.750", "0.250", "likeliest tokens"},
		"heads":           {"over 8 problems", "Key-focus heads: ", "L0·H0 0.900", "FCI, top 20 %", "0.500", "± 0.050"},
		"capabilities":    {"test adapter", "It was asked for."},
		"keys":            {"Generate the response, or the rest of it", "<kbd>", "Undo the last action"},
	} {
		for _, want := range wants {
			if !strings.Contains(html[name], want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
	}
	for i, stop := range tour {
		if !strings.Contains(html["tour "+strconv.Itoa(i+1)], `id="`+stop.ring+`"`) {
			t.Errorf("stop %d of the tour rings %q, which its page does not have", i+1, stop.ring)
		}
	}
}

func TestActions(t *testing.T) {
	keys := map[string]string{}
	for _, a := range actions {
		for _, k := range strings.Fields(a.keys) {
			if other, twice := keys[k]; twice {
				t.Errorf("key %s is for %s and for %s", k, other, a.name)
			}
			keys[k] = a.name
			page, own, found := strings.Cut(k, ":")
			if !found {
				page, own = "", k
			}
			if got := actionOfKey(page, own); got != a.name {
				t.Errorf("key %s does %q", k, got)
			}
		}
		if a.keys != "" && a.does == "" {
			t.Errorf("%s has a key and no words", a.name)
		}
	}
}

func TestFirstCapabilitiesTellTheEngineTheView(t *testing.T) {
	_, engine := ready(t, Start())
	e := made()
	want := []any{session.ShowTrace{Prompt: e.Tokens[:3], Response: e.Tokens[3:]}, session.Select{Selection: session.NoSelection}}
	if got := said(t, engine, 2); !reflect.DeepEqual(got, want) {
		t.Errorf("the example: %#v", got)
	}
	v := Start()
	v.Example, v.Seed, v.Difficulty, v.Tokens, v.Selection.Step = false, 9, "4", 2, 1
	_, engine = ready(t, v)
	want = []any{session.NewProblem{Difficulty: "4", Seed: 9}, session.Generate{Unit: "token", Restart: true, Sampling: v.Sampling},
		session.Generate{Unit: "token", Sampling: v.Sampling}, session.Select{Selection: v.Selection}}
	if got := said(t, engine, 4); !reflect.DeepEqual(got, want) {
		t.Errorf("a link: %#v", got)
	}
}

func TestGenerateUndo(t *testing.T) {
	l, engine := ready(t, Start())
	l.hear(made())
	said(t, engine, 2)
	if l.do("problem"); !l.Example {
		t.Fatal("a problem was drawn while the engine was at work")
	}
	l.hear(session.Status{Stage: "ready"})
	l.do("problem")
	if got := said(t, engine, 2)[0]; got != any(session.NewProblem{Seed: 2}) {
		t.Fatalf("the next problem is %#v", got)
	}
	if l.Example || l.View.Seed != 2 {
		t.Errorf("the view is %+v", l.View)
	}
	late := made() // the example, scored before the engine heard of the new problem
	late.Seed = 77
	l.hear(late)
	l.do("forward")
	if l.Tokens != 0 || l.Selection != session.NoSelection {
		t.Errorf("a late snapshot of another problem led to %+v", l.View)
	}
	l.do("undo")
	if _, ok := said(t, engine, 2)[0].(session.ShowTrace); !ok || !l.Example || len(l.undo) != 0 {
		t.Errorf("undo leads to %+v", l.View)
	}
}

func TestStepping(t *testing.T) {
	l, engine := ready(t, Start())
	said(t, engine, 2)
	l.hear(session.Status{Stage: "ready"})
	trace := made()
	trace.Complete, trace.Tokens, trace.Text, trace.Answer = false, trace.Tokens[:11], trace.Text[:11], [2]int{}
	l.hear(trace)
	for _, want := range []int{4, 6, 8, 10} {
		l.do("forward")
		if got := said(t, engine, 1)[0].(session.Select).Selection; got.Token != want || got.Step != (want-4)/2 {
			t.Errorf("a step on selects %+v, want token %d", got, want)
		}
	}
	l.do("forward") // past the end
	if got := said(t, engine, 1)[0]; got != any(session.Generate{Unit: "step", Sampling: l.sampling}) {
		t.Errorf("past the end: %#v", got)
	}
	grown := made()
	grown.Number++
	l.hear(grown)
	if l.Selection.Token != 13 || l.Selection.Step != -1 {
		t.Errorf("after the trace grew %+v is selected, want its new end", l.Selection)
	}
	l.do("unit:token")
	l.do("back")
	if l.Selection.Token != 12 {
		t.Errorf("a token back leads to %d", l.Selection.Token)
	}
	l.hear(session.Select{Selection: session.Selection{Step: 1, Token: -1, Layer: 1, Head: 0}}) // a figure
	if l.Selection.Step != 1 || l.Selection.Head != 0 {
		t.Errorf("the selection of a figure: %+v", l.Selection)
	}
	l.hear(trace) // an older snapshot that comes late
	if len(l.trace.Tokens) != 14 {
		t.Error("an older snapshot replaced a newer one")
	}
}

func TestFiguresSeeTheExampleBeforeTheEngine(t *testing.T) {
	l, figure := bench(t, Start())
	l.hear(session.Hello{})
	got := said(t, figure, 2)
	if trace, ok := got[0].(session.Trace); !ok || !slices.Equal(trace.Tokens, made().Tokens) {
		t.Errorf("a figure gets %#v", got[0])
	}
}

func TestTypedProblemIsChecked(t *testing.T) {
	l, engine := ready(t, Start())
	said(t, engine, 2)
	l.set("typed", "k 8 ; ? z")
	if got := said(t, engine, 1)[0]; got != any(session.Check{Text: "k 8 ; ? z"}) {
		t.Fatalf("typing sends %#v", got)
	}
	l.hear(session.Checked{Text: "k 8 ; ? z", Error: "z is not defined."})
	if text := app.HTMLString(l); !strings.Contains(text, "z is not defined.") {
		t.Error("the page does not say what is wrong")
	}
	before := l.View
	if l.do("typed"); l.View != before {
		t.Error("a problem that cannot be read was used")
	}
}

// A page whose engine sends heads one by one shows the table and the sum of a
// selected head once it has come, and no number of another head before.
func TestAHeadComesOnDemand(t *testing.T) {
	l, _ := ready(t, Start())
	tr := made()
	head := session.HeadAttention{Number: 100, Trace: 99, Layer: 1, Head: 0, Attention: tr.InHead(1, 0)}
	tr.Number, tr.All = 99, nil
	l.hear(tr)
	l.folded["table"] = false
	if text := app.HTMLString(l.matrixTable()); !strings.Contains(text, "maximum over heads") || !strings.Contains(text, format(float64(tr.Attention[4*6+2]))) {
		t.Errorf("the table of no head is %s", text)
	}
	l.do("step:1")
	l.do("head:1.0")
	waiting := explainHeadFCI(l.state, 1, 0, 1)
	if text := app.HTMLString(l.matrixTable()); len(waiting.Terms) != 0 || waiting.Value != format(tr.FCIHeads[2*4+1]) || !strings.Contains(text, "–") || strings.Contains(text, format(float64(tr.Attention[4*6+2]))) {
		t.Errorf("before the head has come: %+v, %s", waiting, text)
	}
	old := head
	old.Trace = 98
	l.hear(old)
	if got := explainHeadFCI(l.state, 1, 0, 1); len(got.Terms) != 0 {
		t.Errorf("the head of another trace explains %+v", got)
	}
	l.hear(head)
	got := explainHeadFCI(l.state, 1, 0, 1)
	text := app.HTMLString(l.matrixTable())
	if len(got.Terms) != 2 || got.Total != "sum "+got.Value || strings.Contains(text, "–") || !strings.Contains(text, format(float64(head.Attention[4*6+2]))) {
		t.Errorf("with the head: %+v, %s", got, text)
	}
}
