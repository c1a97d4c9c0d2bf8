package examine

import (
	"math"
	"testing"

	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// The mean that an interval is of is the accuracy itself; the control is that of a head which looks at early steps, and responses
// without both kinds of steps count for neither.
func TestRankIntervals(t *testing.T) {
	labels := [][]task.Label{{task.Essential, task.Redundant, task.Essential}, {task.Redundant, task.Essential}, {task.Essential, task.Essential}}
	var focus [][][][]float64
	var needed, redundant [][]bool
	for _, trace := range labels {
		var early, truth []float64
		var n, r []bool
		for k, l := range trace {
			early, truth = append(early, -float64(k)), append(truth, stat.Indicator(l == task.Essential))
			n, r = append(n, l == task.Essential), append(r, l == task.Redundant)
		}
		focus, needed, redundant = append(focus, [][][]float64{{early, truth}}), append(needed, n), append(redundant, r)
	}
	s := HeadScores{SRA: score.StepRanking(focus, needed, redundant)}
	s.rank(focus, needed, redundant)
	if s.Ranked != 2 || s.Position != 0.25 || s.SRA[0][0] != s.Position || s.SRAInterval[0][0] != s.PositionIn {
		t.Errorf("place: %v of %d responses, the head that sees it %v in %v", s.Position, s.Ranked, s.SRA[0][0], s.SRAInterval[0][0])
	}
	if in := s.SRAInterval[0][1]; s.SRA[0][1] != 1 || in.High != 1 || !(in.Low < 0.7) || math.IsNaN(in.Low) {
		t.Errorf("a head that is right in two responses has %v in %v", s.SRA[0][1], in)
	}
}
