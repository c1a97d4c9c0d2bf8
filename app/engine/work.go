package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
)

// work carries out jobs, and runs the self-test between them, until jobs is closed.
func (e *Engine) work(ctx context.Context, jobs <-chan *job, finished chan<- outcome) {
	for {
		j, ok := e.nextJob(ctx, jobs)
		if !ok {
			return
		}
		finished <- e.carryOut(j)
	}
}

// carryOut runs a job to its end, or until it returns errLater to let others go first. If the device is lost meanwhile, it
// opens the device again and repeats the job once.
func (e *Engine) carryOut(j *job) (how outcome) {
	ctx := responsive{j.ctx, e}
	e.readFor(ctx, j.Command)
	if j.do == nil {
		j.do = e.plan(j.Command)
	}
	text, err := j.do(ctx)
	if lost(err) {
		text, err = e.recover(ctx)
		if err == nil {
			e.publish(session.Status{Stage: "opening", Busy: true, Text: text}) // now, because the job may take long
			var more string
			more, err = j.do(ctx)
			text = strings.TrimSpace(text + " " + more)
		}
	}
	switch {
	case errors.Is(err, errLater):
		return later
	case err == nil:
	case j.ctx.Err() != nil:
		text, how = "Stopped.", failed
	default:
		e.fail(session.Kind(j.Command), err)
		how = failed
	}
	e.rest(text)
	return how
}

// plan returns the function that carries out a command. It may be called again, after the loss of the device or after
// errLater, and then continues. It returns a sentence for the visitor, or none.
func (e *Engine) plan(c session.Command) func(context.Context) (string, error) {
	silent := func(do func(context.Context) error) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) { return "", do(ctx) }
	}
	switch c := c.(type) {
	case session.Open:
		return func(ctx context.Context) (string, error) { return e.open(ctx, c.Backend) }
	case session.UseModel:
		return silent(func(ctx context.Context) error { return e.useModel(ctx, c) })
	case session.LookAt:
		return silent(func(ctx context.Context) error { return e.lookAt(ctx, c) })
	case session.Browse:
		return silent(func(context.Context) error { return e.browse(c) })
	case session.OpenRun:
		return func(ctx context.Context) (string, error) { return e.openRun(ctx, c) }
	case session.OpenModel:
		return silent(func(ctx context.Context) error { return e.openModel(ctx, c) })
	case session.LeaveOffer:
		return silent(func(context.Context) error { e.leaveOffer(); return nil })
	case session.DropModel:
		return silent(func(ctx context.Context) error { return e.dropModel(ctx, c.ID) })
	case session.Restore:
		return e.planRestore(c)
	case session.NewProblem:
		return silent(func(context.Context) error { return e.newProblem(c) })
	case session.CutSteps:
		return silent(func(context.Context) error { return e.cutSteps(c.Rule) })
	case session.LabelSteps:
		return silent(func(context.Context) error { return e.labelSteps(c) })
	case session.Generate:
		return e.planGenerate(c)
	case session.ShowTrace:
		return silent(func(context.Context) error { return e.showTrace(c) })
	case session.FindHeads:
		return e.planFindHeads(c)
	case session.Disrupt:
		if c.Step < 0 {
			return silent(func(ctx context.Context) error { return e.disruptMany(ctx, c) })
		}
		return e.planDisruptOne(c)
	case session.DisruptSteps:
		return e.planDisruptSteps(c)
	case session.ResampleSteps:
		return e.planResampleSteps(c)
	case session.SampleMany:
		return e.planSampleMany(c)
	case session.EditResponse:
		return e.planEdit(c)
	case session.LookInside:
		return silent(func(context.Context) error { return e.lookInside(c) })
	case session.Ablate:
		return silent(func(ctx context.Context) error { return e.ablate(ctx, c) })
	case session.PatchStates:
		return silent(func(ctx context.Context) error { return e.patch(ctx, c) })
	case session.DisruptAnswer:
		return silent(e.disruptAnswer)
	case session.ScoreLayers:
		return silent(func(context.Context) error { return e.scoreLayers(c) })
	case session.GrowTree:
		return e.planGrowTree(c)
	case session.BranchByHand:
		return e.planBranch(c)
	case session.CompareRules:
		return e.planCompareRules(c)
	case session.Begin:
		return silent(func(ctx context.Context) error { return e.beginRun(ctx, c.Settings) })
	case session.TrainBeside:
		return silent(func(ctx context.Context) error { return e.trainBeside(ctx, c) })
	case session.ShowPair:
		return silent(func(context.Context) error { return e.showPair(c) })
	case session.Advance:
		return e.planAdvance(c)
	case session.ShowCredit:
		return silent(func(context.Context) error { return e.showLosses() })
	case session.ResumeRun:
		return silent(func(ctx context.Context) error { return e.resumeRun(ctx, c.ID) })
	case session.FollowRun:
		return silent(func(ctx context.Context) error { return e.followRun(ctx, c) })
	case session.DropRun:
		return silent(func(ctx context.Context) error { return e.dropRun(ctx, c.ID) })
	case session.RenameRun:
		return silent(func(ctx context.Context) error { return e.renameRun(ctx, c.ID, c.Name) })
	case session.ShowRollouts:
		return silent(func(ctx context.Context) error { return e.showRollouts(ctx, c) })
	case session.ExportRun:
		return silent(func(ctx context.Context) error { return e.exportRun(ctx, c) })
	case session.ExportMetrics:
		return silent(func(ctx context.Context) error { return e.exportMetrics(ctx, c) })
	case session.ContrastRuns:
		return silent(func(ctx context.Context) error { return e.contrastRuns(ctx, c) })
	case session.ImportRun:
		return func(ctx context.Context) (string, error) { return e.importRun(ctx, c) }
	case session.MeasureSpeed:
		return silent(func(ctx context.Context) error { return e.measureSpeed(ctx, c) })
	case session.RaceAgain:
		return e.raceAgain
	case session.LoseDevice:
		return silent(func(context.Context) error { return e.loseDevice() })
	}
	panic(fmt.Sprintf("engine: no plan for %T", c))
}

// responsive is a context whose Err lets the inbox and the event loop run. Package model calls Err between readbacks.
type responsive struct {
	context.Context
	e *Engine
}

// Err lets others run and loses the device if that was asked for.
func (r responsive) Err() error {
	// In a browser only a sleep lets the event loop run. It takes some milliseconds.
	if time.Since(r.e.slept) > 20*time.Millisecond {
		time.Sleep(time.Millisecond)
		r.e.slept = time.Now()
	}
	r.e.loseIfAsked()
	return r.Context.Err()
}

// loseDevice simulates the loss of the device and returns the error that follows from it.
func (e *Engine) loseDevice() error {
	if e.rig.device == nil {
		e.losing.Store(false)
		return errors.New("no device is open; open a backend first")
	}
	e.loseIfAsked()
	return e.rig.device.Err()
}

func (e *Engine) loseIfAsked() {
	if e.rig.device != nil && e.losing.Swap(false) {
		e.rig.device.Lose()
	}
}

// lost returns true if err is the loss of a device.
func lost(err error) bool {
	_, is := errors.AsType[*gpu.LostError](err)
	return is
}
