package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Experiments over many problems use the default seed of "attnlab heads" and
// "attnlab disrupt", and temperature 1.
const experimentSeed = 1

var experimentSampling = key(session.Sampling{Temperature: 1, Seed: experimentSeed})

func checkCount(what string, n, most int) error {
	if n < 1 || n > most {
		return fmt.Errorf("%d %s are out of range; choose 1 to %d", n, what, most)
	}
	return nil
}

// planFindHeads samples responses to probing problems, some at a time. After each
// part it scores the heads on all correct responses so far and publishes the scores.
func (e *Engine) planFindHeads(c session.FindHeads) func(context.Context) (string, error) {
	var correct []examine.Examined
	done := 0
	return func(ctx context.Context) (string, error) {
		if e.rig.model == nil {
			return "", errNoModel
		}
		if err := checkCount("problems", c.Problems, session.MaxProblems); err != nil {
			return "", err
		}
		if err := mayExperiment(e.task, true); err != nil {
			return "", err
		}
		var shown time.Time
		for done < c.Problems {
			attempts, err := e.attempts(ctx, "finding heads", task.ProbeStream, done, c.Problems)
			if err != nil {
				e.publishHeads(correct, done, c.Problems)
				return "", err
			}
			var traces []task.Trace
			for _, a := range attempts {
				if a.Trace.Correct {
					traces = append(traces, a.Trace)
				}
			}
			examined, err := examine.Examine(e.rig.scorer, traces, delta)
			if err != nil {
				return "", err
			}
			correct = append(correct, examined...)
			done += len(attempts)
			if time.Since(shown) > 100*time.Millisecond || done == c.Problems {
				e.publishHeads(correct, done, c.Problems)
				shown = time.Now()
			}
		}
		if len(correct) == 0 {
			return "", examine.NoHeads(done)
		}
		return fmt.Sprintf("%d of %d responses were correct; the heads are scored on those.", len(correct), done), nil
	}
}

func (e *Engine) publishHeads(correct []examine.Examined, done, of int) {
	scores := examine.HeadScores{}
	if len(correct) > 0 {
		scores = examine.ScoreHeads(correct)
	}
	L, H := e.rig.model.Layers, e.rig.model.Heads
	view := session.HeadsView{Number: e.next(), Problems: done, Of: of, Layers: L, Heads: H, Pairs: scores.Pairs, KeyFocus: [][2]int{},
		SRA: known(scores.SRA, L*H), Kurtosis: known(scores.Kurtosis, L*H)}
	if view.Ranked = scores.Ranked; view.Ranked > 0 {
		view.Position, view.PositionLow, view.PositionHigh = stat.Finite(scores.Position), stat.Finite(scores.PositionIn.Low), stat.Finite(scores.PositionIn.High)
		for _, layer := range scores.SRAInterval {
			for _, in := range layer {
				view.SRALow, view.SRAHigh = append(view.SRALow, stat.Finite(in.Low)), append(view.SRAHigh, stat.Finite(in.High))
			}
		}
	}
	if view.Ranked > 1 {
		view.HeldOut, view.HeldOutPosition = heldOutHeads(examine.ChooseHeads(correct, rl.ATTNPO.Params.Lab().Int("heads")))
	}
	for _, head := range score.TopHeads(scores.SRA, rl.ATTNPO.Params.Lab().Int("heads")) {
		view.KeyFocus = append(view.KeyFocus, [2]int{head.Layer, head.Head})
	}
	e.publish(view)
}

// heldOutHeads are chosen heads and the place of a step as pages show them.
func heldOutHeads(c examine.Chosen) (heads []session.HeldOutHead, position *session.HeldOutHead) {
	for _, h := range c.Heads {
		one := heldOutHead(h.Head, h.JudgedRank)
		one.First, one.Over, one.OverSE = stat.Finite(h.First), stat.Finite(h.OverPosition), stat.Finite(h.OverPositionError)
		heads = append(heads, one)
	}
	p := heldOutHead(score.Head{}, c.Position)
	return heads, &p
}

func heldOutHead(h score.Head, j examine.JudgedRank) session.HeldOutHead {
	return session.HeldOutHead{Layer: h.Layer, Head: h.Head, SRA: stat.Finite(j.SRA), SE: stat.Finite(j.StandardError), Responses: j.Responses}
}

// known flattens score [L][H] to n values; a missing score or NaN becomes nil.
func known(score [][]float64, n int) []*float64 {
	all := make([]*float64, n)
	i := 0
	for _, layer := range score {
		for _, v := range layer {
			if !math.IsNaN(v) {
				all[i] = &v
			}
			i++
		}
	}
	return all
}

// attempts samples responses to problem number from of a stream and those after it,
// as many as the decoder samples at once and none beyond the first of problems. They
// are those of [task.Problems] and [examine.Attempts].
func (e *Engine) attempts(ctx context.Context, stage, stream string, from, of int) ([]examine.Attempt, error) {
	e.busy(stage, from, of)
	attempts := make([]examine.Attempt, min(e.rig.slots, of-from))
	requests := make([]model.Request, len(attempts))
	for i := range attempts {
		p := task.Draw(e.task, stream, experimentSeed, uint64(from+i))
		room := min(longest, e.rig.model.MaxContext-len(p.Prompt))
		if room < 1 {
			return nil, errors.New("a problem is longer than the model's context; use easier problems")
		}
		attempts[i].Problem = p
		requests[i] = model.Request{Tokens: p.Prompt, Max: room, ID: uint32(from + i)}
	}
	finished := from
	rollouts, err := e.rig.decoder.Generate(ctx, requests, experimentSampling, func(int, model.Rollout) {
		finished++
		e.busy(stage, finished, of)
	})
	if err != nil {
		return nil, err
	}
	for i, r := range rollouts {
		attempts[i].Trace, attempts[i].Rollout = e.task.Judge(attempts[i].Problem, r.Tokens), r
	}
	return attempts, nil
}
