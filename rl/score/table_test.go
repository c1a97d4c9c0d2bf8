package score

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"attnlab/rl/rltest/near"
)

var nan = math.NaN()

// randomInput is a trace of K steps of two tokens with random attention in two layers of three heads.
func randomInput(K, answer int, seed uint64) Input {
	random := rand.New(rand.NewPCG(seed, 1))
	in := Input{Delta: 2, AnswerTokens: answer, Attention: StepAttention{Layers: 2, Heads: 3, Ranges: K + 2}}
	for range 6 * (K + 2) * (K + 2) {
		in.Attention.Mean = append(in.Attention.Mean, random.Float32())
	}
	for k := range K {
		in.Steps = append(in.Steps, [2]int{5 + 2*k, 7 + 2*k})
	}
	for range 5 + 2*K + 1 + answer {
		in.LogProbs, in.Entropy, in.Received = append(in.LogProbs, -random.Float32()), append(in.Entropy, random.Float32()), append(in.Received, random.Float32())
	}
	return in
}

// Every score of the table keeps its promises: names, terms that add up, the shape of its values, an Input that lacks things.
func TestScores(t *testing.T) {
	checkScores(t, Scores)
}

// A score is added by one value.
func TestAddAScore(t *testing.T) {
	toy := Score{
		Name: "length", Symbol: "|s|", Title: "tokens of the step", Unit: "tokens", Meaning: "How long the step is.", Formula: "|s(k)|", Control: true,
		Of: func(in Input) Values {
			v := Values{}
			for _, s := range in.Steps {
				v.Steps = append(v.Steps, float64(s[1]-s[0]))
			}
			return v
		},
		Sum: func(in Input, _ Head, k int) []Term {
			return []Term{{Name: "tokens", Value: float64(in.Steps[k][1] - in.Steps[k][0])}}
		},
	}
	all := Scores
	Scores = append(slices.Clone(Scores), toy)
	defer func() { Scores = all }()
	checkScores(t, Scores)
	if s, err := Find("length"); err != nil || s.Symbol != "|s|" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := Find("width"); err == nil || !strings.Contains(err.Error(), "length") {
		t.Errorf("an unknown score: %v", err)
	}
}

func checkScores(t *testing.T, scores []Score) {
	seen := map[string]bool{}
	for _, s := range scores {
		if s.Name == "" || s.Symbol == "" || s.Title == "" || s.Meaning == "" || s.Formula == "" || seen[s.Name] {
			t.Errorf("incomplete or twice: %+v", s.Name)
		}
		seen[s.Name] = true
		for seed, shape := range [][2]int{{7, 3}, {7, 0}, {1, 2}, {0, 2}, {2, 4}} {
			in := randomInput(shape[0], shape[1], uint64(seed))
			v := s.Of(in)
			if len(v.Steps) != shape[0] || s.PerHead != (v.Heads != nil) {
				t.Fatalf("%s: %d values of %d steps, heads %v", s.Name, len(v.Steps), shape[0], v.Heads != nil)
			}
			for k := range in.Steps {
				if !s.PerHead {
					checkSum(t, s, in, Head{}, k, v.Steps[k])
					continue
				}
				for l := range v.Heads {
					for h := range v.Heads[l] {
						if !math.IsNaN(v.Steps[k]) { // the step has a score
							checkSum(t, s, in, Head{l, h}, k, v.Heads[l][h][k])
						}
					}
				}
			}
		}
		in := randomInput(4, 2, 9)
		in.LogProbs, in.Entropy, in.Received = nil, nil, nil
		if got := s.Of(in); len(got.Steps) != 4 {
			t.Errorf("%s without log-probabilities: %v", s.Name, got.Steps)
		}
	}
}

func checkSum(t *testing.T, s Score, in Input, h Head, k int, want float64) {
	t.Helper()
	sum, terms := 0.0, s.Sum(in, h, k)
	for _, term := range terms {
		sum += term.Value
		if term.Name == "" {
			t.Errorf("%s: a term without a name", s.Name)
		}
	}
	if math.IsNaN(want) != (len(terms) == 0) && want != 0 || math.Abs(sum-want) > 1e-9 {
		t.Errorf("%s: the terms of step %d in %v add up to %v, the score is %v", s.Name, k, h, sum, want)
	}
}

// Permuting heads permutes the values of heads and leaves those of steps as they are.
func TestHeadsArePermuted(t *testing.T) {
	in := randomInput(6, 3, 4)
	swapped := in
	n := in.Attention.Ranges * in.Attention.Ranges
	swapped.Attention.Mean = slices.Concat(in.Attention.Mean[n:2*n], in.Attention.Mean[:n], in.Attention.Mean[2*n:])
	for _, s := range Scores {
		a, b := s.Of(in), s.Of(swapped)
		near.Want(t, s.Name, b.Steps, a.Steps, 1e-12)
		if s.PerHead {
			near.Want(t, s.Name+" of a head", b.Heads[0][0], a.Heads[0][1], 0)
		}
	}
}

func TestScoresOfTokens(t *testing.T) {
	in := Input{Steps: [][2]int{{1, 3}, {3, 4}}, LogProbs: []float32{0, -1, -3, -0.5}, Entropy: []float32{0, 1, 2, 4}}
	near.Want(t, "surprise", Surprise.Of(in).Steps, []float64{2, 0.5}, 0)
	near.Want(t, "entropy", Entropy.Of(in).Steps, []float64{1.5, 4}, 0)
	near.Want(t, "received, not known", Received.Of(in).Steps, []float64{nan, nan}, 0)
}

// Under uniform attention the sum is place, attention over uniform attention is not.
func TestUniformAttention(t *testing.T) {
	const K, prompt = 12, 6
	T := prompt + 2*K + 1 + 3
	attention := make([]float32, T*T)
	for m := range T {
		for n := range m + 1 {
			attention[m*T+n] = 1 / float32(m+1)
		}
	}
	in := Input{Delta: 2, AnswerTokens: 3}
	ranges := [][2]int{{0, prompt}}
	for k := range K {
		in.Steps = append(in.Steps, [2]int{prompt + 2*k, prompt + 2*k + 2})
	}
	ranges = append(append(ranges, in.Steps...), [2]int{T - 3, T})
	in.Attention = PoolAttention(attention, 1, 1, T, ranges)
	if rho := WithPosition(FCI, in); rho != 1 {
		t.Errorf("FCI of uniform attention ranks as place with ρ = %v, want 1", rho)
	}
	for k, v := range FCIOverUniform.Of(in).Steps {
		if k > 0 && !math.IsNaN(v) && math.Abs(v-1) > 0.01 {
			t.Errorf("step %d: %v, and uniform attention is 1", k, v)
		}
	}
	if rho := WithPosition(Flow, in); rho < 0.99 {
		t.Errorf("flow along uniform attention ranks as place with ρ = %v", rho)
	}
	in.LogProbs = make([]float32, T)
	for i := range in.LogProbs {
		in.LogProbs[i] = -float32(i)
	}
	if a, b := WithPosition(Surprise, in), WithPosition(Position, in); a != -1 || b != 1 {
		t.Errorf("later steps higher: ρ = %v, earlier higher: %v", a, b)
	}
	if rho := WithPosition(Entropy, in); !math.IsNaN(rho) {
		t.Errorf("an unknown score: ρ = %v", rho)
	}
}

// Receiver averages the heads that look at few steps.
func TestReceiver(t *testing.T) {
	const K = 9
	in := Input{Delta: 1, AnswerTokens: 1, Attention: StepAttention{Layers: 1, Heads: 4, Ranges: K + 2, Mean: make([]float32, 4*(K+2)*(K+2))}, Steps: make([][2]int, K)}
	for h := range 4 {
		for j := range K + 2 {
			for k := range j {
				v := float32(k % 2)
				if h == 2 {
					v = float32(map[bool]int{true: 1}[k == 4]) // looks at step 3 alone
				}
				in.Attention.Mean[(h*(K+2)+j)*(K+2)+k] = v
			}
		}
	}
	near.Want(t, "the receiver head's", Receiver.Of(in).Steps, []float64{nan, 0, 0, 1, 0, 0, 0, 0, 0}, 1e-12)
}
