package engine

import (
	"time"

	"attnlab/app/session"
	"attnlab/rl/task"
)

// publish sends an event. If it is a snapshot, publish also saves it for [session.Hello].
func (e *Engine) publish(event session.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.put(event)
}

// put is publish for a caller that holds the lock.
func (e *Engine) put(event session.Event) {
	switch event.(type) {
	case session.Failure, session.Checked, session.RunFiles: // answers, no snapshots
	default:
		e.snapshots[session.Kind(event)] = event
	}
	e.send(event)
}

func (e *Engine) send(event session.Event) {
	if err := e.port.Send(event); err != nil {
		_ = e.port.Send(session.Failure{Command: session.Kind(event), Text: sentence(err)}) // without numbers, so it can be encoded
	}
}

// repeat sends all snapshots again. Each comes after those that it refers to.
func (e *Engine) repeat() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, snapshot := range []session.Event{session.Methods{}, session.Capabilities{}, session.Trace{}, session.HeadAttention{}, session.StepDetail{}, session.HeadsView{},
		session.Disruption{}, session.StepLosses{}, session.Importances{}, session.Samples{}, session.InsideView{}, session.AnswerLosses{}, session.LayerScores{}, session.Tree{}, session.Rules{}, session.Runs{}, session.Contrasts{}, session.Run{}, session.Beside{}, session.PairedRollouts{}, session.Credit{}, session.TokenLosses{}, session.Followed{}, session.Speeds{}, session.Offer{}, session.Listing{}, session.Selection{}, session.Status{}} {
		if event, ok := e.snapshots[session.Kind(snapshot)]; ok {
			e.send(event)
		}
	}
}

// clear replaces a snapshot by an empty one, if there is one.
func (e *Engine) clear(empty session.Event) {
	e.mu.Lock()
	_, have := e.snapshots[session.Kind(empty)]
	e.mu.Unlock()
	if have {
		e.publish(empty)
	}
}

// next returns the number of a new snapshot.
func (e *Engine) next() uint64 { return e.number.Add(1) }

// fail reports that a command failed. command is its kind.
func (e *Engine) fail(command string, err error) {
	e.publish(session.Failure{Command: command, Text: sentence(err)})
}

// busy reports what the engine does now.
func (e *Engine) busy(stage string, done, total int) {
	e.publish(session.Status{Stage: stage, Done: done, Total: total, Busy: true})
}

// rest reports the end of a job, with a sentence or none. While more jobs wait the status stays busy, so that screens which
// wait for the end of several commands see one end.
func (e *Engine) rest(text string) {
	time.Sleep(time.Millisecond) // lets the inbox count what was sent meanwhile
	status := session.Status{Stage: "ready", Text: text}
	switch {
	case e.queued.Load():
		status.Stage, status.Busy = "continuing", true
	case e.rig.model == nil:
		status.Stage = "waiting"
	}
	e.publish(status)
}

func (e *Engine) setTask(task task.Task) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.task = task
}
