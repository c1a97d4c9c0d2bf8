package rl

import (
	"context"
	"fmt"
	"slices"

	"attnlab/model"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// byOwn is a method's own score of tokens.
const byOwn = "own"

// tokensParam is the row that says what scores the tokens of methods that weigh them. All but byOwn are controls, as in focusParam: the
// same values of each response at other places. The batch's threshold of forking may then choose other numbers of them in a response, and
// values that oar has for lines fall on lines of other lengths.
var tokensParam = hyper.Param{
	Name: "tokens", Source: "ours",
	Meaning: "what scores a token: the method's own score, its values sorted so that earlier tokens get more, or its values dealt out at random within a response, those of lines among its lines; the last two are controls",
	Choices: []string{byOwn, byPosition, byShuffle}, Max: 2, Step: 1, Paper: hyper.Choice(byOwn), Lab: hyper.Choice(byOwn),
}

// shareParam is the row of the share of tokens that a method singles out.
var shareParam = hyper.Param{Name: "share", Symbol: "ρ", Meaning: "share of tokens, highest score first, that the method singles out", Min: 0.01, Max: 1, Step: 0.01}

// arrangeTokens puts the scores of tokens in the order that a control asks for; see [arrange].
func (r *Run) arrangeTokens(how string, groups []Group) {
	for _, g := range groups {
		for j, s := range g.Samples {
			arrange(how, s.TokenScores, task.NewRandom(task.SeedOf("tokens", r.Seed, g.Index), uint64(j)))
		}
	}
}

// lookAt calls use with the attention of each response whose group has both outcomes, token by token: the ranges are the tokens of the
// sequence. The others have no advantage, need no score, and get zeros.
func (r *Run) lookAt(ctx context.Context, groups []Group, use func(s *Sample, a score.StepAttention)) error {
	var wanted []*Sample
	for _, g := range groups {
		for i := range g.Samples {
			s := &g.Samples[i]
			if s.TokenScores = make([]float64, len(s.Response())); g.mixed() {
				wanted = append(wanted, s)
			}
		}
	}
	for some := range slices.Chunk(wanted, atOnce) {
		requests := make([]model.ScoreRequest, len(some))
		for i, s := range some {
			requests[i] = model.ScoreRequest{Tokens: s.Tokens, Steps: make([]model.Range, len(s.Tokens))}
			for t := range s.Tokens {
				requests[i].Steps[t] = model.Range{Start: t, End: t + 1}
			}
		}
		scores, err := r.Scorer.ScoreBy(ctx, requests, nil)
		if err != nil {
			return err
		}
		for i, s := range some {
			a := scores[i].Attention
			use(s, score.StepAttention{Layers: a.Layers, Heads: a.Heads, Ranges: a.Steps, Mean: a.Sum})
		}
	}
	return nil
}

// atOnce is how many responses are looked at together: their attention is on the order of a megabyte each.
const atOnce = 16

// howTokens says in an explanation what a control did to the scores of tokens.
func howTokens(how string) string {
	switch how {
	case byPosition:
		return "a control gave the highest values to the earliest tokens: "
	case byShuffle:
		return "a control dealt the values out at random within the response: "
	}
	return ""
}

// checkTokenScores returns an error unless every token of the group's responses has a score.
func (g Group) checkTokenScores() error {
	i := slices.IndexFunc(g.Samples, func(s Sample) bool { return len(s.TokenScores) != len(s.Response()) })
	if i < 0 {
		return nil
	}
	return fmt.Errorf("response %d: there are %d token_scores for %d tokens; give one score a token", i, len(g.Samples[i].TokenScores), len(g.Samples[i].Response()))
}
