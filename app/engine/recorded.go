package engine

import (
	"context"
	"fmt"
	"io/fs"

	"attnlab/app/session"
)

// showRecorded shows a shipped recorded trace. The model does not take part, so there is nothing to continue until another problem comes.
func (e *Engine) showRecorded(ctx context.Context, name string) error {
	if e.library.Recorded == nil {
		return fmt.Errorf("there is no recorded trace %q (%w)", name, fs.ErrNotExist)
	}
	e.busy("loading", 0, 0)
	data, err := e.library.Recorded(ctx, name)
	if err != nil {
		return err
	}
	r, err := session.ReadRecording(data)
	if err != nil {
		return err
	}
	e.begin(nil)
	e.recorded = true
	t, s := r.Trace, newSeen(r.Input(), r.Trace.Top)
	t.Top, t.FCIHeads, t.Focus = nil, nil, nil // publishTrace adds them where they fit a message
	e.publishTrace(t, s)
	r.Losses.Number, r.Losses.Trace = e.next(), e.traceNumber()
	e.publish(r.Losses)
	return nil
}
