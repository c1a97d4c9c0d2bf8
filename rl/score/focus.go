package score

import "math"

// Focus is ATTNPO's score of a step: what the answer looks at, in chosen heads.
var Focus = Score{
	Name: "focus", Symbol: "S", Title: "answer focus on the step",
	Meaning: "What all tokens of the answer together pay to a token of the step: the mean over the key-focus heads, or over all heads where none are chosen. Without an answer there is none.",
	Formula: "S(k) = mean over heads of (answer tokens) · α(answer, k)",
	Source:  "ATTNPO, arXiv 2602.09953, step score",
	PerHead: true,
	Of: func(in Input) Values {
		a, answer := in.Attention, len(in.Steps)+1
		v := Values{Heads: make([][][]float64, a.Layers)}
		for l := range v.Heads {
			v.Heads[l] = make([][]float64, a.Heads)
			for h := range v.Heads[l] {
				v.Heads[l][h] = make([]float64, len(in.Steps))
				for k := range in.Steps {
					v.Heads[l][h][k] = float64(in.AnswerTokens) * a.At(l, h, answer, k+1)
				}
			}
		}
		if v.Steps = MeanOverHeads(v.Heads, in.Heads); in.AnswerTokens == 0 {
			for k := range v.Steps {
				v.Steps[k] = math.NaN()
			}
		}
		return v
	},
	Sum: func(in Input, h Head, k int) []Term {
		if in.AnswerTokens == 0 {
			return nil
		}
		return []Term{{Name: "answer tokens · α(answer)", Value: float64(in.AnswerTokens) * in.Attention.At(h.Layer, h.Head, len(in.Steps)+1, k+1), From: -1, Token: -1}}
	},
}

// MeanOverHeads is the mean of a score, [L][H][K], over some heads, or over all where heads is empty: [K].
func MeanOverHeads(score [][][]float64, heads []Head) []float64 {
	if len(heads) == 0 {
		for l := range score {
			for h := range score[l] {
				heads = append(heads, Head{l, h})
			}
		}
	}
	if len(heads) == 0 {
		return nil
	}
	mean := make([]float64, len(score[heads[0].Layer][heads[0].Head]))
	for _, h := range heads {
		for k, v := range score[h.Layer][h.Head] {
			mean[k] += v / float64(len(heads))
		}
	}
	return mean
}

// StepRanking returns each head's step ranking accuracy, SRA, as [l][h]: the
// share of pairs of a needed (essential or correcting) and a redundant step of
// a response that focus[response][l][h] orders correctly, averaged over the
// responses that have both. needed[response] and redundant[response] mark the
// same steps. [TopHeads] of it are the key-focus heads. NaN without any pair.
func StepRanking(focus [][][][]float64, needed, redundant [][]bool) [][]float64 {
	return meanOverTraces(focus, func(i int, score []float64) float64 {
		return StepAUC(score, needed[i], redundant[i])
	})
}
