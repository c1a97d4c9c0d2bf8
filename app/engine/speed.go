package engine

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/race"
	"attnlab/model/speed"
	"attnlab/model/workload"
)

// measureSpeed measures the host and the adapter on devices of their own, so that the model, the trace and the run stay as they
// are. It publishes the rows so far, also when it is stopped.
func (e *Engine) measureSpeed(ctx context.Context, c session.MeasureSpeed) error {
	filter, err := regexp.Compile(c.Filter)
	if err != nil {
		return fmt.Errorf("the names to measure, %.40q, cannot be read: %w", c.Filter, err)
	}
	e.busy("opening", 0, 0)
	speeds := session.Speeds{Running: true, Rows: []speed.Row{}}
	devices := []*gpu.Device{gpu.OpenHost()}
	if d, _, err := gpu.Open(gpu.WebGPU); err == nil {
		if _, err := race.Tune(d, &e.products); err != nil {
			d.Close()
			return err
		}
		devices = append(devices, d)
	} else {
		speeds.Missing = sentence(fmt.Errorf("WebGPU is not measured: %w", err))
	}
	for _, d := range devices {
		d.Yield = e.pause
		defer d.Close()
	}
	show := func(rows []speed.Row) {
		speeds.Number, speeds.Rows = e.next(), rows
		e.publish(speeds)
	}
	rows, err := workload.Measure(ctx, devices, workload.Plan{Filter: filter, Full: c.Full}, func(done, total int, name string, rows []speed.Row) {
		speeds.Done, speeds.Of, speeds.Part = done, total, name
		e.busy("measuring speed", done, total)
		show(rows)
		_ = ctx.Err() // lets the inbox and the event loop run
	})
	speeds.Running, speeds.Part = false, ""
	show(rows)
	if err != nil && ctx.Err() == nil {
		return errors.New(session.Message(err)) // not the loss of the engine's own device
	}
	return err
}
