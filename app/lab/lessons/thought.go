package lessons

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// lessonThought is about changing one thought and letting the model continue.
var lessonThought = Lesson{
	Title:   "Change a thought",
	About:   "Write a wrong number into a step and see how often another answer comes out.",
	Minutes: 3,
	Steps: []Step{
		{Page: "trace", Ring: "edit", Title: "Write into its thoughts",
			Text: "A response is text, so you can change it: rewrite a [step], put another after it, delete it, or force a [token]. What followed is dropped, and the model writes the rest. Both responses stand side by side, with the first difference marked.",
			Shows: []Try{{"Rewrite the step of highest FCI", func(b Bench, _ *Gathering) {
				b.Do("step-top")
				b.Do("rewrite")
			}}}},
		{Page: "trace", Ring: "edit", Title: "What stays the same",
			Text: "The rest is drawn by the same random numbers. With its own words and its own seed a step leads to the same response again, token by token; so what differs afterwards comes from the change. One response shows what can happen, many show how often."},
		{Part: Asks, Page: "trace", Title: "Predict",
			Text: "In each response the lab writes a wrong number at the end of a [needed|essential] step, lets the model continue, and compares the answers. Then it does the same with a [redundant] step of the same response, as the control."},
		{Part: Runs, Page: "trace", Ring: "edit", Title: "Write wrong numbers",
			Text: "The step that is changed is the last needed one, and the redundant one nearest to it. Responses that lack either are drawn and passed over. The panel shows each change as it is made."},
		{Part: Checks, Page: "trace", Ring: "edit", Title: "What was seen",
			Text: "A changed answer shows that later steps read the number. An answer that stays may have two reasons: nobody read the number, or a later step computed it again. And a wrong number is more than a missing step: the lesson before replaces steps by what the model itself would write."},
	},
	Ask:      "After a wrong number in a needed step, how often does another answer come out?",
	Choices:  []string{"less than a third", "from a third to two thirds", "two thirds or more"},
	Bounds:   []float64{1. / 3, 2. / 3},
	Quantity: "share of changed answers, needed step,",
	Tries: []Try{
		{"12 responses", changeThoughts(12)},
		{"48 responses", changeThoughts(48)},
	},
	Clear:  func(*session.Snapshots) {},
	Gather: gatherThoughts,
	Measure: func(_ *session.Snapshots, g *Gathering) Measured {
		m := Measured{N: len(g.spare), What: "responses", Freedom: len(g.spare) - 1}
		if m.N < Least {
			return m
		}
		needed, spare := stat.Mean(g.needed[:m.N]), stat.Mean(g.spare)
		m.Value, m.SE, m.Reach = needed, stat.ShareError(needed, m.N), stat.Wilson(needed, m.N)
		d := stat.Paired(g.needed[:m.N], g.spare)
		between := stat.PairedShareDifference(needed, spare, m.N, d.Error)
		m.Saw = fmt.Sprintf("After a wrong number in a redundant step it was %s%s. The difference is %s, its 95 %% interval %s to %s.",
			explain.Format(spare), explain.PlusMinus(stat.ShareError(spare, m.N)), explain.WithSign(d.Mean), explain.WithSign(between.Low), explain.WithSign(between.High))
		return m
	},
}

// changeThoughts draws the first problem; n responses are changed twice each.
func changeThoughts(n int) func(Bench, *Gathering) {
	return func(b Bench, g *Gathering) {
		g.Of = n
		b.Do("draw")
	}
}

// gatherThoughts changes a needed step of a finished response, then a redundant one, notes whether the answer changes, and draws the next problem.
func gatherThoughts(b Bench, g *Gathering) {
	t := b.Answered()
	if t == nil || t.Number <= g.last {
		return
	}
	g.last = t.Number
	changed := func() float64 { return stat.Indicator(t.Found != g.found) }
	switch {
	case len(t.Edits) > 0 && len(g.edits) == 2: // the needed step was changed
		g.needed, g.edits = append(g.needed, changed()), g.edits[1:]
		b.Send(session.EditResponse{Edits: g.edits})
		return
	case len(t.Edits) > 0 && len(g.edits) == 1: // and now the redundant one
		g.spare, g.edits = append(g.spare, changed()), nil
		g.passOver(true)
	default:
		if needed, spare, ok := toChange(t); ok {
			g.found, g.edits = t.Found, []session.Edit{wrongNumber(t, needed), wrongNumber(t, spare)}
			b.Send(session.EditResponse{Edits: g.edits[:1]})
			return
		}
		if g.passOver(false) {
			return
		}
	}
	if g.Going() {
		b.Do("draw")
	}
}

// toChange are the last needed step of a response that ends with a digit, and the redundant one nearest to it that does.
func toChange(t *session.Trace) (needed, spare int, ok bool) {
	needed, spare = -1, -1
	for k, s := range t.Steps {
		if s.Label == "essential" && digitOf(s.Text) >= 0 {
			needed = k
		}
	}
	away := func(k int) float64 { return math.Abs(float64(k - needed)) }
	for k, s := range t.Steps {
		if s.Label == "redundant" && digitOf(s.Text) >= 0 && (spare < 0 || away(k) < away(spare)) {
			spare = k
		}
	}
	return needed, spare, needed >= 0 && spare >= 0 && t.Found != ""
}

// digitOf is the number that a step ends with, -1 where it is no digit.
func digitOf(text string) int {
	words := strings.Fields(text)
	if len(words) < 2 || len(words[len(words)-1]) != 1 {
		return -1
	}
	return slices.Index(digits, words[len(words)-1])
}

var digits = strings.Split("0123456789", "")

// wrongNumber writes another digit at the end of step k; the rest is drawn by the random numbers of the response.
func wrongNumber(t *session.Trace, k int) session.Edit {
	words := strings.Fields(t.Steps[k].Text)
	words[len(words)-1] = strconv.Itoa((digitOf(t.Steps[k].Text) + 1) % len(digits))
	return session.Edit{At: t.Steps[k].Start, Text: strings.Join(words, " "), Seed: t.Sampling.Seed}
}
