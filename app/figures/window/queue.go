package window

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"attnlab/app/figures"
	"attnlab/app/session"
)

// job runs on the figure before a frame.
type job func(h *figures.Host, now time.Time)

// queue holds jobs until the next frame. A hidden figure has no frames, so a job takes the
// place of a waiting one of the same name: the queue is never longer than there are names.
type queue struct {
	mu    sync.Mutex
	names []string // in the order of the jobs
	jobs  map[string]job
}

// messageName is the name under which a message waits. Selections of the engine and of
// other screens share one, for the newest of both counts.
func messageName(message any) string {
	switch message.(type) {
	case session.Select, session.Selection:
		return "selection"
	}
	return fmt.Sprintf("%T", message)
}

// put adds a job. It is done after all that wait.
func (q *queue) put(name string, j job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.jobs == nil {
		q.jobs = map[string]job{}
	}
	if _, waits := q.jobs[name]; waits {
		q.names = slices.DeleteFunc(q.names, func(n string) bool { return n == name })
	}
	q.names, q.jobs[name] = append(q.names, name), j
}

// take empties the queue.
func (q *queue) take() (jobs []job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, name := range q.names {
		jobs = append(jobs, q.jobs[name])
	}
	q.names, q.jobs = nil, nil
	return jobs
}

// length is how many jobs wait.
func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.names)
}
