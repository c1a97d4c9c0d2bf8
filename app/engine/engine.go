// Package engine carries out the commands of a session. It owns the device, the model and what runs on them, and reports
// results by events and snapshots. Package session defines both; screens know only those.
//
// Two goroutines share the work. The inbox receives each command at once and answers those that need no device. The worker
// carries out the others in order; only it uses the device. In a browser both share one thread, so the worker lets the event
// loop run between readbacks.
package engine

import (
	"context"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"attnlab/app/session"
	"attnlab/model/hf/hub"
	"attnlab/model/race"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// Library is what an engine gets from outside: shipped models and runs, and storage.
type Library struct {
	// List returns the names of the shipped bases.
	List func(context.Context) ([]string, error)
	// Fetch returns the files of a base by their names in its folder. It calls progress with the bytes so far and their total,
	// which is 0 while it is unknown. The error for a base that does not exist wraps [fs.ErrNotExist].
	Fetch func(ctx context.Context, name string, progress func(done, total int)) (map[string][]byte, error)
	// Picked returns the files that a page has handed over by an id, read by ranges. Nil means that there are none.
	Picked func(ctx context.Context, id string) (fs.FS, error)
	// Runs returns the names of the shipped runs. Nil means that there are none.
	Runs func(context.Context) ([]string, error)
	// RunFile returns a file of a shipped run, by the names of both. The error wraps fs.ErrNotExist where the run lacks it.
	RunFile func(ctx context.Context, run, file string) ([]byte, error)
	// Recorded returns the file of a shipped recorded trace by name. The error wraps fs.ErrNotExist where there is none. Nil means that
	// there are none.
	Recorded func(ctx context.Context, name string) ([]byte, error)
	// Root is a folder of the machine that pages may open models and runs from. Nil offers none.
	Root fs.FS
	// Store saves the visitor's runs from one visit to the next. Without it (nil) they end with the visit.
	Store runs.Store
	// Place is the origin of the runs that are begun here, [session.Browser] where it is empty.
	Place string
	// Models stores models of others from one visit to the next. Nil means that none can be stored, nor downloaded.
	Models Models
	// Hub is where models are downloaded from by name. Without an address there is none.
	Hub hub.Hub
	// Memory saves what the engine has measured of this machine. Nil measures again at each visit.
	Memory Memory
}

// Engine serves one session.
type Engine struct {
	port    *session.Port
	library Library

	mu        sync.Mutex // guards the three fields below, and the order of events
	snapshots map[string]session.Event
	looked    looked
	task      task.Task // of the model, with the difficulty of the last problem

	losing  atomic.Bool   // a loss of the device was asked for
	crowded atomic.Bool   // commands wait while training runs
	queued  atomic.Bool   // commands wait behind the current job
	number  atomic.Uint64 // of the last snapshot
	pauses  pauses
	warning string // about the storage: a sentence, or empty

	crediting sync.Mutex
	credit    explained

	// The worker alone uses the fields below.
	slept        time.Time // when the event loop last ran
	backend      string    // as asked for: gpu.Auto, gpu.WebGPU or gpu.Host
	names        []string  // of the shipped bases
	choice       choice
	races        race.Document[race.Result] // of this visit and of those before
	products     race.Document[race.Products]
	capabilities session.Capabilities
	held         *held  // the current model; nil before the first is loaded
	offer        *offer // of a model of others; nil for none
	rig          rig
	test         selfTest
	reasoning    *reasoning // nil before the first problem, and while a recorded trace is shown
	recorded     bool       // a recorded trace is shown
	shown        time.Time  // when the last Trace was sent
	showing      time.Duration
	run          *training   // the active run; nil before the first
	second       *training   // trains in turn with the active run; nil for none
	pair         int         // place of the problem whose rollouts of both are shown
	runs         []*training // all known runs, the newest last
	runsFound    bool
	unread       []unread
	watched      time.Time // when the storage was last looked at for what others changed
	closed       string    // why no run can be saved: a sentence, or empty
	growth       *growth   // the current tree; nil before the first
	persisted    bool      // the browser was asked to keep what is saved
}

// Run carries out commands until ctx ends or the port is closed: first those of first, then those that the port receives.
func Run(ctx context.Context, port *session.Port, library Library, first ...session.Command) {
	task, err := task.New("", "", "")
	if err != nil {
		panic(err) // the defaults are ours
	}
	e := &Engine{port: port, library: library, task: task, snapshots: map[string]session.Event{}, credit: explained{rollout: -1}, races: remembered[race.Result](library.Memory, raceFile), products: remembered[race.Products](library.Memory, productsFile)}
	e.publish(catalogueOf(knownMethods()))
	e.publish(session.NoSelection)
	ctx, cancel := context.WithCancel(ctx)
	jobs, finished := make(chan *job), make(chan outcome)
	var worker sync.WaitGroup
	worker.Go(func() {
		e.work(ctx, jobs, finished)
		e.close()
	})
	e.receive(ctx, jobs, finished, first)
	cancel() // stops the current job
	close(jobs)
	go func() {
		for range finished { // the worker must not wait for a reader
		}
	}()
	worker.Wait()
	close(finished)
}

// close saves the active run and frees the device.
func (e *Engine) close() {
	for _, t := range e.active() {
		if t.learner != nil {
			e.deactivate(t)
		}
	}
	e.leaveOffer()
	for _, t := range e.active() {
		t.frozen.close()
	}
	e.held.close()
	e.rig.release()
	if e.rig.device != nil {
		e.rig.device.Close()
	}
}
