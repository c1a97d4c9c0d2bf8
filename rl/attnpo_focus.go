package rl

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// What scores the steps of ATTNPO. All but byHeads are controls: what ATTNPO gains with them too does not come from what its key-focus
// heads look at.
const (
	byHeads       = "heads"        // S_k of the key-focus heads
	byPosition    = "position"     // the same values, the highest to the earliest step: place alone decides, at the same strength
	byShuffle     = "shuffle"      // the same values, dealt out at random within a response
	byRandomHeads = "random-heads" // S_k of as many other heads, drawn at random for the run
)

// focusParam is the row that names one of them.
var focusParam = hyper.Param{
	Name: "focus", Source: "ATTNPO, step score; the others are controls",
	Meaning: "what scores a step: the key-focus heads, their scores sorted so that earlier steps get more, their scores dealt out at random within a response, or as many other heads drawn at random",
	Choices: []string{byHeads, byPosition, byShuffle, byRandomHeads}, Max: 3, Step: 1, Paper: hyper.Choice(byHeads), Lab: hyper.Choice(byHeads),
}

// enoughOthers refuses random-heads where the model has too few other heads.
func enoughOthers(h hyper.Values, l hyper.Limits) error {
	if n := h.Int("heads"); l.Heads > 0 && h.Choice("focus") == byRandomHeads && 2*n > l.Heads {
		return fmt.Errorf("focus is random-heads and heads is %d of the model's %d, so that fewer than %d others are left; give fewer heads", n, l.Heads, n)
	}
	return nil
}

// chooseHeads returns the n heads whose focus scores steps. ranked is all heads that have a rank, best first.
func chooseHeads(how string, ranked []score.Head, n int, seed uint64) []score.Head {
	n = min(n, len(ranked))
	if how != byRandomHeads {
		return slices.Clone(ranked[:n])
	}
	others := slices.Clone(ranked[n:])
	random := task.NewRandom(task.SeedOf("focus heads", seed, 0), 0)
	random.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	return others[:min(n, len(others))]
}

// arrange puts the scores of a response's steps in the order that the control asks for. It keeps the values.
func arrange(how string, focus []float64, random *rand.Rand) {
	switch how {
	case byPosition:
		slices.Sort(focus)
		slices.Reverse(focus)
	case byShuffle:
		random.Shuffle(len(focus), func(i, j int) { focus[i], focus[j] = focus[j], focus[i] })
	}
}

// howScored says in the explanation of a step what its score is.
func howScored(how string) string {
	switch how {
	case byPosition:
		return "one of the values of S of the response, the highest to its earliest step: a control, S is the "
	case byShuffle:
		return "one of the values of S of the response, dealt out at random: a control, S is the "
	}
	return ""
}
