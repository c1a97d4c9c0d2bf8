package engine

import (
	"context"
	"fmt"
	"slices"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// inspectorOf is an inspector of the current model for the given traces, as "attnlab inside" makes one.
func (e *Engine) inspectorOf(traces ...task.Trace) (*model.Inspector, error) {
	most := min(e.rig.model.MaxContext, 2048)
	for _, t := range traces {
		most = max(most, len(t.Tokens)+1)
	}
	return model.NewInspector(e.rig.model, most)
}

// ablate measures what answers lose without heads, as "attnlab inside --ablate" does with its default seed. It publishes after each set of heads.
func (e *Engine) ablate(ctx context.Context, c session.Ablate) error {
	if e.rig.model == nil {
		return errNoModel
	}
	if err := checkCount("problems", c.Problems, session.MaxProblems); err != nil {
		return err
	}
	by := examine.Ablation(c.By)
	if !slices.Contains(examine.Ablations(), by) {
		return fmt.Errorf("heads can be replaced by zero or by mean and not by %.20q", c.By)
	}
	sets, err := e.ablated(c.Heads)
	if err != nil {
		return err
	}
	if err := mayExperiment(e.task, false); err != nil {
		return err
	}
	problems := task.Problems(e.task, task.EvalStream, experimentSeed, c.Problems)
	of := c.Problems + len(sets)
	e.busy(ablating, 0, of)
	attempts, err := examine.Attempts(ctx, e.rig.decoder, e.task, problems, examine.Cap(0, e.rig.model.MaxContext), experimentSampling, func(done, _ int) { e.busy(ablating, done, of) })
	if err != nil {
		return err
	}
	traces := make([]task.Trace, len(attempts))
	for n, a := range attempts {
		traces[n] = a.Trace
	}
	i, err := e.inspectorOf(traces...)
	if err != nil {
		return err
	}
	defer i.Release()
	e.busy(ablating, c.Problems, of)
	a, err := examine.NewAblating(ctx, i, e.task, problems, traces)
	if err != nil {
		return err
	}
	view := session.Ablations{Asked: c, Traces: a.Traces(), LogProb: meanOf(a.LogProb()), Right: meanOf(a.Right()), Of: len(sets), Rows: []session.Ablation{}}
	publish := func() {
		view.Number, view.Rows = e.next(), slices.Clone(view.Rows)
		e.publish(view)
	}
	publish()
	for n, heads := range sets {
		e.busy(ablating, c.Problems+n, of)
		effect, err := a.Without(ctx, heads, by)
		if err != nil {
			return err
		}
		row := session.Ablation{LogProb: changeOf(effect.LogProb), Right: changeOf(effect.Right)}
		for _, h := range heads {
			row.Heads = append(row.Heads, [2]int{h.Layer, h.Head})
		}
		view.Rows = append(view.Rows, row)
		publish()
	}
	return nil
}

// ablating is the stage of [Engine.ablate].
const ablating = "ablating heads"

// ablated are the sets of heads that are ablated, one after another. It returns an error where the model has no such head or one is named twice.
func (e *Engine) ablated(heads [][2]int) (sets [][]score.Head, err error) {
	m := e.rig.model
	if len(heads) == 0 {
		for l := range m.Layers {
			for h := range m.Heads {
				sets = append(sets, []score.Head{{Layer: l, Head: h}})
			}
		}
		return sets, nil
	}
	var together []score.Head
	for _, at := range heads {
		h := score.Head{Layer: at[0], Head: at[1]}
		if h.Layer < 0 || h.Layer >= m.Layers || h.Head < 0 || h.Head >= m.Heads {
			return nil, fmt.Errorf("there is no head %d.%d; the model has %d layers of %d heads, counted from 0", h.Layer, h.Head, m.Layers, m.Heads)
		}
		if slices.Contains(together, h) {
			return nil, fmt.Errorf("head %d.%d is named twice; name each head once", h.Layer, h.Head)
		}
		together = append(together, h)
	}
	return [][]score.Head{together}, nil
}

func meanOf(value, standardError float64) session.Mean {
	return session.Mean{Value: value, SE: stat.Finite(standardError)}
}

func changeOf(d stat.Difference) session.Change {
	return session.Change{Mean: meanOf(d.Mean, d.Error), Interval: knownInterval(d.Interval)}
}
