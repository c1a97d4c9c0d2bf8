package score

import (
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
	"attnlab/rl/stat"
)

// A prompt of one token, three of thought, one of answer. The answer pays .5 to token 1 and .25 to token 2; token 2 pays .5 to token 1, and
// token 3, which nobody looks at, .75 to token 1.
func TestFlowByHand(t *testing.T) {
	a := StepAttention{Layers: 1, Heads: 1, Ranges: 5, Mean: make([]float32, 25)}
	pay := func(t, s int, weight float32) { a.Mean[t*5+s] = weight }
	pay(0, 0, 1)
	pay(1, 0, .5)
	pay(2, 0, .25)
	pay(2, 1, .5)
	pay(3, 1, .75)
	pay(4, 1, .5)
	pay(4, 2, .25)
	// g: 3 → 0, 2 → .25, 1 → .5 + .5·.25 = .625, 0 → .5·.625 + .25·.25 = .375.
	// From 0: .3125/.375 = 5/6 to 1, 1/6 to 2. From 1: .5/.625 = 4/5 to the answer, 1/5 to 2.
	near.Want(t, "flow", FlowOf(a, 1, 4), []float64{1, 5. / 6, 1./6 + 1./6, 0, 1}, 1e-12)
	near.Want(t, "no answer", FlowOf(a, 1, 5), make([]float64, 5), 0)
}

// Steps of one token have the flow of their tokens; of a step of two tokens that are looked at alike it is the flow of both.
func TestFlowOfSteps(t *testing.T) {
	in := Input{AnswerTokens: 1, Steps: [][2]int{{1, 2}, {2, 3}, {3, 4}}, Attention: StepAttention{Layers: 1, Heads: 1, Ranges: 5, Mean: []float32{
		1, 0, 0, 0, 0,
		.5, 0, 0, 0, 0,
		.25, .5, 0, 0, 0,
		0, .75, 0, 0, 0,
		0, .5, .25, 0, 0}}}
	near.Want(t, "flow", Flow.Of(in).Steps, []float64{5. / 6, 1. / 3, 0}, 1e-12)
	near.Want(t, "of the head", Flow.Of(in).Heads[0][0], []float64{5. / 6, 1. / 3, 0}, 1e-12)
	in.AnswerTokens = 0
	near.Want(t, "no answer", Flow.Of(in).Steps, []float64{nan, nan, nan}, 0)

	// Tokens 1 and 2 are one step: both look at the prompt with .5 and are looked at with .3 by token 3, which is looked at with .2 by the answer.
	a := StepAttention{Layers: 1, Heads: 1, Ranges: 5, Mean: make([]float32, 25)}
	for _, e := range []struct {
		of, at int
		weight float32
	}{{1, 0, .5}, {2, 0, .5}, {3, 0, .1}, {3, 1, .3}, {3, 2, .3}, {4, 0, .2}, {4, 1, .1}, {4, 2, .1}, {4, 3, .2}} {
		a.Mean[e.of*5+e.at] = e.weight
	}
	of := FlowOf(a, 1, 4)
	pooled := Input{AnswerTokens: 1, Steps: [][2]int{{1, 3}, {3, 4}}, Attention: PoolAttention(a.Mean, 1, 1, 5, [][2]int{{0, 1}, {1, 3}, {3, 4}, {4, 5}})}
	near.Want(t, "pooled", Flow.Of(pooled).Steps, []float64{of[1] + of[2], of[3]}, 1e-6)
}

// Against every path by itself: a token has the share of the weight of all paths from a token of the prompt that pass it. And all arrives.
func TestFlowIsOfPaths(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	const T, prompt, answer = 12, 3, 10
	a := StepAttention{Layers: 2, Heads: 2, Ranges: T, Mean: make([]float32, 4*T*T)}
	for head := range 4 {
		for q := range T {
			sum, w := 0.0, make([]float64, q+1)
			for s := range w {
				w[s] = random.ExpFloat64()
				sum += w[s]
			}
			for s := range w {
				a.Mean[(head*T+q)*T+s] = float32(w[s] / sum)
			}
		}
	}
	flow := FlowOf(a, prompt, answer)
	near.Want(t, "what arrives", []float64{stat.Mean(flow[answer:]) * (T - answer)}, []float64{1}, 1e-9)

	// Every path from the prompt to the answer by itself, weighed by its capacities, and by its start's share of the source.
	var through func(path []int, weight float64)
	total, at := make([]float64, prompt), make([][T]float64, prompt)
	through = func(path []int, weight float64) {
		last := path[len(path)-1]
		if last >= answer {
			total[path[0]] += weight
			for _, s := range path {
				at[path[0]][s] += weight
			}
			return
		}
		for next := last + 1; next < T; next++ {
			c := 0.0
			for head := range 4 {
				c += float64(a.Mean[(head*T+next)*T+last]) / 4
			}
			through(append(path[:len(path):len(path)], next), weight*c)
		}
	}
	want := make([]float64, T)
	for s := range prompt {
		through([]int{s}, 1)
		for k := range T {
			want[k] += at[s][k] / total[s] / prompt
		}
	}
	near.Want(t, "flow by paths", flow, want, 1e-9)
}
