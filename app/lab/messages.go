package lab

import (
	"time"

	"attnlab/app/session"
)

// messagePause is how long a message of a run may wait for the messages that follow.
const messagePause = 50 * time.Millisecond

// group calls receive with the messages that belong together, so that the page is drawn once for them: a training step brings
// the run, its credit and losses, and then the engine's status. It returns when in is closed.
func group(in <-chan any, pause time.Duration, receive func(messages []any)) {
	var waiting []any
	var over <-chan time.Time
	flush := func() {
		if len(waiting) > 0 {
			receive(waiting)
		}
		waiting, over = nil, nil
	}
	defer flush()
	for {
		select {
		case message, ok := <-in:
			if !ok {
				return
			}
			switch message.(type) {
			case session.Selection: // the engine's older selection; this page has the newer one and need not be redrawn
				continue
			case session.Run, session.Beside, session.PairedRollouts, session.Runs, session.Credit, session.TokenLosses, session.Followed:
				if waiting = append(waiting, message); over == nil {
					over = time.After(pause)
				}
				continue
			}
			waiting = append(waiting, message)
			flush()
		case <-over:
			flush()
		}
	}
}
