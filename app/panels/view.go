package panels

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// View is all of the lab that a link can carry: what is shown, of which problem, sampled how, and what is selected. It
// is written after the # of the address, so no server ever sees it. Undo goes back to an earlier View.
type View struct {
	Page string // one of pageNames

	// The problem: Text where it was typed, else what Seed draws. With Example it is the shipped trace instead.
	Example    bool
	Difficulty string // "2-5"; empty is the task's own
	Seed       uint64
	Text       string

	Sampling session.Sampling
	Tokens   int // response tokens so far; AllTokens for a finished response

	Selection session.Selection
	Quantity  Quantity // the colour of tokens
	Grid      Quantity // the colour of heads

	Lesson lessonAt // beside the page
	Term   string   // that the glossary is open at

	Growth Growth // of the branch tree
	Plan   Plan   // of the run to begin, or at work
	Curves Curves // of training
	Runs   string // that are compared, ids with commas between; empty is all
}

// AllTokens in View.Tokens means a finished response.
const AllTokens = -1

// Start is the view without a link: the worked example.
func Start() View {
	return View{
		Page: pageTrace, Example: true, Seed: 1, Sampling: session.Sampling{Temperature: 0.6, TopP: 1, Seed: 1}, Tokens: AllTokens,
		Selection: session.NoSelection, Quantity: byFCI, Grid: byFCI,
		Growth: startGrowth(), Plan: startPlan(), Curves: startCurves(),
	}
}

const (
	pageTrace    = "trace"
	pageHeads    = "heads"
	pageTree     = "tree"
	pageTrain    = "train"
	pageCompare  = "compare"
	pageLearn    = "learn"
	pageGlossary = "glossary"
)

var pageNames = []string{pageTrace, pageHeads, pageTree, pageTrain, pageCompare, pageLearn, pageGlossary}

// sameProblem tells whether two views are of one problem.
func (v View) sameProblem(w View) bool {
	if v.Example || w.Example {
		return v.Example == w.Example
	}
	return v.Text == w.Text && (v.Text != "" || v.Seed == w.Seed && v.Difficulty == w.Difficulty)
}

// sameResponse tells whether two views are of one problem and one response to it.
func (v View) sameResponse(w View) bool {
	return v.sameProblem(w) && (v.Example || v.Tokens == w.Tokens && (v.Tokens == 0 || v.Sampling == w.Sampling))
}

// String is the view as the part of an address after the #. What is as in [Start] is left out.
func (v View) String() string {
	var b strings.Builder
	add := func(key, value string) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(key + "=" + url.QueryEscape(value))
	}
	number := func(x float32) string { return strconv.FormatFloat(float64(x), 'g', -1, 32) }
	start := Start()
	add("page", v.Page)
	if !v.Example {
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
	if v.Quantity != start.Quantity {
		add("colour", string(v.Quantity))
	}
	if v.Grid != start.Grid {
		add("heads-by", string(v.Grid))
	}
	if v.Page == pageTree {
		v.Growth.write(add)
	}
	if v.Page == pageTrain {
		v.Plan.write(add)
	}
	if v.Page == pageTrain || v.Page == pageCompare {
		v.Curves.write(add)
	}
	if v.Page == pageCompare && v.Runs != "" {
		add("runs", v.Runs)
	}
	if v.Lesson.Lesson > 0 {
		add("lesson", v.Lesson.String())
	}
	if v.Lesson.Guess > 0 {
		add("guess", strconv.Itoa(v.Lesson.Guess))
	}
	if v.Page == pageGlossary && v.Term != "" {
		add("term", v.Term)
	}
	return b.String()
}

// ParseView reads what [View.String] writes. Keys and values it does not know are as in [Start]: an old link still opens.
func ParseView(hash string) View {
	v := Start()
	q, err := url.ParseQuery(strings.TrimPrefix(hash, "#"))
	if err != nil {
		return v
	}
	if page := q.Get("page"); slices.Contains(pageNames, page) {
		v.Page = page
	}
	if q.Has("seed") || q.Has("problem") {
		v.Example, v.Text, v.Difficulty = false, q.Get("problem"), q.Get("difficulty")
		v.Seed = parse(q.Get("seed"), v.Seed, func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) })
		v.Tokens = max(AllTokens, parse(q.Get("tokens"), v.Tokens, strconv.Atoi))
	}
	v.Sampling.Temperature = clamp(parse(q.Get("temperature"), v.Sampling.Temperature, parseFloat), 0, maxTemperature)
	v.Sampling.TopP = clamp(parse(q.Get("top-p"), v.Sampling.TopP, parseFloat), 0, 1)
	v.Sampling.Seed = parse(q.Get("draw"), v.Sampling.Seed, func(s string) (uint32, error) {
		n, err := strconv.ParseUint(s, 10, 32)
		return uint32(n), err
	})
	v.Selection.Token = max(-1, parse(q.Get("token"), -1, strconv.Atoi))
	v.Selection.Step = max(-1, parse(q.Get("step"), 0, strconv.Atoi)-1)
	if l, h, ok := parseHead(q.Get("head")); ok {
		v.Selection.Layer, v.Selection.Head = l, h
	}
	v.Selection.Node = max(-1, parse(q.Get("node"), -1, strconv.Atoi))
	v.Growth, v.Plan, v.Curves, v.Runs = readGrowth(q), readPlan(q), readCurves(q), q.Get("runs")
	if s := Quantity(q.Get("colour")); s.of(tokenQuantities) {
		v.Quantity = s
	}
	if s := Quantity(q.Get("heads-by")); s.of(headQuantities) {
		v.Grid = s
	}
	v.Lesson = parseLesson(q.Get("lesson"), q.Get("guess"))
	if w, ok := define(q.Get("term")); ok && v.Page == pageGlossary {
		v.Term = w.word
	}
	return v
}

func parse[T any](text string, otherwise T, read func(string) (T, error)) T {
	if v, err := read(text); err == nil {
		return v
	}
	return otherwise
}

func parseFloat(s string) (float32, error) {
	f, err := strconv.ParseFloat(s, 32)
	return float32(f), err
}

// clamp is also what keeps NaN out: it becomes lo.
func clamp(x, lo, hi float32) float32 {
	if !(x >= lo) {
		return lo
	}
	return min(x, hi)
}

// parseHead reads "1.3" as layer 1, head 3.
func parseHead(s string) (layer, head int, ok bool) {
	l, h, found := strings.Cut(s, ".")
	layer, err := strconv.Atoi(l)
	head, err2 := strconv.Atoi(h)
	return layer, head, found && err == nil && err2 == nil && layer >= 0 && head >= 0
}
