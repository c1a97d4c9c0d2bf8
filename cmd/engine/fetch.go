//go:build js

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"sync"
	"syscall/js"

	"attnlab/app/engine"
	"attnlab/rl/runs"
)

func listBases(ctx context.Context) ([]string, error) {
	data, err := fetch(ctx, "models/bases.json", func(int, int) {})
	if err != nil {
		return nil, err
	}
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		return nil, fmt.Errorf("models/bases.json is no list of names: %w", err)
	}
	return names, nil
}

// fetchBase fetches the files of a shipped base. progress counts the bytes of the weights, which are nearly all.
func fetchBase(ctx context.Context, name string, progress func(done, total int)) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, file := range runs.ModelFiles {
		report := func(int, int) {}
		if file == runs.WeightsFile {
			report = progress
		}
		data, err := fetch(ctx, "models/"+name+"/"+file, report)
		if err != nil {
			return nil, err
		}
		files[file] = data
	}
	return files, nil
}

// listRuns fetches the shipped runs, which runs/runs.json names. A site without that
// file has none.
func listRuns(ctx context.Context) ([]engine.ShippedRun, error) {
	data, err := fetch(ctx, "runs/runs.json", func(int, int) {})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		return nil, fmt.Errorf("runs/runs.json is no list of names: %w", err)
	}
	shipped, failed := make([]engine.ShippedRun, len(names)), make([]error, len(names))
	var all sync.WaitGroup
	for i, name := range names { // at the same time: one after another they would hold up the first trace
		all.Go(func() { shipped[i], failed[i] = fetchRun(ctx, name) })
	}
	all.Wait()
	for i, err := range failed {
		if err != nil {
			return shipped[:i], err
		}
	}
	return shipped, nil
}

func fetchRun(ctx context.Context, name string) (run engine.ShippedRun, err error) {
	run = engine.ShippedRun{Name: name, Files: map[string][]byte{}}
	for _, file := range []string{runs.RunFile, runs.MetricsFile, runs.ResultFile} {
		data, err := fetchRunFile(ctx, name, file)
		if file == runs.ResultFile && errors.Is(err, fs.ErrNotExist) { // the run was not evaluated
			continue
		}
		if err != nil {
			return run, err
		}
		run.Files[file] = data
	}
	return run, nil
}

// fetchRunFile fetches a file of a shipped run.
func fetchRunFile(ctx context.Context, run, file string) ([]byte, error) {
	return fetch(ctx, "runs/"+run+"/"+file, func(int, int) {})
}

// fetchRecorded fetches the file of a recorded trace.
func fetchRecorded(ctx context.Context, name string) ([]byte, error) {
	return fetch(ctx, "recorded/"+name+".json", func(int, int) {})
}

// fetch reads a file beside the Worker. progress gets the bytes so far and their total,
// which is 0 if the server does not send it or compresses the file.
func fetch(ctx context.Context, path string, progress func(done, total int)) ([]byte, error) {
	failed := func(err error) ([]byte, error) {
		return nil, fmt.Errorf("%s could not be loaded (%w); check the connection and try again", path, err)
	}
	abort := js.Global().Get("AbortController").New()
	stop := context.AfterFunc(ctx, func() { abort.Call("abort") })
	defer stop()
	response, err := await(js.Global().Call("fetch", path, map[string]any{"signal": abort.Get("signal")}))
	if err != nil {
		return failed(err)
	}
	if response.Get("status").Int() == 404 {
		return nil, fmt.Errorf("%s is not on the server (%w); this copy of the site lacks a part", path, fs.ErrNotExist)
	}
	if !response.Get("ok").Bool() {
		return failed(fmt.Errorf("the server answered %d", response.Get("status").Int()))
	}
	total := 0
	if headers := response.Get("headers"); !headers.Call("get", "Content-Encoding").Truthy() {
		if length := headers.Call("get", "Content-Length"); length.Truthy() {
			total, _ = strconv.Atoi(length.String())
		}
	}
	var data bytes.Buffer
	for reader := response.Get("body").Call("getReader"); ; {
		part, err := await(reader.Call("read"))
		if err != nil {
			return failed(err)
		}
		if part.Get("done").Bool() {
			return data.Bytes(), nil
		}
		chunk := make([]byte, part.Get("value").Get("byteLength").Int())
		js.CopyBytesToGo(chunk, part.Get("value"))
		data.Write(chunk)
		progress(data.Len(), total)
	}
}

// await blocks the goroutine until promise settles.
func await(promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	settled := make(chan outcome, 1)
	take := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{value: args[0]}
		return nil
	})
	defer take.Release()
	refuse := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{err: errors.New(args[0].Get("message").String())}
		return nil
	})
	defer refuse.Release()
	promise.Call("then", take, refuse)
	o := <-settled
	return o.value, o.err
}
