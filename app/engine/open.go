package engine

import (
	"context"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/hf"
)

// open opens a backend and moves the current model to it, or loads the default base. If it fails, the old device stays. Why no
// GPU is used is among the capabilities.
func (e *Engine) open(ctx context.Context, backend string) (text string, err error) {
	e.busy("opening", 0, 0)
	if e.names, err = e.library.List(ctx); err != nil {
		e.names = nil
		e.fail("Open", err)
	}
	name, c, missing := e.capabilities.Model.Name, (*hf.Checkpoint)(nil), error(nil)
	if e.held == nil {
		name, c, missing = e.defaultBase(ctx)
		e.busy("opening", 0, 0)
	} else {
		c = e.held.Checkpoint
	}
	d, made, err := e.openNow(backend, c)
	if err != nil {
		return "", err
	}
	if err := e.move(ctx, d); err != nil {
		d.Close()
		return "", err
	}
	e.backend, e.choice = backend, made
	e.describe()
	if e.runsRead() {
		e.listRuns()
	} else {
		e.announce()
	}
	e.listModels(ctx)
	switch {
	case missing != nil:
		return "", missing
	case e.held == nil:
		err = e.useDefault(ctx, name, c)
	case e.reasoning != nil:
		err = e.show()
	}
	return "", err
}

// move puts the current model and the active run on another device, and closes the old one. If it fails, the old device
// stays.
func (e *Engine) move(ctx context.Context, d *gpu.Device) error {
	d.Yield = e.pause
	next := rig{device: d}
	if e.held != nil {
		e.busy("loading", 0, 0)
		var err error
		if next, err = newRig(ctx, d, e.held, func(done, total int64) { e.busy("loading", int(done), int(total)) }); err != nil {
			return err
		}
	}
	if e.run != nil {
		for _, t := range e.active() {
			if e.rig.device.Lost() {
				break
			}
			if err := e.copyState(t); err != nil {
				next.release()
				return err
			}
		}
		if err := e.moveRun(e.run, d); err != nil {
			next.release()
			return err
		}
		e.moveSecond(d)
		defer func() {
			for _, t := range e.active() {
				e.showRun(t)
			}
		}()
	}
	old := e.rig
	e.rig = next
	if old.device != nil {
		old.release()
		old.device.Close()
	}
	return nil
}

// recover opens the device again after its loss, and restores the model, the trace and the run. It returns a sentence for the
// visitor.
func (e *Engine) recover(ctx context.Context) (text string, err error) {
	e.publish(session.Status{Stage: "opening", Busy: true, Text: "The GPU was lost; opening it again."})
	backend := e.backend
	if backend == gpu.Auto && e.rig.device.Info.Backend == gpu.Host {
		backend = gpu.Host // a race or a failure has chosen it
	}
	for range 2 { // a new device may be lost at once, while the driver restarts
		var d *gpu.Device
		var why string
		if d, why, err = gpu.Open(backend); err != nil {
			continue
		}
		if err = e.move(ctx, d); err != nil {
			d.Close()
			continue
		}
		before := e.capabilities.Backend
		if before != backendOf(d.Info) {
			e.choice = choice{why: why}
		}
		e.describe()
		what := "the model and the trace"
		if e.run != nil {
			what = "the model, the trace and the run"
		}
		text = "The GPU was lost and opened again; " + what + " are restored."
		if before != backendOf(d.Info) {
			text = "The GPU was lost and could not be opened again; the engine now uses the processor, and " + what + " are restored."
		}
		e.announce()
		if e.reasoning != nil {
			err = e.show()
		}
		if err == nil {
			return text, nil
		}
	}
	return "", err
}
