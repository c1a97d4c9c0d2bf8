package engine

import (
	"context"
	"errors"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
)

// open opens a backend and moves the current model to it, or loads the default base. If it fails, the old device stays.
func (e *Engine) open(ctx context.Context, backend string) (text string, err error) {
	e.busy("opening", 0, 0)
	d, why, err := gpu.Open(backend)
	if err != nil {
		return "", err
	}
	if err := e.move(d); err != nil {
		d.Close()
		return "", err
	}
	e.backend = backend
	e.describe(why)
	if e.names, err = e.library.List(ctx); err != nil {
		e.names = nil
		e.fail("Open", err)
	}
	if !e.runsLoaded {
		e.loadRuns(ctx)
	}
	e.listRuns()
	switch {
	case e.checkpoint == nil && len(e.names) == 0:
		return "", errors.New("no base is shipped with this build; open the folder of a model")
	case e.checkpoint == nil:
		err = e.useModel(ctx, session.UseModel{Name: e.defaultBase()})
		if err != nil && backend == gpu.Auto && d.Err() != nil { // the device opened but failed at the first model
			why = "no GPU can be used here: " + err.Error()
			d = gpu.OpenHost()
			if err = e.move(d); err != nil {
				return "", err
			}
			e.describe(why)
			err = e.useModel(ctx, session.UseModel{Name: e.defaultBase()})
		}
	case e.reasoning != nil:
		err = e.show()
	}
	if d.Info.Backend == gpu.Host && backend != gpu.Host {
		text = e.capabilities.Why + " The engine uses the processor instead: the figures are the same, but slower."
	}
	return text, err
}

// move puts the current model and the active run on another device, and closes the old one. If it fails, the old device
// stays.
func (e *Engine) move(d *gpu.Device) error {
	d.Yield = func() time.Duration { return e.pauses.left(time.Now()) }
	next := rig{device: d}
	if e.checkpoint != nil {
		e.busy("loading", 0, 0)
		var err error
		if next, err = newRig(d, e.checkpoint); err != nil {
			return err
		}
	}
	if e.run != nil {
		if !e.rig.device.Lost() {
			if err := e.copyState(e.run); err != nil {
				return err
			}
		}
		if err := e.moveRun(e.run, d); err != nil {
			next.release()
			return err
		}
		defer e.showRun(e.run)
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
	for range 2 { // a new device may be lost at once, while the driver restarts
		var d *gpu.Device
		var why string
		if d, why, err = gpu.Open(e.backend); err != nil {
			continue
		}
		if err = e.move(d); err != nil {
			d.Close()
			continue
		}
		before := e.capabilities.Backend
		e.describe(why)
		what := "the model and the trace"
		if e.run != nil {
			what = "the model, the trace and the run"
		}
		text = "The GPU was lost and opened again; " + what + " are restored."
		if before != d.Info.Backend {
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
