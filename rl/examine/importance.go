package examine

import (
	"math"

	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Effect is a difference of two success probabilities: its standard error, and the interval that holds it with 95 % confidence
// (Newcombe 1998, of independent shares). All are NaN where one of the two was not observed.
type Effect struct {
	Value, StandardError float64
	stat.Interval
}

var noEffect = Effect{math.NaN(), math.NaN(), stat.Interval{Low: math.NaN(), High: math.NaN()}}

// StepImportance says how much more often a response succeeds because of one of its steps.
type StepImportance struct {
	Kept    Share // continuations that keep the step: those after it, and those before it that wrote the same step
	Differs Share // continuations from before the step that wrote another one, or none
	Before  Share // all continuations from before the step

	// Counterfactual is Kept less Differs: what the step contributes, against what the policy would have written in its place. It is NaN
	// where the policy always writes this step.
	Counterfactual Effect
	// Resampled is the success of those after the step less that of Before. It counts how seldom another step would be written:
	// of a step that the policy nearly always writes it is near 0.
	Resampled Effect
	// Forced is the success of answers forced right after the step less that of answers forced right before it.
	Forced Effect

	half [2]float64 // Counterfactual of the even and of the odd continuations
}

// Steps says what the continuations show about each step, [K]. The effects of a step are NaN until its beginning and its end have all their
// continuations, and where nothing can follow.
func (r *Resampling) Steps() []StepImportance {
	steps := make([]StepImportance, len(r.trace.Steps))
	any := func(ending) bool { return true }
	for k := range steps {
		s := &steps[k]
		s.Counterfactual, s.Resampled, s.Forced, s.half = noEffect, noEffect, noEffect, [2]float64{math.NaN(), math.NaN()}
		before, after := r.given[k], r.given[k+1]
		if len(before.free) == r.samples && len(after.free) == r.samples {
			kept, differs := counterfactual(before.free, after.free)
			s.Kept, s.Differs, s.Before = kept, differs, share(before.free, any)
			s.Counterfactual = kept.less(differs)
			s.Resampled = share(after.free, any).less(s.Before)
			for i := range s.half {
				kept, differs := counterfactual(every2nd(before.free, i), every2nd(after.free, i))
				s.half[i] = kept.less(differs).Value
			}
		}
		if len(before.answer) == r.samples && len(after.answer) == r.samples {
			s.Forced = share(after.answer, any).less(share(before.answer, any))
		}
	}
	return steps
}

func counterfactual(before, after []ending) (kept, differs Share) {
	kept = share(after, func(ending) bool { return true }).plus(share(before, func(e ending) bool { return e.same }))
	return kept, share(before, func(e ending) bool { return !e.same })
}

func every2nd(all []ending, from int) (some []ending) {
	for i := from; i < len(all); i += 2 {
		some = append(some, all[i])
	}
	return some
}

// Important is a trace with its scores and the importance of its steps.
type Important struct {
	Examined
	Importance []StepImportance // [K]
}

// FCIOf is the FCI of step k, NaN where the step has none.
func (t Important) FCIOf(k int) float64 {
	if !score.Scored(k, len(t.Steps), t.AnswerEnd > t.AnswerStart, t.Delta) {
		return math.NaN()
	}
	return t.Examined.FCI[k]
}

// FocusOf is the focus of each step, mean over all heads, NaN without an answer: [K].
func (t Important) FocusOf() []float64 { return score.Focus.Of(t.Input()).Steps }

// Ranker is something that ranks steps by how much they may matter.
type Ranker string

// The rankers. Position and Shuffled are controls: the place of the step, earlier first, and the trace's own FCI dealt out at random among its steps.
// Repeat is the importance measured by one half of the continuations, ranking that of the other half: no score can be expected to
// rank better.
const (
	ByFCI      Ranker = "fci"
	ByFocus    Ranker = "focus"
	ByPosition Ranker = "position"
	ByShuffled Ranker = "shuffled"
	ByRepeat   Ranker = "repeat"
)

// Rankers lists them.
func Rankers() []Ranker { return []Ranker{ByFCI, ByFocus, ByPosition, ByShuffled, ByRepeat} }

// LeastRanked is how many steps a trace must have to be ranked: of fewer a rank correlation says nothing.
const LeastRanked = 4

// ImportanceRank is how well something ranks the counterfactual importance of the steps of traces.
type ImportanceRank struct {
	By  Ranker
	Rho Effect // rank correlation, mean over traces
	// Over is Rho less that of the place of a step, on the same traces.
	Over   Effect
	Traces int // with a correlation
	Steps  int // of these traces, that are ranked
}

// RankImportance correlates rankers with the counterfactual importance, trace by trace, over the steps that have an importance, an FCI and a focus:
// the same steps for all. Intervals are Student's over traces. Of a single trace they are those of [stat.CompareRanks], over its steps,
// and standard errors are NaN. Traces with fewer than [LeastRanked] such steps, or all of one importance, are left out.
func RankImportance(traces []Important, seed uint64) []ImportanceRank {
	by := Rankers()
	values, over := make([][]float64, len(by)), make([][]float64, len(by))
	ranks := make([]ImportanceRank, len(by))
	last := make([]column, len(by)) // of the newest trace that is ranked
	for i, t := range traces {
		columns := t.columns(task.NewRandom(task.SeedOf("shuffle", seed, uint64(i)), 0).Shuffle)
		place := stat.Spearman(columns[2].ranker, columns[2].importance)
		for b, c := range columns {
			rho := stat.Spearman(c.ranker, c.importance)
			if len(c.ranker) < LeastRanked || math.IsNaN(rho) {
				continue
			}
			last[b] = c
			values[b] = append(values[b], rho)
			ranks[b].Traces, ranks[b].Steps = ranks[b].Traces+1, ranks[b].Steps+len(c.ranker)
			if !math.IsNaN(place) {
				over[b] = append(over[b], rho-place)
			}
		}
	}
	for b := range by {
		r := &ranks[b]
		r.By, r.Rho, r.Over = by[b], overTraces(values[b], 1), overTraces(over[b], 2)
		if r.Traces == 1 {
			c := stat.CompareRanks(last[b].ranker, last[b].position, last[b].importance)
			r.Rho.Interval, r.Over.Interval = c.First.Interval, c.Difference
		}
	}
	return ranks
}

// column is a ranker, the place and the importance of the same steps.
type column struct{ ranker, position, importance []float64 }

// columns are those of every ranker.
func (t Important) columns(shuffle func(n int, swap func(i, j int))) []column {
	var fci, focus, place, importance, even, odd, halfPlace []float64
	all := t.FocusOf()
	for k, s := range t.Importance {
		f, v := t.FCIOf(k), s.Counterfactual.Value
		if math.IsNaN(f) || math.IsNaN(v) || math.IsNaN(all[k]) {
			continue
		}
		fci, focus, place, importance = append(fci, f), append(focus, all[k]), append(place, -float64(k+1)), append(importance, v)
		if !math.IsNaN(s.half[0]) && !math.IsNaN(s.half[1]) {
			even, odd, halfPlace = append(even, s.half[0]), append(odd, s.half[1]), append(halfPlace, -float64(k+1))
		}
	}
	shuffled := append([]float64{}, fci...)
	shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return []column{{fci, place, importance}, {focus, place, importance}, {place, place, importance}, {shuffled, place, importance}, {even, halfPlace, odd}}
}

// overTraces is a mean over traces with Student's interval, cut to ±most.
func overTraces(x []float64, most float64) Effect {
	e := noEffect
	if len(x) > 0 {
		e.Value, e.StandardError = stat.MeanError(x)
	}
	if len(x) > 1 {
		half := stat.Student(len(x)-1) * e.StandardError
		e.Interval = stat.Interval{Low: max(-most, e.Value-half), High: min(most, e.Value+half)}
	}
	return e
}
