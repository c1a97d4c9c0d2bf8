package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/runs"
	"attnlab/rl/score"
	"attnlab/rl/task"
	"attnlab/rl/task/text"
)

func (c *console) train(ctx context.Context, t training) error {
	if err := t.check(c); err != nil {
		return err
	}
	if err := checkWritable("--token-loss", t.losses); err != nil {
		return err
	}
	o, err := t.open(ctx, c)
	if err != nil {
		return err
	}
	defer o.close()
	result, err := c.runTraining(ctx, o)
	if err != nil {
		return err
	}
	if peak := o.device.Counters.Peak; peak >= largeModel {
		c.note("buffers on the device took %d MB at most", peak>>20)
	}
	return c.print(result, result.text)
}

// runTraining takes the steps, logs and saves. If ctx ends, it saves and reports how to resume.
func (c *console) runTraining(ctx context.Context, o *opened) (result trained, err error) {
	settings := o.writer.Settings
	bar := c.progress(settings.Method)
	bar.from, _ = settings.Progress(o.Steps(), o.Generated)
	saved := time.Now()
	if err := o.follow(ctx); err != nil && ctx.Err() == nil {
		return result, err
	}
	for stepping := true; stepping && !settings.Done(o.Steps(), o.Generated); {
		report, err := o.Step(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			return result, err
		case err != nil:
			stepping = false
			continue
		}
		if err := o.writer.Append(ctx, report); err != nil {
			return result, fmt.Errorf("step %d: %w", report.Step, err)
		}
		if err := o.writer.Keep(ctx, o.Rollouts); err != nil {
			return result, fmt.Errorf("step %d: %w", report.Step, err)
		}
		if err := o.follow(ctx); err != nil && ctx.Err() == nil {
			return result, err
		}
		done, of := settings.Progress(o.Steps(), o.Generated)
		bar.set(done, of, fmt.Sprintf("accuracy %.3f, %.1f think tokens, %.0f tokens a second", report.Accuracy, report.ThinkTokens, report.TokensPerSecond))
		if time.Since(saved) > saveEvery {
			if err := o.save(ctx); err != nil {
				return result, err
			}
			saved = time.Now()
		}
	}
	bar.end()
	if f := o.writer.Followed; f != nil {
		if err := rl.FillBase(o.device, o.base, f); err != nil {
			return result, err
		}
	}
	if err := o.save(ctx); err != nil {
		return result, err
	}
	if o.losses != "" {
		if err := o.writeLosses(); err != nil {
			return result, err
		}
	}
	if !settings.Done(o.Steps(), o.Generated) {
		return result, fmt.Errorf("stopped after step %d; resume by \"attnlab train --resume --out %s\"", o.Steps(), o.out)
	}
	if result, err = o.conclude(ctx); err != nil && ctx.Err() != nil {
		err = fmt.Errorf("stopped while the trained model was measured; it is in %s, and --resume measures it again", o.out)
	}
	return result, err
}

// writeLosses writes the loss of each token of the last step, a line a response that it trained on.
func (o *opened) writeLosses() error {
	last := o.Last()
	if last == nil {
		return errors.New("--token-loss: no step was taken, so there is no loss to write; resume, and let it take a step")
	}
	var lines []runs.TokenLosses
	for i, g := range last.Groups {
		for j := range g.Samples {
			l, err := o.TokenLosses(i, j)
			if err != nil {
				return err
			}
			if len(l.Tokens) > 0 {
				lines = append(lines, l)
			}
		}
	}
	return writeLines("--token-loss", o.losses, lines)
}

// follow has the policy answer the run's followed problem where that is due. The answers are written with the next checkpoint.
func (o *opened) follow(ctx context.Context) (err error) {
	o.writer.Followed, err = o.Follow(ctx, o.writer.Settings, o.writer.Followed)
	return err
}

// save writes a checkpoint, also when ctx has ended.
func (o *opened) save(ctx context.Context) error {
	checkpoint, err := o.Checkpoint()
	if err != nil {
		return err
	}
	files, err := checkpoint.Files()
	if err != nil {
		return err
	}
	if s := checkpoint.Train; s.LoRA != nil {
		adapters := hf.Adapters{LoRA: *s.LoRA, Words: s.Adapters}
		if err := adapters.Save(checkpoint.Config, filepath.Join(o.out, "adapter")); err != nil {
			return err
		}
	}
	return wrapOut(o.writer.Save(context.WithoutCancel(ctx), files))
}

// measured records how the numbers in the run's log are measured.
func (t *training) measured(r *rl.Run, kind task.Task) *runs.Measured {
	m := &runs.Measured{Model: t.Base.Weights, Base: t.Base.Weights, Task: kind.Name(), Temperature: runs.To(r.Temperature), TopP: runs.To(1.0),
		MaxLength: runs.To(r.MaxLength), Stream: task.RolloutStream, Seed: runs.To(t.Seed), Adapter: r.Model.Device.Info.String()}
	if free, ok := kind.(*text.Task); ok {
		m.Difficulty, m.Wording = free.Wording()
	} else {
		m.Teacher, m.Difficulty = task.Describe(t.Task, t.Teacher, t.Difficulty)
	}
	return m
}

// trained is result.json with the last line of the log, typed.
type trained struct {
	*runs.Result
	last  rl.StepReport
	base  rl.Probe
	after rl.Probe
}

// conclude measures the trained model, and its base on the same problems in the same way, and writes result.json.
func (o *opened) conclude(ctx context.Context) (t trained, err error) {
	if t.after, err = o.Measure(ctx); err != nil {
		return t, err
	}
	t.base = *o.Base()
	t.Result = &runs.Result{Step: o.Steps(), Adapter: o.Model.Device.Info.String()}
	if o.writer.Result != nil { // measured before: keys that are not ours stay
		*t.Result = *o.writer.Result
		t.Step, t.Adapter, t.Evaluation, t.BaseEvaluation, t.FocusHeads = o.Steps(), o.Model.Device.Info.String(), nil, nil, nil
	}
	t.AddLine(o.writer.Log.Line())
	if err := json.Unmarshal(o.writer.Log.Line(), &t.last); err != nil {
		return t, err
	}
	for _, h := range o.FocusHeads() {
		t.FocusHeads = append(t.FocusHeads, runs.FocusHead{Layer: h.Layer, Head: h.Head, Before: rankOf(h, t.base), After: rankOf(h, t.after)})
	}
	for _, of := range []struct {
		to   *json.RawMessage
		what any
	}{{&t.Base, t.base}, {&t.After, t.after}} {
		if *of.to, err = json.Marshal(of.what); err != nil {
			return t, err
		}
	}
	if o.evaluate > 0 {
		if err := o.evaluateBoth(ctx, &t); err != nil {
			return t, err
		}
	}
	return t, wrapOut(o.writer.Finish(ctx, t.Result))
}

// evaluateBoth evaluates the trained model and its base on the same problems, sampled as in training with the same random
// numbers, so that only the training differs.
func (o *opened) evaluateBoth(ctx context.Context, t *trained) error {
	m := *o.writer.Settings.Measured
	m.Stream, m.Problems = task.EvalStream, runs.To(o.evaluate)
	m.Tokens, m.Updates = runs.To(o.Generated), runs.To(o.Trainer.Steps)
	checkpoint, err := o.Checkpoint()
	if err != nil {
		return err
	}
	m.Model = checkpoint.WeightsSum()
	t.Measured = &m
	if t.Evaluation, err = o.evaluation(ctx, o.Decoder, m); err != nil {
		return err
	}
	return o.WithBase(func(d *model.Decoder, _ *model.Scorer) (err error) {
		t.BaseEvaluation, err = o.evaluation(ctx, d, m)
		return err
	})
}

func (o *opened) evaluation(ctx context.Context, d *model.Decoder, m runs.Measured) (json.RawMessage, error) {
	seed := uint64(*m.Seed)
	attempts, err := examine.Attempts(ctx, d, o.Task, task.Problems(o.Task, m.Stream, seed, *m.Problems), *m.MaxLength,
		model.Sampling{Temperature: float32(*m.Temperature), Seed: uint32(task.SeedOf("sample", seed, 0))}, nil)
	if err != nil {
		return nil, err
	}
	return json.Marshal(examine.Evaluate(o.Task, attempts))
}

func rankOf(h score.Head, p rl.Probe) number {
	for _, rank := range p.Heads {
		if rank.Head == h {
			return number(rank.SRA)
		}
	}
	return noNumber
}

func (t trained) text(w io.Writer) {
	fmt.Fprintf(w, "\tbase\tafter %d steps\n", t.Step)
	for _, row := range []struct {
		name          string
		before, after float64
	}{
		{"accuracy", t.base.Accuracy, t.after.Accuracy},
		{"think tokens", t.base.ThinkTokens, t.after.ThinkTokens},
		{"redundant steps", t.base.RedundantSteps, t.after.RedundantSteps},
		{"essential steps", t.base.EssentialSteps, t.after.EssentialSteps},
	} {
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\n", row.name, row.before, row.after)
	}
	for _, h := range t.FocusHeads {
		fmt.Fprintf(w, "SRA of L%d·H%d\t%v\t%v\n", h.Layer, h.Head, h.Before, h.After)
	}
	fmt.Fprintf(w, "\n%d tokens generated, %d trained on, %d updates, %.0f s\n", t.last.Generated, t.last.Trained, t.last.Updates, t.last.Seconds)
}
