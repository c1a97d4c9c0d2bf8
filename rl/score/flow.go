package score

// FlowOf is the share of a unit of flow from a prompt to an answer that passes through each token, [T]: what FlowTracer, arXiv 2606.10646,
// weighs tokens by. The ranges of a are the tokens; prompt and answer are the tokens [0, prompt) and [answer, T). An edge leads from a token
// to each later one that looks at it:
//
//	c(s → t) = a(t → s), mean over heads      capacity, s before t
//	g(s)     = Σ over t of c(s → t) g(t)      what can reach the answer; 1 for a token of the answer, where flow ends
//	p(s → t) = c(s → t) g(t) / g(s)           so that what enters a token leaves it
//	f(t)     = Σ over s of f(s) p(s → t)      beside what a token of the prompt gets of the source: 1 / prompt
//
// Without an answer, or where the prompt cannot reach it, all are 0.
func FlowOf(a StepAttention, prompt, answer int) []float64 {
	T := a.Ranges
	var heads []Head
	for l := range a.Layers {
		for h := range a.Heads {
			heads = append(heads, Head{l, h})
		}
	}
	capacity := make([]float64, T*T) // [s, t]
	for t := range T {
		for s := range t {
			capacity[s*T+t] = a.meanOver(heads, t, s)
		}
	}
	reach, flow := make([]float64, T), make([]float64, T)
	for s := T - 1; s >= 0; s-- {
		if s >= answer {
			reach[s] = 1
			continue
		}
		for t := s + 1; t < T; t++ {
			reach[s] += capacity[s*T+t] * reach[t]
		}
	}
	for s := range min(answer, T) {
		if s < prompt && reach[s] > 0 {
			flow[s] += 1 / float64(prompt)
		}
		if reach[s] == 0 {
			continue
		}
		for t := s + 1; t < T; t++ {
			flow[t] += flow[s] * capacity[s*T+t] * reach[t] / reach[s]
		}
	}
	return flow
}
