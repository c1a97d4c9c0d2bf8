// Package engine carries out the commands of a session: it owns device, model,
// decoder, scorer and task, and says by events and snapshots what came of them.
// Package session has the words; screens know only those.
//
// Two goroutines share the work. The inbox hears every command at once and answers
// what needs no device; the worker carries out the others in order and is the only
// one that touches the device. In a browser both share one thread, so the worker
// lets the event loop run between readbacks.
package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl/task"
)

// Library is what an engine gets from outside: shipped models and runs, and room for
// the visitor's runs.
type Library struct {
	// List names them. An engine that has not been told otherwise takes small or, on
	// the host engine, tiny ones first.
	List func(context.Context) ([]string, error)
	// Fetch brings a base's files by their names in the folder; progress sees the bytes
	// so far, and all of them or 0 where unknown. What is not there is an [fs.ErrNotExist].
	Fetch func(ctx context.Context, name string, progress func(done, total int)) (map[string][]byte, error)
	// Runs brings the files of the shipped runs that others are compared with: run.json
	// and metrics.jsonl. Nil is none.
	Runs func(context.Context) ([]ShippedRun, error)
	// Store keeps runs from one visit to the next; nil keeps none.
	Store Store
}

// ShippedRun is the files of a run by their names in its folder.
type ShippedRun struct {
	Name  string
	Files map[string][]byte
}

// Engine is at work on one session.
type Engine struct {
	port    *session.Port
	library Library

	mu        sync.Mutex // publishing, and what follows
	snapshots map[string]session.Event
	attended  attended
	task      task.Task // of the model, with the difficulty of the last problem
	losing    atomic.Bool
	crowded   atomic.Bool   // others wait while training goes on
	queued    atomic.Bool   // there is more to do after the job at work
	number    atomic.Uint64 // of the last snapshot
	room      room

	crediting sync.Mutex
	credit    explained

	// Of the worker:
	breath       time.Time
	backend      string // as asked for
	names        []string
	capabilities session.Capabilities
	checkpoint   *hf.Checkpoint // nil before the first is loaded
	rig          rig
	test         selfTest
	reasoning    *reasoning // nil before the first problem
	shown        time.Time
	showing      time.Duration // what the last Trace took
	run          *training     // at work; nil before the first
	runs         []*training   // all that are known, the newest last
	runsLoaded   bool
	growth       *growth // the tree on show; nil before the first
}

// Run hears and carries out commands, those of first before any other, until ctx
// ends or the port is closed.
func Run(ctx context.Context, port *session.Port, library Library, first ...session.Command) {
	task, err := task.New("", "", "")
	if err != nil {
		panic(err) // our own defaults
	}
	e := &Engine{port: port, library: library, task: task, snapshots: map[string]session.Event{}, credit: explained{rollout: -1}}
	e.publish(methods())
	e.publish(session.NoSelection)
	ctx, cancel := context.WithCancel(ctx)
	jobs, finished := make(chan *job), make(chan end)
	var worker sync.WaitGroup
	worker.Go(func() {
		for {
			j, ok := e.nextJob(ctx, jobs)
			if !ok {
				break
			}
			finished <- e.carryOut(j)
		}
		if e.run != nil && e.run.learner != nil {
			e.putAway(e.run)
		}
		e.rig.release()
		if e.rig.device != nil {
			e.rig.device.Close()
		}
	})
	e.hear(ctx, jobs, finished, first)
	cancel()
	close(jobs)
	go func() { // what it is at ends by ctx
		for range finished {
		}
	}()
	worker.Wait()
	close(finished)
}

// job is a command and what stops it.
type job struct {
	session.Command
	ctx  context.Context
	stop context.CancelFunc
	do   func(context.Context) (string, error) // the plan, once it is begun
}

// end is how a job, or a part of it, ended.
type end int

const (
	done end = iota
	later
	failed
)

// trains tells whether a job makes room for others.
func (j *job) trains() bool {
	_, is := j.Command.(session.Advance)
	return is
}

// forsake lets the first job that waits to train do nothing: it was meant for a run that could not be begun.
func forsake(waiting []*job) {
	i := slices.IndexFunc(waiting, func(j *job) bool { return j.trains() && j.do == nil })
	if i >= 0 {
		waiting[i].do = func(context.Context) (string, error) { return "", nil }
	}
}

// hear is the inbox.
func (e *Engine) hear(ctx context.Context, jobs chan<- *job, finished <-chan end, first []session.Command) {
	var open []*job // the first is at work if atWork
	atWork := false
	add := func(c session.Command) {
		j := &job{Command: c}
		j.ctx, j.stop = context.WithCancel(ctx)
		open = append(open, j)
	}
	for _, c := range first {
		add(c)
	}
	for {
		var work chan<- *job
		var next *job
		if len(open) > 0 && !atWork {
			work, next = jobs, open[0]
		}
		e.crowded.Store(slices.ContainsFunc(open, func(j *job) bool { return !j.trains() }))
		e.queued.Store(len(open) > 1)
		select {
		case work <- next:
			atWork = true
		case how := <-finished:
			atWork = false
			if how == later {
				slices.SortStableFunc(open, func(a, b *job) int { return indicator(a.trains()) - indicator(b.trains()) })
				continue
			}
			if _, begins := open[0].Command.(session.Begin); begins && how == failed {
				forsake(open[1:])
			}
			open[0].stop()
			open = open[1:]
		case <-ctx.Done():
			return
		case message, ok := <-e.port.In:
			if !ok {
				return
			}
			switch m := message.(type) {
			case error:
				e.fail("", m)
			case session.Hello:
				e.repeat()
			case session.Select:
				e.choose(m.Selection)
			case session.Restore:
				e.choose(m.Selection)
				add(m)
			case session.Hover: // for the other screens
			case session.Touch:
				e.room.give(time.Now())
			case session.Check:
				e.check(m)
			case session.Cancel:
				for i, j := range open {
					if m.Command == session.Kind(j.Command) || m.Command == "" && i == 0 {
						j.stop()
					}
				}
			case session.ShowCredit:
				e.showCredit(m)
			case session.LoseDevice:
				e.losing.Store(true)
				add(m)
			case session.Command:
				add(m)
			}
		}
	}
}

// publish sends an event, and keeps it for [session.Hello] if it is a snapshot.
func (e *Engine) publish(event session.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.put(event)
}

// put is publish for a caller that holds the lock.
func (e *Engine) put(event session.Event) {
	switch event.(type) {
	case session.Failure, session.Checked, session.RunFiles:
	default:
		e.snapshots[session.Kind(event)] = event
	}
	e.send(event)
}

func (e *Engine) send(event session.Event) {
	if err := e.port.Send(event); err != nil {
		e.port.Send(session.Failure{Command: session.Kind(event), Text: sentence(err)})
	}
}

// repeat sends all snapshots again, in an order in which they make sense.
func (e *Engine) repeat() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, snapshot := range []session.Event{session.Methods{}, session.Capabilities{}, session.Trace{}, session.HeadAttention{}, session.HeadsView{},
		session.Disruption{}, session.Tree{}, session.Rules{}, session.Runs{}, session.Run{}, session.Credit{}, session.Selection{}, session.Status{}} {
		if event, ok := e.snapshots[session.Kind(snapshot)]; ok {
			e.send(event)
		}
	}
}

func (e *Engine) fail(command string, err error) {
	e.publish(session.Failure{Command: command, Text: sentence(err)})
}

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

func (e *Engine) setTask(task task.Task) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.task = task
}

// next is the number of a new snapshot.
func (e *Engine) next() uint64 { return e.number.Add(1) }

// busy says what the engine is at.
func (e *Engine) busy(stage string, done, total int) {
	e.publish(session.Status{Stage: stage, Done: done, Total: total, Busy: true})
}

// rest says that a job is done, and that the engine waits for a command unless it has one already: screens that wait
// for the end of several commands see one end.
func (e *Engine) rest(text string) {
	time.Sleep(time.Millisecond) // so that the inbox has heard what was sent
	status := session.Status{Stage: "ready", Text: text}
	switch {
	case e.queued.Load():
		status.Stage, status.Busy = "going on", true
	case e.rig.model == nil:
		status.Stage = "waiting"
	}
	e.publish(status)
}

// carryOut does a job, or as much of it as may be done while others wait: that is
// for later. If the device is lost meanwhile it makes a new one and does the job
// again, once.
func (e *Engine) carryOut(j *job) (how end) {
	ctx := attentive{j.ctx, e}
	if j.do == nil {
		j.do = e.plan(j.Command)
	}
	text, err := j.do(ctx)
	if lost(err) {
		text, err = e.recover(ctx)
		if err == nil {
			e.publish(session.Status{Stage: "opening", Busy: true, Text: text}) // at once: training may go on for long
			var more string
			more, err = j.do(ctx)
			text = strings.TrimSpace(text + " " + more)
		}
	}
	switch {
	case err == errLater:
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

// plan is how a command is carried out: a function that may be called again after
// a loss of the device. It returns a sentence where there is something to say.
func (e *Engine) plan(c session.Command) func(context.Context) (string, error) {
	switch c := c.(type) {
	case session.Open:
		return func(ctx context.Context) (string, error) { return e.open(ctx, c.Backend) }
	case session.UseModel:
		return func(ctx context.Context) (string, error) { return "", e.useModel(ctx, c) }
	case session.Restore:
		return e.planRestore(c)
	case session.NewProblem:
		return func(ctx context.Context) (string, error) { return "", e.newProblem(c) }
	case session.Generate:
		return e.planGenerate(c)
	case session.ShowTrace:
		return func(ctx context.Context) (string, error) { return "", e.showTrace(c) }
	case session.FindHeads:
		return e.planFindHeads(c)
	case session.Disrupt:
		if c.Step < 0 {
			return func(ctx context.Context) (string, error) { return "", e.disruptMany(ctx, c) }
		}
		return e.planDisruptOne(c)
	case session.GrowTree:
		return e.planGrowTree(c)
	case session.CompareRules:
		return e.planCompareRules(c)
	case session.Begin:
		return func(ctx context.Context) (string, error) { return "", e.beginRun(ctx, c.Settings) }
	case session.Advance:
		return e.planAdvance(c)
	case session.ResumeRun:
		return func(ctx context.Context) (string, error) { return "", e.resumeRun(ctx, c.ID) }
	case session.DropRun:
		return func(ctx context.Context) (string, error) { return "", e.dropRun(ctx, c.ID) }
	case session.ExportRun:
		return func(ctx context.Context) (string, error) { return "", e.exportRun(ctx, c.ID) }
	case session.ExportMetrics:
		return func(ctx context.Context) (string, error) { return "", e.exportMetrics(ctx, c) }
	case session.ImportRun:
		return func(ctx context.Context) (string, error) { return "", e.importRun(ctx, c) }
	case session.LoseDevice:
		return func(context.Context) (string, error) {
			if e.rig.device == nil {
				e.losing.Store(false)
				return "", errors.New("no engine is open that could lose its device")
			}
			e.loseIfAsked()
			return "", e.rig.device.Err()
		}
	}
	panic(fmt.Sprintf("engine: no plan for %T", c))
}

// attentive is a context that lets others run whenever it is asked: model asks
// between readbacks.
type attentive struct {
	context.Context
	e *Engine
}

// Err lets the inbox and the event loop run, and loses the device if that was asked
// for.
func (a attentive) Err() error {
	// In a browser only a sleep reaches the event loop; it costs some milliseconds.
	if time.Since(a.e.breath) > 20*time.Millisecond {
		time.Sleep(time.Millisecond)
		a.e.breath = time.Now()
	}
	a.e.loseIfAsked()
	return a.Context.Err()
}

func (e *Engine) loseIfAsked() {
	if e.rig.device != nil && e.losing.Swap(false) {
		e.rig.device.Lose()
	}
}

func indicator(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func lost(err error) bool {
	_, is := errors.AsType[*gpu.LostError](err)
	return is
}
