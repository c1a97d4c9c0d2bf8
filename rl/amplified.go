package rl

import (
	"fmt"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/stat"
)

// amplifyParam is the row of the factor on the advantage of tokens that a method singles out.
var amplifyParam = hyper.Param{Name: "amplify", Symbol: "γ_amp", Meaning: "factor on the advantage of the tokens singled out; 1 is off",
	Min: 0, Max: 4, Step: 0.1}.With(1.5, 1.5)

// amplified is GRPO in which some tokens of each response get more of the advantage, of either sign:
//
//	A_i,t = γ_amp A_i  for the share ρ of the response's tokens of highest score, if it is above 0, else A_i
type amplified struct {
	grpo
	share   float64 // ρ
	amplify float64 // γ_amp
	tokens  string  // what scores a token, see tokensParam
}

func newAmplified(h hyper.Values) amplified {
	return amplified{newGRPO(h), h.Number("share"), h.Number("amplify"), h.Choice("tokens")}
}

func (c amplified) off() bool { return c.amplify == 1 }

// amplifiedInputs is what the tokens of a response were singled out by.
type amplifiedInputs struct{ least float64 } // score that gets more, if it is above 0

func (a amplifiedInputs) takes(score float64) bool { return score > 0 && score >= a.least }

func (c amplified) Credit(step int, groups []Group) error {
	if err := c.grpo.Credit(step, groups); err != nil || c.off() {
		return err
	}
	for _, g := range groups {
		if err := g.checkTokenScores(); err != nil {
			return err
		}
		for i := range g.Samples {
			s := &g.Samples[i]
			own := amplifiedInputs{leastOfHighest(s.TokenScores, c.share)}
			s.Inputs.Own = own
			for t, x := range s.TokenScores {
				if own.takes(x) {
					s.Advantage[t] *= c.amplify
				}
			}
		}
	}
	return nil
}

// explain adds to GRPO's explanation, for each step, its highest score and how many of its tokens got more.
func (c amplified) explain(g Group, i int, symbol, form, source string) Explanation {
	x, s := c.grpo.Explain(g, i), g.Samples[i]
	own, is := s.Inputs.Own.(amplifiedInputs)
	if !is {
		return x
	}
	for k, r := range s.ResponseSteps() {
		scores, more := s.TokenScores[r[0]:r[1]], 0.0
		for _, v := range scores {
			more += stat.Indicator(own.takes(v))
		}
		x.Steps[k].Terms = []Term{
			{symbol, howTokens(c.tokens) + form + ", highest of the step", slices.Max(scores), source},
			{"n", fmt.Sprintf("tokens of the step among the %g of the response of highest score: they get %g A", c.share, c.amplify), more, source},
			{"γ", "mean factor of the step's tokens", 1 + (c.amplify-1)*more/float64(r[1]-r[0]), source},
		}
	}
	return x
}
