package lab

import (
	"math"
	"strconv"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/lab/glossary"
	"attnlab/app/session"
)

// View is all of the lab that a link can carry: what is shown, of which problem, sampled how, and what is selected. It
// is written after the # of the address, so no server ever sees it. Undo goes back to an earlier View.
type View struct {
	Page string // one of pageNames

	Model string // a shipped base or the model of a run, by name; empty is the base that the lab opens with

	// The problem: Text where it was typed, else what Seed draws. With Example it is the shipped trace instead, and with Recorded the
	// recorded trace of that name.
	Example    bool
	Recorded   string
	Difficulty string // "2-5"; empty is the task's own
	Seed       uint64
	Text       string

	Wording session.Wording // of free text, as it was chosen; empty fields are defaults, and a typed prompt gets its task from [View.put]

	Sampling   session.Sampling
	Tokens     int    // response tokens so far; AllTokens for a finished response
	Edits      string // of the response by hand, see [session.EditsText]
	Labels     string // that were given by hand, see [State.labelsForLink]
	Cut        int    // continuations of each kind of a cut of every step; 0 without one
	Again      int    // continuations from each place where every step is sampled again; 0 without
	Many       int    // responses to the problem at once; 0 without
	LookedInto bool   // the model is open at the selected token, and there the selected head
	Ablated    Ablated
	PatchInto  string // the response into which states are put, see [session.PatchStates]; empty for none

	Selection session.Selection
	Quantity  explain.Quantity // the colour of tokens
	Grid      explain.Quantity // the colour of heads
	List      HeadList         // of the Heads page
	Arcs      Arcs

	Lesson LessonPlace // beside the page
	Term   string      // that the glossary is open at

	Growth   Growth // of the branch tree
	Plan     Plan   // of the current run, or of the next
	Curves   Curves // of training
	Compared string // runs, ids with commas between; empty is all
	Contrast Contrast
	Bench    Bench // of the Benchmark page
}

// AllTokens in View.Tokens means a finished response.
const AllTokens = -1

// cutAll in a link cuts every step, with startSamples continuations of each kind unless it says otherwise.
const (
	cutAll       = "all"
	startSamples = 32
)

// maxTokens bounds the tokens of a link; no model of the lab has a longer context.
const maxTokens = 1 << 20

// Start is the view without a link: the worked example.
func Start() View {
	return View{
		Page: PageTrace, Example: true, Seed: 1, Sampling: session.Sampling{Temperature: 0.6, TopP: 1, Seed: 1}, Tokens: AllTokens,
		Selection: session.NoSelection, Quantity: explain.ByFCI, Grid: explain.ByFCI, Arcs: startArcs(),
		Growth: startGrowth(), Plan: startPlan(), Curves: startCurves(), Bench: startBench(),
	}
}

// Arcs are the arcs that are drawn beside a trace.
type Arcs struct {
	Weakest int // the weakest, in [WeakestSteps] of the scale
	Readers int // to each step, the strongest; 0 for all
}

// mostReaders is how many readers of a step are drawn where not all are.
const mostReaders = 3

func startArcs() Arcs { return Arcs{Weakest: 5, Readers: mostReaders} }

const (
	PageTrace    = "trace"
	PageHeads    = "heads"
	PageTree     = "tree"
	PageTrain    = "train"
	PageCompare  = "compare"
	PageLearn    = "learn"
	PageGlossary = "glossary"
	PageBench    = "bench"
)

var pageNames = []string{PageTrace, PageHeads, PageTree, PageTrain, PageCompare, PageLearn, PageGlossary, PageBench}

// ofSite reports whether the trace is a file of the site.
func (v View) ofSite() bool { return v.Example || v.Recorded != "" }

// sameProblem reports whether two views are of one problem.
func (v View) sameProblem(w View) bool {
	if v.ofSite() || w.ofSite() {
		return v.Example == w.Example && v.Recorded == w.Recorded
	}
	return v.Model == w.Model && v.Text == w.Text && (v.Text != "" || v.Seed == w.Seed && v.Difficulty == w.Difficulty) && v.sameWording(w)
}

// sameText reports whether two views are of one response with the same edits.
func (v View) sameText(w View) bool { return v.sameResponse(w) && v.Edits == w.Edits }

// sameResponse reports whether two views are of one problem and one response to it, before its edits.
func (v View) sameResponse(w View) bool {
	return v.sameProblem(w) && (v.ofSite() || v.Tokens == w.Tokens && (v.Tokens == 0 || v.Sampling == w.Sampling))
}

// String is the view as the part of an address after the #. What is as in [Start] is left out.
func (v View) String() string {
	var b strings.Builder
	add := func(key, value string) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(key + "=" + escape(value))
	}
	number := func(x float32) string { return strconv.FormatFloat(float64(x), 'g', -1, 32) }
	start := Start()
	add("page", v.Page)
	if v.Model != "" {
		add("base", v.Model)
	}
	switch {
	case v.Recorded != "":
		add("recorded", v.Recorded)
	case !v.Example:
		if v.Text != "" {
			add("problem", v.Text)
		} else {
			add("seed", strconv.FormatUint(v.Seed, 10))
		}
		if v.Difficulty != "" {
			add("difficulty", v.Difficulty)
		}
		if v.Tokens != AllTokens {
			add("tokens", strconv.Itoa(v.Tokens))
		}
		v.writeWording(add)
		if v.Labels != "" {
			add("labels", v.Labels)
		}
	}
	if v.Sampling.Temperature != start.Sampling.Temperature {
		add("temperature", number(v.Sampling.Temperature))
	}
	if v.Sampling.TopP != start.Sampling.TopP {
		add("top-p", number(v.Sampling.TopP))
	}
	if v.Sampling.Seed != start.Sampling.Seed {
		add("draw", strconv.FormatUint(uint64(v.Sampling.Seed), 10))
	}
	if v.Edits != "" {
		add("edits", v.Edits)
	}
	if s := v.Selection; s.Token >= 0 {
		add("token", strconv.Itoa(s.Token))
	}
	if s := v.Selection; s.Step >= 0 {
		add("step", strconv.Itoa(s.Step+1))
	}
	if s := v.Selection; s.Head >= 0 {
		add("head", strconv.Itoa(s.Layer)+"."+strconv.Itoa(s.Head))
	}
	if s := v.Selection; s.Node >= 0 {
		add("node", strconv.Itoa(s.Node))
	}
	if v.Cut > 0 {
		add("cut", cutAll)
		if v.Cut != startSamples {
			add("samples", strconv.Itoa(v.Cut))
		}
	}
	if v.Again > 0 {
		add("importance", strconv.Itoa(v.Again))
	}
	if v.Many > 0 {
		add("many", strconv.Itoa(v.Many))
	}
	if v.LookedInto {
		add("inside", "token")
	}
	v.Ablated.write(add)
	if v.PatchInto != "" {
		add("patch", v.PatchInto)
	}
	if v.Quantity != start.Quantity {
		add("colour", string(v.Quantity))
	}
	if v.Grid != start.Grid {
		add("heads-by", string(v.Grid))
	}
	if v.Arcs.Weakest != start.Arcs.Weakest {
		add("arcs-from", strconv.Itoa(v.Arcs.Weakest*100/WeakestSteps))
	}
	if v.Arcs.Readers != start.Arcs.Readers {
		add("readers", "all")
	}
	if v.Page == PageHeads {
		v.List.write(add)
	}
	if v.Page == PageTree {
		v.Growth.write(add)
	}
	if v.Page == PageTrain {
		v.Plan.write(add)
	}
	if v.Page == PageTrain || v.Page == PageCompare {
		v.Curves.write(add)
	}
	if v.Page == PageCompare {
		if v.Compared != "" {
			add("runs", v.Compared)
		}
		v.Contrast.write(add)
	}
	if v.Page == PageBench {
		v.Bench.write(add)
	}
	if v.Lesson.Lesson > 0 {
		add("lesson", v.Lesson.String())
	}
	if v.Lesson.Guess > 0 {
		add("guess", strconv.Itoa(v.Lesson.Guess))
	}
	if v.Page == PageGlossary && v.Term != "" {
		add("term", v.Term)
	}
	return b.String()
}

// ParseLink reads what [View.String] writes, also after a chat or mail program has decoded it, encoded it again or put
// HTML into it. A key that is missing is as in [Start]. unread names what could not be read, in one sentence; it is empty
// if everything could.
func ParseLink(hash string) (v View, unread string) {
	v = Start()
	q := readLink(hash)
	q.choose("page", &v.Page, pageNames)
	if q.has("seed") || q.has("problem") {
		v.Example, v.Text, v.Difficulty = false, q.text("problem"), q.difficulty("difficulty")
		q.seed("seed", &v.Seed)
		q.whole("tokens", &v.Tokens, AllTokens, maxTokens)
		v.Wording = readWording(q)
		if v.Labels = q.text("labels"); v.Labels != "" && parseLabels(v.Labels) == nil {
			v.Labels = ""
			q.refuse("labels")
		}
	}
	if v.Edits = q.text("edits"); v.Edits != "" {
		if edits, err := session.ParseEdits(v.Edits); err != nil || session.EditsText(edits) != v.Edits {
			v.Edits = ""
			q.refuse("edits")
		}
	}
	q.decimal("temperature", &v.Sampling.Temperature, MaxTemperature)
	q.decimal("top-p", &v.Sampling.TopP, 1)
	if q.choose("recorded", &v.Recorded, session.Recordings); v.Recorded != "" {
		v.Example, v.Text, v.Difficulty, v.Tokens, v.Wording, v.Labels, v.Edits = false, "", "", AllTokens, session.Wording{}, "", ""
	}
	draw := uint64(v.Sampling.Seed)
	if q.seed("draw", &draw); draw <= math.MaxUint32 {
		v.Sampling.Seed = uint32(draw)
	} else {
		q.refuse("draw")
	}
	q.whole("token", &v.Selection.Token, -1, maxTokens)
	step := v.Selection.Step + 1
	q.whole("step", &step, 0, maxTokens)
	v.Selection.Step = step - 1
	if q.has("head") {
		if layer, head, ok := explain.ParseHead(q.text("head")); ok {
			v.Selection.Layer, v.Selection.Head = layer, head
		} else {
			q.refuse("head")
		}
	}
	if q.has("cut") {
		all, samples := "", startSamples
		if q.choose("cut", &all, []string{cutAll}); all == cutAll {
			q.whole("samples", &samples, 1, session.MaxSamples)
			v.Cut = samples
		}
	}
	q.whole("importance", &v.Again, 1, session.MaxSamples)
	q.whole("many", &v.Many, 1, session.MaxResponses)
	inside := ""
	q.choose("inside", &inside, []string{"token"})
	v.LookedInto = inside != ""
	v.Ablated = readAblated(q)
	q.choose("patch", &v.PatchInto, []string{session.PatchEdit, session.PatchAnother})
	q.whole("node", &v.Selection.Node, -1, math.MaxInt32)
	v.Growth, v.Plan, v.Curves, v.Compared, v.Bench = readGrowth(q), readPlan(q), readCurves(q), q.text("runs"), readBench(q)
	v.Contrast = readContrast(q)
	chooseQuantity(q, "colour", &v.Quantity, explain.TokenQuantities())
	chooseQuantity(q, "heads-by", &v.Grid, explain.HeadQuantities())
	readArcs(q, &v.Arcs)
	v.List = readHeadList(q)
	if q.has("lesson") {
		at, ok := parseLesson(q.text("lesson"), q.text("guess"))
		if v.Lesson = at; !ok {
			q.refuse("lesson")
		}
	}
	if v.Model = q.text("base"); v.Model != "" && v.Example { // the example is of another model; a recorded trace needs none
		v.Example, v.Tokens, v.Edits = false, 0, ""
	}
	if q.has("term") && v.Page == PageGlossary {
		if w, ok := glossary.Find(q.text("term")); ok {
			v.Term = w.Word
		} else {
			q.refuse("term")
		}
	}
	return v, q.sentence()
}

// readArcs reads the threshold, as a share of the scale in per cent, and whether all readers are drawn.
func readArcs(q *linkReader, a *Arcs) {
	if q.has("arcs-from") {
		share, err := strconv.Atoi(q.text("arcs-from"))
		if err != nil || share < 0 || share > 100 {
			q.refuse("arcs-from")
		} else {
			a.Weakest = (share*WeakestSteps + 50) / 100
		}
	}
	all := ""
	if q.choose("readers", &all, []string{"all"}); all == "all" {
		a.Readers = 0
	}
}

func chooseQuantity(q *linkReader, key string, to *explain.Quantity, list []explain.Quantity) {
	if !q.has(key) {
		return
	}
	if x := explain.Quantity(q.text(key)); x.Of(list) {
		*to = x
	} else {
		q.refuse(key)
	}
}

func parse[T any](text string, otherwise T, read func(string) (T, error)) T {
	if v, err := read(text); err == nil {
		return v
	}
	return otherwise
}

// clamp limits x to a range. NaN becomes lo.
func clamp(x, lo, hi float32) float32 {
	if !(x >= lo) {
		return lo
	}
	return min(x, hi)
}
