package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"syscall/js"
	"time"
)

// shelf stores runs, and in a database of its own what the engine has measured, in this browser's IndexedDB: one object store, one
// entry a file, whose key is the run's id and the file's name. A transaction writes all files of a run or none. A transaction
// without an open request ends, so shelf makes all of its requests before it waits for the first. The locks are of navigator.locks, which end with the tab.
type shelf struct {
	name string // of the database; empty is shelfName
	mu   sync.Mutex
	db   js.Value // undefined until opened, and after the browser closed it
}

const shelfName, memoryName, shelfFiles = "attnlab-runs", "attnlab-memory", "files"

// errNoStorage is the advice where the browser's storage cannot be used.
const errNoStorage = "export a run to save it, or reload the page to try again"

// open opens the database, and opens it again after the browser closed it, as "clear site data" does.
func (s *shelf) open() (js.Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db.Truthy() {
		return s.db, nil
	}
	// A browser may freeze the page that its visitor leaves, for the way back. A frozen page that opens the database has all others wait.
	// A page with a lock is not frozen.
	if release, err := lock(shelfName+" opens", "shared"); err == nil {
		defer release()
	}
	factory := js.Global().Get("indexedDB")
	if !factory.Truthy() {
		return js.Undefined(), errors.New("this browser stores nothing for this page; " + errNoStorage)
	}
	request, err := try(func() js.Value { return factory.Call("open", cmp.Or(s.name, shelfName), 1) })
	if err == nil {
		made := js.FuncOf(func(js.Value, []js.Value) any {
			request.Get("result").Call("createObjectStore", shelfFiles)
			return nil
		}) // never released: the browser may answer after openTime
		request.Set("onupgradeneeded", made)
		err = settle(request, openTime, "success", "error", "blocked")
	}
	if err != nil {
		if request.Truthy() {
			request.Set("onsuccess", js.FuncOf(func(js.Value, []js.Value) any {
				request.Get("result").Call("close") // it came too late
				return nil
			}))
		}
		return js.Undefined(), fmt.Errorf("this browser's storage cannot be opened (%w); %s", err, errNoStorage)
	}
	db := request.Get("result")
	var closed js.Func
	closed = js.FuncOf(func(_ js.Value, args []js.Value) any {
		go func() { // not while the browser waits
			s.forget(db)
			closed.Release()
		}()
		if args[0].Get("type").String() == "versionchange" { // another tab deletes the database
			db.Call("close")
		}
		return nil
	})
	db.Set("onclose", closed)
	db.Set("onversionchange", closed)
	s.db = db
	return db, nil
}

// forget discards the connection: the next use opens the database again.
func (s *shelf) forget(db js.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db.Equal(db) {
		s.db = js.Undefined()
	}
}

// transact makes requests of one transaction and waits until it is over. Where the browser closed the database meanwhile, it is
// opened once more.
func (s *shelf) transact(mode string, requests func(files js.Value)) error {
	transaction, err := s.begin(mode)
	if err != nil {
		return err
	}
	if _, err = try(func() js.Value {
		requests(transaction.Call("objectStore", shelfFiles))
		return js.Undefined()
	}); err != nil {
		transaction.Call("abort")
		return err
	}
	err = settle(transaction, forever, "complete", "error", "abort")
	if err != nil && strings.Contains(err.Error(), "Quota") {
		return fmt.Errorf("its storage is full (%w); delete a run or free some space", err)
	}
	return err
}

func (s *shelf) begin(mode string) (js.Value, error) {
	var failed error
	for range 2 {
		db, err := s.open()
		if err != nil {
			return js.Undefined(), err
		}
		transaction, err := try(func() js.Value { return db.Call("transaction", shelfFiles, mode) })
		if err == nil {
			return transaction, nil
		}
		failed = err
		s.forget(db)
		db.Call("close")
	}
	return js.Undefined(), fmt.Errorf("this browser's storage was closed (%w); %s", failed, errNoStorage)
}

// Persist asks the browser not to evict what is stored. Only a page may ask, so that a Worker has its page do it; web/lab.js
// answers.
func (s *shelf) Persist(context.Context) bool {
	answered := make(chan bool, 1)
	global := js.Global()
	storage := global.Get("navigator").Get("storage")
	switch {
	case storage.Truthy() && storage.Get("persist").Type() == js.TypeFunction:
		promise, err := try(func() js.Value { return storage.Call("persist") })
		if err != nil {
			return false
		}
		agreed, err := await(promise)
		return err == nil && agreed.Truthy()
	case global.Get("document").Truthy() || global.Get("postMessage").Type() != js.TypeFunction:
		return false
	}
	hear := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if data := args[0].Get("data"); data.Type() == js.TypeObject && data.Get("persist").Type() == js.TypeBoolean {
			select {
			case answered <- data.Get("persist").Bool():
			default:
			}
		}
		return nil
	})
	defer hear.Release()
	global.Call("addEventListener", "message", hear)
	defer global.Call("removeEventListener", "message", hear)
	global.Call("postMessage", "persist")
	return <-answered
}

// ofRun is the range of keys of a run's files: an array sorts after all text.
func ofRun(id string) js.Value {
	return js.Global().Get("IDBKeyRange").Call("bound", []any{id}, []any{id, []any{}})
}

// List names the runs, the oldest first: their ids end with the time of their begin.
func (s *shelf) List(context.Context) ([]string, error) {
	var keys js.Value
	if err := s.transact("readonly", func(files js.Value) { keys = files.Call("getAllKeys") }); err != nil {
		return nil, err
	}
	var ids []string
	for i := range keys.Get("result").Length() {
		if id := keys.Get("result").Index(i).Index(0).String(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	begun := func(id string) string { return id[strings.LastIndex(id, "-")+1:] }
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(begun(a), begun(b)) })
	return ids, nil
}

// Load brings the named files of a run that are there, or all.
func (s *shelf) Load(_ context.Context, id string, names ...string) (map[string][]byte, error) {
	files := map[string][]byte{}
	take := func(name string, value js.Value) {
		if value.Truthy() {
			files[name] = make([]byte, value.Get("byteLength").Int())
			js.CopyBytesToGo(files[name], value)
		}
	}
	if len(names) > 0 {
		requests := make([]js.Value, len(names))
		err := s.transact("readonly", func(store js.Value) {
			for i, name := range names {
				requests[i] = store.Call("get", []any{id, name})
			}
		})
		for i := 0; err == nil && i < len(names); i++ {
			take(names[i], requests[i].Get("result"))
		}
		return files, err
	}
	var keys, values js.Value
	err := s.transact("readonly", func(store js.Value) {
		keys, values = store.Call("getAllKeys", ofRun(id)), store.Call("getAll", ofRun(id))
	})
	for i := 0; err == nil && i < keys.Get("result").Length(); i++ {
		take(keys.Get("result").Index(i).Index(1).String(), values.Get("result").Index(i))
	}
	return files, err
}

// Names are the names of a run's files.
func (s *shelf) Names(_ context.Context, id string) (names []string, err error) {
	var keys js.Value
	if err := s.transact("readonly", func(files js.Value) { keys = files.Call("getAllKeys", ofRun(id)) }); err != nil {
		return nil, err
	}
	for i := range keys.Get("result").Length() {
		names = append(names, keys.Get("result").Index(i).Index(1).String())
	}
	return names, nil
}

// Save writes files of a run, all or none; it removes those without data.
func (s *shelf) Save(_ context.Context, id string, files map[string][]byte) error {
	return s.transact("readwrite", func(store js.Value) {
		for name, data := range files {
			if data == nil {
				store.Call("delete", []any{id, name})
				continue
			}
			value := js.Global().Get("Uint8Array").New(len(data))
			js.CopyBytesToJS(value, data)
			store.Call("put", value, []any{id, name})
		}
	})
}

// Delete removes a run.
func (s *shelf) Delete(_ context.Context, id string) error {
	return s.transact("readwrite", func(store js.Value) { store.Call("delete", ofRun(id)) })
}

// openTime is how long a browser may take to open a database; after that the engine works without one. Tests change it. Transactions
// have no limit: a run may be large.
var openTime = 30 * time.Second

const forever = time.Duration(math.MaxInt64)

// settle waits until target has the event that is wanted, or one of the others, and
// returns the error of target then. It also returns an error if it waited as long as limit.
func settle(target js.Value, limit time.Duration, wanted string, others ...string) error {
	happened := make(chan string, 1)
	hear := js.FuncOf(func(_ js.Value, args []js.Value) any {
		select {
		case happened <- args[0].Get("type").String():
		default: // an error and the abort that follows from it
		}
		return nil
	})
	defer hear.Release()
	for _, event := range append(others, wanted) {
		target.Call("addEventListener", event, hear)
		defer target.Call("removeEventListener", event, hear)
	}
	var event string
	select {
	case event = <-happened:
	case <-time.After(limit):
		return fmt.Errorf("no answer in %v", limit)
	}
	if event == wanted {
		return nil
	}
	if fault, err := try(func() js.Value { return target.Get("error") }); err == nil && fault.Truthy() {
		return fmt.Errorf("%s: %s", fault.Get("name").String(), fault.Get("message").String())
	}
	return errors.New(event)
}

// try turns an exception into an error.
func try(do func() js.Value) (v js.Value, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			fault, is := thrown.(js.Error)
			if !is {
				panic(thrown)
			}
			name := fault.Value.Get("name").String()
			err = &exception{name, name + ": " + fault.Value.Get("message").String()}
		}
	}()
	return do(), nil
}
