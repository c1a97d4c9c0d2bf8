package score

// FocusHeads returns S_k^{l,h} as [l][h][k]: the sum over the answerTokens
// tokens of range answer of the mean attention to a token of range k.
func FocusHeads(s StepAttention, answer, answerTokens int) [][][]float64 {
	return s.each(func(l, h, k int) float64 { return float64(answerTokens) * s.At(l, h, answer, k) })
}

// Focus returns S_k, the mean of FocusHeads over the chosen heads.
func Focus(focus [][][]float64, heads []Head) []float64 {
	if len(heads) == 0 {
		panic("score: Focus of no heads")
	}
	s := make([]float64, len(focus[heads[0].Layer][heads[0].Head]))
	for _, h := range heads {
		for k, v := range focus[h.Layer][h.Head] {
			s[k] += v / float64(len(heads))
		}
	}
	return s
}

// StepRanking returns each head's step ranking accuracy, SRA, as [l][h]: the
// share of pairs of a needed (essential or correcting) and a redundant step of
// a response that focus[response][l][h] orders rightly, averaged over the
// responses that have both. needed[response] and redundant[response] mark the
// same steps. TopHeads of it are the key-focus heads. NaN without any pair.
func StepRanking(focus [][][][]float64, needed, redundant [][]bool) [][]float64 {
	return meanOverTraces(focus, func(i int, score []float64) float64 {
		return StepAUC(score, needed[i], redundant[i])
	})
}
