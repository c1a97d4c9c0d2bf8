package runs

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
)

// Store holds the files of runs by id. Its errors are sentences.
type Store interface {
	// List names the runs, the oldest first.
	List(context.Context) ([]string, error)
	// Names are the names of a run's files.
	Names(ctx context.Context, id string) ([]string, error)
	// Load reads the named files of a run, or all where none is named; those that it does not have are left out.
	Load(ctx context.Context, id string, names ...string) (map[string][]byte, error)
	// Save writes files of a run. A file whose data is nil is removed; other files stay. A store without transactions
	// replaces [StateFile] before any other, whole.
	Save(ctx context.Context, id string, files map[string][]byte) error
	// Delete removes a run.
	Delete(ctx context.Context, id string) error
	// Lock makes this process the only writer of a run until it calls release or ends, however it ends. It returns an
	// error that wraps [ErrLocked] where another one writes the run.
	Lock(ctx context.Context, id string) (release func(), err error)
	// Locked reports whether a process, this one too, is the writer of a run. A store that cannot tell reports false.
	Locked(ctx context.Context, id string) bool
}

// Appender is a store that can add to a file without writing it again.
type Appender interface {
	Append(ctx context.Context, id, name string, data []byte) error
}

// ErrLocked means that another process writes the run.
var ErrLocked = errors.New("it is being written by another process")

// Memory is a store for tests and for sessions that save nothing.
type Memory struct {
	mu     sync.Mutex
	runs   map[string]map[string][]byte
	locked map[string]bool
	Fail   error // that Save returns, where it is not nil
}

func (m *Memory) List(context.Context) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.runs)), nil
}

func (m *Memory) Names(_ context.Context, id string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.runs[id])), nil
}

func (m *Memory) Load(_ context.Context, id string, names ...string) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	files := map[string][]byte{}
	for name, data := range m.runs[id] {
		if len(names) == 0 || slices.Contains(names, name) {
			files[name] = data
		}
	}
	return files, nil
}

func (m *Memory) Save(_ context.Context, id string, files map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fail != nil {
		return m.Fail
	}
	if m.runs == nil {
		m.runs = map[string]map[string][]byte{}
	}
	if m.runs[id] == nil {
		m.runs[id] = map[string][]byte{}
	}
	for name, data := range files {
		if data == nil {
			delete(m.runs[id], name)
		} else {
			m.runs[id][name] = data
		}
	}
	return nil
}

func (m *Memory) Delete(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.runs, id)
	return nil
}

func (m *Memory) Lock(_ context.Context, id string) (release func(), err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked[id] {
		return nil, ErrLocked
	}
	if m.locked == nil {
		m.locked = map[string]bool{}
	}
	m.locked[id] = true
	return sync.OnceFunc(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.locked, id)
	}), nil
}

func (m *Memory) Locked(_ context.Context, id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.locked[id]
}
