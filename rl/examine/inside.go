package examine

import (
	"errors"
	"fmt"
	"math"

	"attnlab/model"
	"attnlab/rl/score"
)

// Opened is the model where it predicts one token of a sequence, for two tokens that could stand there: the one that does, and another.
type Opened struct {
	Token   int    // position of the token; the pass that predicts it is at the one before
	Targets [2]int // tokens of the vocabulary
	Lens    []Lens // [L+1] before each layer, and after the last
	Shares  model.Shares
	Head    model.HeadView
	Inside  *model.Inside // the pass over the sequence
}

// Lens is what the residual stream says at one depth, see [model.Inside.Lens].
type Lens struct {
	LogProbs [2]float64 // of the targets
	Best     int        // the likeliest token
	BestLog  float64    // its log-probability
}

// Open opens the model at a token of a sequence. against is the token to compare with, -1 for the likeliest other one; head is the head to open, nil for
// the one that adds most to the difference of both logits. It returns an error where the token is the first or does not exist, or where there is no such head.
func Open(i *model.Inspector, tokens []int, token, against int, head *score.Head) (o Opened, err error) {
	switch {
	case token < 1 || token >= len(tokens):
		return o, fmt.Errorf("token %d cannot be opened: the first is given, and the last is %d", token, len(tokens)-1)
	case against == tokens[token]:
		return o, errors.New("a token cannot be compared with itself; choose another one")
	}
	s, err := i.Inside(tokens)
	if err != nil {
		return o, err
	}
	logProbs, err := s.Lens(token - 1)
	if err != nil {
		return o, err
	}
	o.Inside, o.Token, o.Targets = s, token, [2]int{tokens[token], against}
	if last := logProbs[len(logProbs)-1]; against < 0 {
		for id, p := range last {
			if at := o.Targets[1]; id != o.Targets[0] && (at < 0 || p > last[at]) {
				o.Targets[1] = id
			}
		}
	}
	if o.Shares, err = s.Shares(token-1, o.Targets[:]); err != nil {
		return o, err
	}
	for _, row := range logProbs {
		lens := Lens{LogProbs: [2]float64{row[o.Targets[0]], row[o.Targets[1]]}}
		for id, p := range row {
			if p > row[lens.Best] {
				lens.Best = id
			}
		}
		lens.BestLog = row[lens.Best]
		o.Lens = append(o.Lens, lens)
	}
	if head == nil {
		head = strongest(o.Shares)
	}
	o.Head, err = s.Head(head.Layer, head.Head, token-1, o.Targets[:])
	return o, err
}

// strongest is the head that adds most to the difference of two logits, whatever its sign.
func strongest(s model.Shares) *score.Head {
	best, top := &score.Head{}, -1.0
	for l, heads := range s.Heads {
		for h, x := range heads {
			if odds := math.Abs(x[0] - x[1]); odds > top {
				best, top = &score.Head{Layer: l, Head: h}, odds
			}
		}
	}
	return best
}
