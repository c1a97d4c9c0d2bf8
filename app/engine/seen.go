package engine

import (
	"attnlab/app/session"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// mostShown is how many numbers of all heads a trace snapshot carries at most: about 80 kB of a message. The small models of the lab
// stay below it. mostTop is the same for places with their likeliest tokens.
var mostShown, mostTop = 8192, 512

// seen is what one forward pass computed about a trace. A snapshot of a long trace does not carry all of it: 30 layers of 9 heads with
// 300 steps have 25 million numbers of attention, and a screen reads a message in one piece. Such a snapshot has the largest over heads,
// and screens get one head and one step when these are selected.
type seen struct {
	score.Input
	top        [][]session.Choice // [T]
	stepScores []session.StepScore
	heads      []headSteps // scores of heads of each step
	means      []session.HeadValues
}

// headSteps is a score of heads for each step.
type headSteps struct {
	name   string
	values [][][]float64 // [L][H][K]
}

// newSeen computes every score of the tables.
func newSeen(in score.Input, top [][]session.Choice) seen {
	s := seen{Input: in, top: top, stepScores: []session.StepScore{}}
	for _, one := range score.Scores {
		v := one.Of(in)
		s.stepScores = append(s.stepScores, stepScore(one, in, v))
		if v.Heads == nil {
			continue
		}
		means := meansOf(v.Heads)
		if one.Name == score.Receiver.Name { // a head has the kurtosis of its vertical scores, one number for a trace
			means = valuesOver(v.Heads, func(y []float64) float64 { return stat.Kurtosis(stat.Known(y)) })
		} else {
			s.heads = append(s.heads, headSteps{one.Name, v.Heads})
		}
		s.means = append(s.means, session.HeadValues{Name: one.Name, Values: means})
	}
	return s
}

// stepScore is a score as screens show it.
func stepScore(s score.Score, in score.Input, v score.Values) session.StepScore {
	one := session.StepScore{Name: s.Name, Values: []*float64{}, Position: stat.Finite(v.WithPosition(s, in))}
	for _, y := range v.Steps {
		one.Values = append(one.Values, stat.Finite(y))
	}
	return one
}

func meansOf(heads [][][]float64) []*float64 {
	return valuesOver(heads, func(y []float64) float64 { return stat.Mean(stat.Known(y)) })
}

// valuesOver is one number of each head, [L,H].
func valuesOver(heads [][][]float64, of func(y []float64) float64) (values []*float64) {
	for _, layer := range heads {
		for _, y := range layer {
			values = append(values, stat.Finite(of(y)))
		}
	}
	return values
}

// fits reports whether a snapshot carries n numbers of every head of each step.
func (s *seen) fits(n int) bool { return s.Attention.Layers*s.Attention.Heads*n <= mostShown }

// of is the score of heads with a name, [L][H][K].
func (s *seen) of(name string) [][][]float64 {
	for _, h := range s.heads {
		if h.name == name {
			return h.values
		}
	}
	return nil
}

// best is the head with the largest FCI of each step, [K].
func (s *seen) best() []int {
	best := make([]int, len(s.Steps))
	fci := s.of(score.FCI.Name)
	for k := range best {
		for l, layer := range fci {
			for h := range layer {
				if at := best[k]; layer[h][k] > fci[at/len(layer)][at%len(layer)][k] {
					best[k] = l*len(layer) + h
				}
			}
		}
	}
	return best
}

// inHead is what the trace has in the selected head; without one it is empty.
func (s *seen) inHead(to session.Selection) session.HeadAttention {
	h := session.HeadAttention{Layer: -1, Head: -1, Attention: session.Densities{}}
	a := s.Attention
	if to.Layer < 0 || to.Layer >= a.Layers || to.Head < 0 || to.Head >= a.Heads {
		return h
	}
	square := a.Ranges * a.Ranges
	h.Layer, h.Head = to.Layer, to.Head
	h.Attention = a.Mean[(to.Layer*a.Heads+to.Head)*square:][:square]
	h.FCI, h.Focus = s.of(score.FCI.Name)[to.Layer][to.Head], s.of(score.Focus.Name)[to.Layer][to.Head]
	return h
}

// at is the detail of the selected step and of its tokens, or of the selected token where that is in no step.
func (s *seen) at(to session.Selection) session.StepDetail {
	d := session.StepDetail{Step: -1}
	if to.Step >= 0 && to.Step < len(s.Steps) {
		d.Step, d.First = to.Step, s.Steps[to.Step][0]
		d.Top = s.top[d.First:s.Steps[to.Step][1]]
		for _, score := range s.heads {
			d.Heads = append(d.Heads, session.HeadValues{Name: score.name, Values: valuesOver(score.values, func(y []float64) float64 { return y[to.Step] })})
		}
	} else if to.Token >= 0 && to.Token < len(s.top) {
		d.First, d.Top = to.Token, s.top[to.Token:][:1]
	}
	return d
}

// flat lays [L][H][K] out in one slice.
func flat(y [][][]float64) []float64 {
	all := []float64{}
	for _, layer := range y {
		for _, head := range layer {
			all = append(all, head...)
		}
	}
	return all
}
