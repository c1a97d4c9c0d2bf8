package main

import (
	"context"
	"fmt"
	"sync"
	"syscall/js"

	"attnlab/rl/runs"
)

// Lock locks a run. In a browser without locks two tabs may write one run.
func (s *shelf) Lock(_ context.Context, id string) (release func(), err error) {
	return lock(shelfName+"/"+id, "exclusive")
}

// lock takes a lock of navigator.locks in a mode, exclusive or shared, without waiting: it returns [runs.ErrLocked] if another tab
// has it. A browser without locks locks nothing.
func lock(name, mode string) (release func(), err error) {
	locks := js.Global().Get("navigator").Get("locks")
	if !locks.Truthy() {
		return func() {}, nil
	}
	granted := make(chan bool, 1)
	var let js.Value // resolves the promise that holds the lock
	hold := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if !args[0].Truthy() {
			granted <- false
			return nil
		}
		executor := js.FuncOf(func(_ js.Value, args []js.Value) any {
			let = args[0]
			return nil
		})
		defer executor.Release()
		promise := js.Global().Get("Promise").New(executor)
		granted <- true
		return promise
	})
	request, err := try(func() js.Value {
		return locks.Call("request", name, map[string]any{"mode": mode, "ifAvailable": true}, hold)
	})
	if err != nil {
		hold.Release()
		return nil, fmt.Errorf("the run cannot be locked against other tabs: %w", err)
	}
	ended := make(chan error, 1)
	go func() { // also where the browser refuses before it calls hold
		_, err := await(request)
		ended <- err
		hold.Release()
	}()
	select {
	case ok := <-granted:
		if !ok {
			return nil, runs.ErrLocked
		}
	case err := <-ended:
		return nil, fmt.Errorf("the run cannot be locked against other tabs: %w", err)
	}
	return sync.OnceFunc(func() {
		let.Invoke()
		<-ended // another Lock finds it free
	}), nil
}

// Locked asks navigator.locks. A browser without it, or one that denies storage, tells nothing.
func (s *shelf) Locked(_ context.Context, id string) bool {
	locks := js.Global().Get("navigator").Get("locks")
	if !locks.Truthy() {
		return false
	}
	promise, err := try(func() js.Value { return locks.Call("query") })
	if err != nil {
		return false
	}
	state, err := await(promise)
	if err != nil {
		return false
	}
	held := state.Get("held")
	for i := range held.Length() {
		if held.Index(i).Get("name").String() == shelfName+"/"+id {
			return true
		}
	}
	return false
}
