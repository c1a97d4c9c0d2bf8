package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"attnlab/app/session"
)

// job is a command in the queue.
type job struct {
	session.Command
	ctx  context.Context
	stop context.CancelFunc
	do   func(context.Context) (string, error) // its plan; nil until it starts
}

// outcome says how the worker left a job.
type outcome int

const (
	done outcome = iota
	later
	failed
)

// trains returns true if the job lets others go first between two training steps.
func (j *job) trains() bool {
	_, is := j.Command.(session.Advance)
	return is
}

// inbox is the queue of jobs. The worker has the first one if started is true.
type inbox struct {
	e       *Engine
	ctx     context.Context
	queue   []*job
	started bool
}

// receive takes commands from the port and passes jobs to the worker, until ctx ends or the port is closed.
func (e *Engine) receive(ctx context.Context, jobs chan<- *job, finished <-chan outcome, first []session.Command) {
	in := &inbox{e: e, ctx: ctx}
	for _, c := range first {
		in.add(c)
	}
	for {
		var worker chan<- *job // nil, so never ready, while the worker is busy or has nothing to do
		var next *job
		if len(in.queue) > 0 && !in.started {
			worker, next = jobs, in.queue[0]
		}
		e.crowded.Store(slices.ContainsFunc(in.queue, func(j *job) bool { return !j.trains() }))
		e.queued.Store(len(in.queue) > 1)
		select {
		case worker <- next:
			in.started = true
		case how := <-finished:
			in.started = false
			in.finish(how)
		case <-ctx.Done():
			return
		case message, ok := <-e.port.In:
			if !ok {
				return
			}
			in.take(message)
		}
	}
}

// maxQueue is how many commands may wait. People and pages never send so many; a program that does would fill the memory.
const maxQueue = 1000

func (in *inbox) add(c session.Command) {
	if len(in.queue) >= maxQueue {
		in.e.fail(session.Kind(c), fmt.Errorf("%d commands wait already; ask again later", maxQueue))
		return
	}
	j := &job{Command: c}
	j.ctx, j.stop = context.WithCancel(in.ctx)
	in.queue = append(in.queue, j)
}

// finish removes the first job, or moves training behind the other jobs if the outcome is later.
func (in *inbox) finish(how outcome) {
	if how == later {
		slices.SortStableFunc(in.queue, func(a, b *job) int { return indicator(a.trains()) - indicator(b.trains()) })
		return
	}
	if _, begins := in.queue[0].Command.(session.Begin); begins && how == failed {
		in.skipAdvance()
	}
	in.queue[0].stop()
	in.queue = in.queue[1:]
}

// skipAdvance makes the next Advance of the queue do nothing, and a TrainBeside before it: they were meant for a run that could not begin.
func (in *inbox) skipAdvance() {
	nothing := func(context.Context) (string, error) { return "", nil }
	for _, j := range in.queue {
		if _, beside := j.Command.(session.TrainBeside); beside {
			j.do = nothing
		}
		if j.trains() && j.do == nil {
			j.do = nothing
			return
		}
	}
}

// take answers a message that needs no device, and queues the others.
func (in *inbox) take(message any) {
	e := in.e
	switch m := message.(type) {
	case error:
		e.fail("", m)
	case session.Hello:
		e.repeat()
	case session.Select:
		e.choose(m.Selection)
	case session.Restore:
		e.choose(m.Selection)
		in.add(m)
	case session.Hover: // only screens use it
	case session.UserActive:
		e.pauses.start(time.Now())
	case session.Check:
		e.check(m)
	case session.Cancel:
		for i, j := range in.queue {
			if m.Command == session.Kind(j.Command) || m.Command == "" && i == 0 {
				j.stop()
			}
		}
	case session.ShowCredit:
		e.showCredit(m)
		in.add(m) // for the losses, which are on the device
	case session.LoseDevice:
		e.losing.Store(true)
		in.add(m)
	case session.Command:
		in.add(m)
	}
}

// check reports whether a typed problem can be read.
func (e *Engine) check(c session.Check) {
	e.mu.Lock()
	task := e.task
	e.mu.Unlock()
	checked := session.Checked{Text: c.Text}
	if _, err := task.Parse(c.Text); err != nil {
		checked.Error = sentence(err)
	}
	e.publish(checked)
}

func indicator(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
