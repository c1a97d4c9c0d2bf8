package rl

import (
	"math"
	"testing"

	"attnlab/model"
	"attnlab/rl/rltest/near"
	"attnlab/rl/runs"
)

// The losses of all tokens of a step are what another run of the same seed computes from log-probabilities of the scorer, in float64 by the
// formula of the loss; and they sum to the loss that the step reports.
func TestTokenLossesAreThoseOfTheStep(t *testing.T) {
	for _, change := range []map[string]string{
		{"kl": "0.2", "entropy": "0.05", "dual-clip": "1.1", "temperature": "0.7"},
		{"aggregation": "token", "flat-groups": "keep", "clip-low": "0.01", "clip-high": "0.02"},
		{"aggregation": "constant", "kl": "0.1", "lora": "4"},
	} {
		change["minibatches"], change["learning-rate"] = "2", "0.01"
		c := diceRun(t, "grpo", change)
		r := open(t, nil, c)
		steps(t, r, 1)
		want := byTheFormula(t, c)
		report := steps(t, r, 1)[0]
		sum, clipped, moved := 0.0, 0, 0
		for i, g := range r.last {
			for j, s := range g.Samples {
				got, err := r.TokenLosses(i, j)
				if err != nil {
					t.Fatal(err)
				}
				if !g.valid() && change["flat-groups"] != "keep" {
					if got.Tokens != nil {
						t.Errorf("%v: response %d of group %d was not trained on and has losses", change, j, i)
					}
					continue
				}
				sum += got.Sum()
				for k, x := range got.Tokens {
					w := want[[3]int{i, j, k}]
					near.Want(t, "token", []float64{x.Old, x.New, x.Ratio, x.KL, x.Entropy, x.Advantage}, []float64{w.Old, w.New, w.Ratio, w.KL, w.Entropy, w.Advantage}, 1e-4)
					near.Want(t, "weighted", []float64{x.Gradient, x.Loss}, []float64{w.Gradient, w.Loss}, 1e-6)
					if x.Clipped != w.Clipped {
						t.Errorf("%v: token %d of response %d of group %d: clipped is %v", change, k, j, i, x.Clipped)
					}
					if x.Clipped {
						clipped++
					}
					if math.Abs(x.Ratio-1) > 1e-3 {
						moved++
					}
				}
				if len(got.Tokens) != len(s.Response()) || got.Update < 1 || got.Update > len(got.Updates) {
					t.Errorf("%v: %d tokens of %d in update %d", change, len(got.Tokens), len(s.Response()), got.Update)
				}
			}
		}
		near.Want(t, "sum", []float64{sum / float64(len(r.losses.updates))}, []float64{report.Loss}, 1e-5)
		if math.Abs(report.Loss) < 1e-3 || moved == 0 || len(r.losses.updates) != 2 || change["clip-low"] != "" && clipped == 0 {
			t.Errorf("%v: loss %g, %d updates, %d tokens clipped and %d moved show nothing", change, report.Loss, len(r.losses.updates), clipped, moved)
		}
	}
}

// byTheFormula is the loss of each token of the second step, by group, response and token. Log-probabilities and entropies are the scorer's.
func byTheFormula(t *testing.T, c RunConfig) map[[3]int]runs.TokenLoss {
	t.Helper()
	r := open(t, nil, c)
	steps(t, r, 1)
	r.tally = &tally{}
	groups, err := r.trainer.Sample(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.trainer.Credit(2, groups); err != nil {
		t.Fatal(err)
	}
	h, all := c.Hyper, map[[3]int]runs.TokenLoss{}
	var part []int // groups that take part
	for i, g := range groups {
		if g.valid() || h.Choice("flat-groups") == "keep" {
			part = append(part, i)
		}
	}
	for m := range 2 {
		half := part[m*len(part)/2 : (m+1)*len(part)/2]
		var taken []Group
		var samples []Sample
		tokens, responses := 0, 0
		for _, i := range half {
			taken = append(taken, groups[i])
			for _, s := range groups[i].Samples {
				samples = append(samples, s)
				tokens, responses = tokens+len(s.Response()), responses+1
			}
		}
		reference, err := r.referenceLogProbs(samples)
		if err != nil {
			t.Fatal(err)
		}
		r.Scorer.Temperature = float32(r.Temperature)
		for _, i := range half {
			for j, s := range groups[i].Samples {
				scores, err := r.Scorer.Score([]model.ScoreRequest{{Tokens: s.Tokens}})
				if err != nil {
					t.Fatal(err)
				}
				weight := map[string]float64{"token": 1 / float64(tokens), "sequence": 1 / float64(responses*len(s.Response())), "constant": 1 / float64(responses*44)}[h.Choice("aggregation")]
				for k := range s.Response() {
					x := runs.TokenLoss{Old: float64(s.Old[k]), New: float64(scores[0].LogProbs[s.PromptLength+k]), Entropy: float64(scores[0].Entropy[s.PromptLength+k]), Advantage: s.Advantage[k]}
					A, d := x.Advantage, float64(reference[0][k])-x.New
					x.Ratio = math.Exp(x.New - x.Old)
					gain, slope := x.Ratio*A, x.Ratio*A
					if bound := math.Max(1-h.Number("clip-low"), math.Min(1+h.Number("clip-high"), x.Ratio)) * A; bound < gain {
						gain, slope, x.Clipped = bound, 0, true
					}
					if dual := h.Number("dual-clip"); A < 0 && dual > 0 && gain < dual*A {
						gain, slope, x.Clipped = dual*A, 0, true
					}
					x.KL = math.Exp(d) - d - 1
					x.Gradient = weight * (slope + h.Number("kl")*(math.Exp(d)-1))
					x.Loss = weight * (h.Number("kl")*x.KL - gain - h.Number("entropy")*x.Entropy)
					all[[3]int{i, j, k}] = x
				}
				reference = reference[1:]
			}
		}
		r.Scorer.Temperature = 1
		rest := newLoss(h)
		r.Trainer.Policy = model.PolicyLoss{Low: float32(rest.clipLow), High: float32(rest.clipHigh), Dual: float32(rest.dualClip), KL: float32(rest.kl), Entropy: float32(rest.entropy), Temperature: float32(r.Temperature)}
		if err := r.update(taken, rest); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Every method that credits responses has the loss of the responses that it trained on, whatever its groups are.
func TestEveryMethodHasTokenLosses(t *testing.T) {
	for _, m := range Methods {
		r := open(t, nil, diceRunOf(t, m, nil))
		report := steps(t, r, 2)[1]
		sum, n := 0.0, 0
		for i, g := range r.last {
			for j := range g.Samples {
				l, err := r.TokenLosses(i, j)
				if err != nil {
					t.Fatal(err)
				}
				sum, n = sum+l.Sum(), n+len(l.Tokens)
			}
		}
		if m.Takes.Demonstrations {
			if n > 0 {
				t.Errorf("%s has losses of %d sampled tokens", m.Name, n)
			}
			continue
		}
		near.Want(t, m.Name, []float64{sum / float64(len(r.losses.updates))}, []float64{report.Loss}, 1e-4)
		if n == 0 {
			t.Errorf("%s trained on nothing", m.Name)
		}
	}
}

func TestTokenLossesOfNoStep(t *testing.T) {
	r := open(t, nil, diceRun(t, "grpo", nil))
	if _, err := r.TokenLosses(0, 0); err == nil {
		t.Error("a run without a step has losses")
	}
}
