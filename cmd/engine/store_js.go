package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall/js"
)

// shelf keeps runs in this browser's IndexedDB: one object store, a file an entry,
// its key the run's id and the file's name. A transaction writes all files of a run
// or none. All requests of a transaction are made before the first is waited for:
// one that has none left is over.
type shelf struct {
	once sync.Once
	db   js.Value
	err  error
}

const shelfName, shelfFiles = "attnlab-runs", "files"

// open opens the database once.
func (s *shelf) open() (js.Value, error) {
	s.once.Do(func() {
		factory := js.Global().Get("indexedDB")
		if !factory.Truthy() {
			s.err = errors.New("this browser keeps nothing for this page; export a run to keep it")
			return
		}
		request, err := try(func() js.Value { return factory.Call("open", shelfName, 1) })
		if err == nil {
			made := js.FuncOf(func(js.Value, []js.Value) any {
				request.Get("result").Call("createObjectStore", shelfFiles)
				return nil
			})
			defer made.Release()
			request.Set("onupgradeneeded", made)
			err = settle(request, "success", "error", "blocked")
		}
		if err != nil {
			s.err = fmt.Errorf("this browser's storage cannot be opened (%w); export a run to keep it", err)
			return
		}
		s.db = request.Get("result")
	})
	return s.db, s.err
}

// transact makes requests of one transaction and waits until it is over.
func (s *shelf) transact(mode string, requests func(files js.Value)) error {
	db, err := s.open()
	if err != nil {
		return err
	}
	transaction, err := try(func() js.Value { return db.Call("transaction", shelfFiles, mode) })
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
	err = settle(transaction, "complete", "error", "abort")
	if err != nil && strings.Contains(err.Error(), "Quota") {
		return fmt.Errorf("its storage is full (%w); drop a run or free some room", err)
	}
	return err
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

// Save writes files of a run, all or none.
func (s *shelf) Save(_ context.Context, id string, files map[string][]byte) error {
	return s.transact("readwrite", func(store js.Value) {
		for name, data := range files {
			value := js.Global().Get("Uint8Array").New(len(data))
			js.CopyBytesToJS(value, data)
			store.Call("put", value, []any{id, name})
		}
	})
}

// Delete forgets a run.
func (s *shelf) Delete(_ context.Context, id string) error {
	return s.transact("readwrite", func(store js.Value) { store.Call("delete", ofRun(id)) })
}

// settle waits until target has the event that is wanted, or one of the others, and
// returns what target says is wrong then.
func settle(target js.Value, wanted string, others ...string) error {
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
	event := <-happened
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
			err = errors.New(fault.Value.Get("name").String() + ": " + fault.Value.Get("message").String())
		}
	}()
	return do(), nil
}
