package figures

import (
	"fmt"
	"math/rand/v2"

	"attnlab/app/session"
	"attnlab/app/theme"
	"attnlab/rl/runs"
	"attnlab/rl/score"
)

// trace has K steps whose attention is random, rows summing to at most one. It
// has all heads, as a file has.
func trace(K, layers, heads int, answer bool) session.Trace {
	random := rand.New(rand.NewPCG(uint64(K), 7))
	t := session.Trace{Seed: runs.Seed(K), Tokens: make([]int, 20+7*K), Layers: layers, Heads: heads, Delta: 2, FCI: make([]float64, K)}
	if answer {
		t.Answer = [2]int{10 + 7*K, 20 + 7*K}
	}
	for k := range K {
		t.Steps = append(t.Steps, session.StepView{Label: theme.Labels[k%len(theme.Labels)], Text: fmt.Sprintf("b &k %d * &f 0 = b 0\n", k)})
	}
	n := K + 2
	for range layers * heads {
		for j := range n {
			for k := range n {
				a := float32(0)
				if k <= j {
					a = random.Float32() / float32(j+1)
				}
				t.All = append(t.All, a)
			}
		}
		for k := range K {
			t.FCIHeads = append(t.FCIHeads, random.Float64())
			t.Focus = append(t.Focus, random.Float64()/10)
			t.FCI[k] = max(t.FCI[k], t.FCIHeads[len(t.FCIHeads)-1])
		}
	}
	for i, s := range score.HeadScores {
		if s.ManyTraces || s.Name == score.FCI.Name || s.Name == score.Focus.Name {
			continue // the mean of FCIHeads or Focus
		}
		one := session.HeadValues{Name: s.Name}
		for h := range layers * heads {
			v := float64(i) + float64(h)/10
			one.Values = append(one.Values, &v)
		}
		t.HeadScores = append(t.HeadScores, one)
	}
	t.Attention, t.Of = t.All.Largest(n)
	return t
}
