package engine

import (
	"cmp"
	"math"
	"slices"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/score"
)

// lookInside opens the model at a token of the trace, as "attnlab inside" does.
func (e *Engine) lookInside(c session.LookInside) error {
	r, err := e.problem()
	if err != nil {
		return err
	}
	e.busy("opening a token", 0, 0)
	tokens, vocabulary := r.tokens(), r.task.Vocabulary()
	i, err := model.NewInspector(e.rig.model, len(tokens))
	if err != nil {
		return err
	}
	defer i.Release()
	var head *score.Head
	if c.Layer >= 0 {
		head = &score.Head{Layer: c.Layer, Head: c.Head}
	}
	o, err := examine.Open(i, tokens, c.Token, -1, head)
	if err != nil {
		return err
	}
	choice := func(token int, logProb float64) session.Choice {
		return session.Choice{Token: token, Text: vocabulary[token], Prob: float32(math.Exp(logProb))}
	}
	pair := func(x []float64) [2]float64 { return [2]float64{x[0], x[1]} }
	last := o.Lens[len(o.Lens)-1].LogProbs
	view := session.InsideView{Number: e.next(), Token: o.Token, Targets: [2]session.Choice{choice(o.Targets[0], last[0]), choice(o.Targets[1], last[1])},
		Embed: pair(o.Shares.Embed), Logits: pair(o.Shares.Logits), Layer: o.Head.Layer, Head: o.Head.Head, Root: math.Sqrt(float64(e.rig.model.HeadDim))}
	for _, row := range o.Lens {
		view.Lens = append(view.Lens, session.LensRow{LogProbs: row.LogProbs, Best: choice(row.Best, row.BestLog)})
	}
	for l, heads := range o.Shares.Heads {
		for _, x := range heads {
			view.Heads = append(view.Heads, pair(x))
		}
		view.Feed = append(view.Feed, pair(o.Shares.Feed[l]))
	}
	for _, x := range o.Head.Reads {
		view.Reads = append(view.Reads, session.HeadRead{Key: x.Key, Dot: x.Dot, Scaled: x.Scaled, Weight: x.Weight, Value: x.Value, Added: x.Added, Logits: pair(x.Logits)})
	}
	if err := showReads(&view, o); err != nil {
		return err
	}
	e.publish(view)
	return nil
}

// showReads adds the terms of the strongest q·k, and what the head reads at every token.
func showReads(view *session.InsideView, o examine.Opened) error {
	h := o.Head
	strongest, err := o.Inside.Strongest(h.Layer, h.Head, session.TokenReadsShown)
	if err != nil {
		return err
	}
	for _, reads := range strongest {
		var shown []session.TokenRead
		for n, r := range reads {
			if n > 0 && r.Weight < session.LeastTokenRead {
				break
			}
			shown = append(shown, session.TokenRead{Key: r.Key, Weight: float32(math.Round(r.Weight*1e4) / 1e4)})
		}
		view.Strongest = append(view.Strongest, shown)
	}
	order := make([]int, len(view.Reads))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(view.Reads[b].Weight, view.Reads[a].Weight) })
	for _, i := range order[:min(len(order), session.ReadsShown)] {
		view.Reads[i].Products = o.Inside.Products(h.Layer, h.Head, h.Query, i)
	}
	return nil
}
