package examine

import "attnlab/rl/score"

// Chosen are heads that were chosen on one half of the traces and judged on the other, where luck of the choice does not help them: the best
// of many heads looks good on the traces that it was chosen on.
type Chosen struct {
	Heads    []ChosenHead
	Position JudgedRank // of the place of a step alone on the judged half, earlier first
	First    int        // responses with a needed and a redundant step that heads were chosen on
}

// ChosenHead is a head with its step ranking accuracy on both halves.
type ChosenHead struct {
	score.Head
	First float64 // on the half that it was chosen on
	JudgedRank
	// OverPosition is the mean difference to the place of a step on the same responses.
	OverPosition, OverPositionError float64
}

// JudgedRank is a step ranking accuracy on the judged half, with its standard error over responses.
type JudgedRank struct {
	SRA, StandardError float64
	Responses          int
}

// ChooseHeads chooses the n heads with the best step ranking accuracy on every other trace, the first among them, and judges them on the rest.
// NaN stands for what a half without a needed and a redundant step cannot tell.
func ChooseHeads(traces []Examined, n int) Chosen {
	var halves [2][]Examined
	for i, t := range traces {
		halves[i%2] = append(halves[i%2], t)
	}
	first := ScoreHeads(halves[0])
	c := Chosen{First: first.Ranked}
	places := ranks(halves[1], func(t Examined) []float64 { return score.Position.Of(t.Input()).Steps })
	c.Position = judge(places)
	for _, h := range score.TopHeads(first.SRA, n) {
		own := ranks(halves[1], func(t Examined) []float64 { return t.Focus[h.Layer][h.Head] })
		over := make([]float64, len(own))
		for i := range own {
			over[i] = own[i] - places[i]
		}
		head := ChosenHead{Head: h, First: first.SRA[h.Layer][h.Head], JudgedRank: judge(own)}
		head.OverPosition, head.OverPositionError = meanOr(over)
		c.Heads = append(c.Heads, head)
	}
	return c
}

func judge(ranks []float64) (j JudgedRank) {
	j.SRA, j.StandardError = meanOr(ranks)
	j.Responses = len(ranks)
	return j
}

// ranks are the step ranking accuracies of a score on the traces that have a needed and a redundant step.
func ranks(traces []Examined, of func(Examined) []float64) (values []float64) {
	for _, t := range traces {
		if needed, redundant := kinds(t.Trace); pairs(t.Trace) > 0 {
			values = append(values, score.StepAUC(of(t), needed, redundant))
		}
	}
	return values
}
