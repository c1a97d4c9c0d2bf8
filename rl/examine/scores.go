package examine

import (
	"math"

	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// ScoreSummary says of a score, over traces, how far it is the place of the step, and how well it ranks needed steps above redundant ones.
// NaN where no trace can tell.
type ScoreSummary struct {
	Score         score.Score
	Position      float64 // rank correlation with the place of the step, mean over traces: 1 where earlier steps score higher
	PositionError float64
	Traces        int     // with a correlation
	Ranking       float64 // share of pairs of a needed and a redundant step that it orders correctly, mean over traces
	RankingError  float64
	Ranked        int // traces with such a pair
}

// SummariseScores computes it for every score of the table that [Examine] computes. layers bounds the heads whose maximum FCI takes,
// half open; [0,0) is all.
func SummariseScores(traces []Examined, layers [2]int) (all []ScoreSummary) {
	for _, s := range score.Scores {
		if s.Name == score.Received.Name {
			continue
		}
		var position, ranking []float64
		for _, t := range traces {
			in := t.Input()
			in.Layers = layers
			if r := score.WithPosition(s, in); !math.IsNaN(r) {
				position = append(position, r)
			}
			var values []float64
			var needed, redundant []bool
			isNeeded, isRedundant := kinds(t.Trace)
			for k, v := range s.Of(in).Steps {
				if !math.IsNaN(v) { // a step without a score takes no part
					values, needed, redundant = append(values, v), append(needed, isNeeded[k]), append(redundant, isRedundant[k])
				}
			}
			if r := score.StepAUC(values, needed, redundant); !math.IsNaN(r) {
				ranking = append(ranking, r)
			}
		}
		one := ScoreSummary{Score: s, Traces: len(position), Ranked: len(ranking)}
		one.Position, one.PositionError = meanOr(position)
		one.Ranking, one.RankingError = meanOr(ranking)
		all = append(all, one)
	}
	return all
}

// meanOr is the mean with its standard error, NaN of nothing.
func meanOr(x []float64) (mean, standardError float64) {
	if len(x) == 0 {
		return math.NaN(), math.NaN()
	}
	return stat.MeanError(x)
}
