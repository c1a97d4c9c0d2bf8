package runs

import (
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"attnlab/rl/stat"
)

// BaseName is the name of the model that a run began from: where none was given, of the task's shipped base.
func (s Settings) BaseName() string {
	if s.Model == "" {
		return s.Task + "-small"
	}
	return filepath.Base(s.Model)
}

// float is a hyper-parameter as a number.
func (s Settings) float(name string) (float64, bool) {
	text, ok := s.value(name)
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

// row sums a group up, next to its base.
func (g *group) row(base BaseRow, reach float64) Row {
	over := func(of func(r finished) float64) Spread {
		var x []float64
		for _, r := range g.runs {
			x = append(x, of(r))
		}
		return SpreadOf(x)
	}
	last := func(name string) Spread {
		return over(func(r finished) float64 {
			if r.Run.Settings.IsForeign() && r.Run.Log.Columns().Of(name) == nil {
				return nan
			}
			return r.Run.Log.Last(name)
		})
	}
	var evaluations []Evaluation
	labels := map[string]bool{}
	for _, r := range g.runs {
		evaluations = append(evaluations, r.Evaluation)
		for label := range r.Labels {
			labels[label] = true
		}
	}
	row := Row{Method: g.label, Seeds: len(g.runs), SeedList: []Seed{}, Labels: map[string]Spread{}, ByDifficulty: levels(evaluations), Base: base}
	accuracy := over(func(r finished) float64 { return float64(r.Accuracy) })
	think := over(func(r finished) float64 { return float64(r.ThinkTokens) })
	row.Accuracy, row.AccuracySD, row.ThinkTokens, row.ThinkTokensSD = accuracy.Mean, accuracy.SD, think.Mean, think.SD
	row.LengthChange = think.Mean/base.ThinkTokens - 1
	row.AES = stat.Number(stat.AES(float64(accuracy.Mean), float64(think.Mean), float64(base.Accuracy), float64(base.ThinkTokens)))
	for label := range labels {
		row.Labels[label] = over(func(r finished) float64 { return float64(r.Labels[label]) })
	}
	row.Reflections = over(func(r finished) float64 { return float64(r.Reflections) })
	row.RedundantRemoved = over(func(r finished) float64 {
		return stat.ShareRemoved(float64(base.RedundantSteps), float64(r.redundantSteps()))
	})
	row.EssentialLost = over(func(r finished) float64 {
		return stat.ShareRemoved(float64(base.EssentialSteps), float64(r.essentialSteps()))
	})
	row.CreditAUC = over(func(r finished) float64 { return float64(SpreadOf(r.Run.Log.Columns().Of("credit_auc")).Mean) })
	row.ScorePosition = over(func(r finished) float64 { return float64(SpreadOf(r.Run.Log.Columns().Of("score_position")).Mean) })
	share := func(name string) Spread {
		return over(func(r finished) float64 {
			return sum(r.Run.Log.Columns().Of("groups."+name)) / sum(r.Run.Log.Columns().Of("groups.total"))
		})
	}
	row.Groups.AllCorrect, row.Groups.AllWrong, row.Groups.Valid = share("all_correct"), share("all_wrong"), share("valid")
	row.ValidRate = over(func(r finished) float64 {
		valid := r.Run.Log.Columns().Of("valid_sequences")
		if valid == nil || slices.ContainsFunc(valid, math.IsNaN) { // some steps were logged by an older version
			return nan
		}
		return 1e4 * sum(valid) / r.Run.Log.Last("generated_tokens")
	})
	row.Steps, row.Updates, row.GeneratedTokens, row.ChargedTokens, row.Seconds = last("step"), last("updates"), last("generated_tokens"), last("charged_tokens"), last("seconds")
	if row.Compute = SpreadOf(nil); !slices.ContainsFunc(g.runs, func(r finished) bool { return r.Run.Log.Columns().Of("training_gflop") == nil }) {
		row.Compute = last("training_gflop")
	}
	row.TokensToReach = over(func(r finished) float64 { return r.Run.tokensTo(reach) })
	row.TokensToHalf = over(func(r finished) float64 { return r.Run.tokensToHalf() })
	row.WhileTraining = over(func(r finished) float64 { return r.Run.whileTraining() })
	for _, r := range g.runs {
		if !math.IsNaN(r.Run.tokensToHalf()) {
			row.Gained++
		}
		row.Measured = append(row.Measured, r.measured)
		if row.Runs = append(row.Runs, r.Named); !r.Run.Settings.isUnknown() {
			row.SeedList = append(row.SeedList, r.Run.Settings.Seed)
		}
		if !math.IsNaN(r.Run.tokensTo(reach)) {
			row.Reached++
		}
		if r.Run.Result != nil {
			for _, h := range r.Run.Result.FocusHeads {
				row.FocusHeads = append(row.FocusHeads, HeldFocus{r.Run.Settings.Seed, h})
			}
		}
	}
	return row
}

// sum adds up what is a number.
func sum(x []float64) (total float64) {
	for _, v := range x {
		if !math.IsNaN(v) {
			total += v
		}
	}
	return total
}

// levels are means over evaluations, for each difficulty.
func levels(all []Evaluation) (levels []Level) {
	accuracy, think, reflections := map[int][]float64{}, map[int][]float64{}, map[int][]float64{}
	for _, e := range all {
		for _, l := range e.ByDifficulty {
			accuracy[l.Difficulty] = append(accuracy[l.Difficulty], float64(l.Accuracy))
			think[l.Difficulty] = append(think[l.Difficulty], float64(l.ThinkTokens))
			reflections[l.Difficulty] = append(reflections[l.Difficulty], float64(l.Reflections))
		}
	}
	for _, difficulty := range slices.Sorted(maps.Keys(accuracy)) {
		levels = append(levels, Level{difficulty, SpreadOf(accuracy[difficulty]), SpreadOf(think[difficulty]), SpreadOf(reflections[difficulty])})
	}
	return levels
}

// tokensTo is how many tokens the run had generated when the mean accuracy of the last steps first reached a level; NaN where
// it never did or none was asked for.
func (r Run) tokensTo(level float64) float64 {
	accuracy, tokens := r.Log.Columns().Of("accuracy"), r.Log.Columns().Of("generated_tokens")
	for i := RecentSteps; i <= len(accuracy) && len(tokens) == len(accuracy) && level > 0; i++ {
		if stat.Mean(accuracy[i-RecentSteps:i]) >= level-1e-9 { // whole but for rounding
			return tokens[i-1]
		}
	}
	return nan
}

// heldOut is the run's accuracy on the held-out problems: of its base, in the first line, and after as many generated tokens where it was measured.
func (r Run) heldOut() (base, tokens, accuracy []float64) {
	c := r.Log.Columns()
	for i, a := range c.Of("held_out.accuracy") {
		if !math.IsNaN(a) {
			tokens, accuracy = append(tokens, c.Of("generated_tokens")[i]), append(accuracy, a)
		}
	}
	return c.Of("held_out_base.accuracy"), tokens, accuracy
}

// tokensToHalf is how many tokens the run had generated at half of its gain on the held-out problems; NaN where it was not
// measured, or gained no more than noise.
func (r Run) tokensToHalf() float64 {
	base, tokens, accuracy := r.heldOut()
	baseError := r.Log.Columns().Of("held_out_base.standard_error")
	if len(base) == 0 || len(baseError) == 0 {
		return nan
	}
	half, _ := stat.TokensToHalfGain(base[0], baseError[0], tokens, accuracy)
	return half
}

// whileTraining is the run's accuracy on the held-out problems, the mean over the generated tokens of its budget, see [stat.MeanWhileTraining]; NaN where it has no budget or
// was not measured up to it.
func (r Run) whileTraining() float64 {
	base, tokens, accuracy := r.heldOut()
	if len(base) == 0 || r.Settings.Budget == 0 {
		return nan
	}
	return stat.MeanWhileTraining(base[0], tokens, accuracy, float64(r.Settings.Budget))
}
