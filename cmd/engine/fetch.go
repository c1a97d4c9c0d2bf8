//go:build js

package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"strconv"
	"syscall/js"
)

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
		settled <- outcome{err: &exception{args[0].Get("name").String(), args[0].Get("message").String()}}
		return nil
	})
	defer refuse.Release()
	promise.Call("then", take, refuse)
	o := <-settled
	return o.value, o.err
}

// exception is what JavaScript threw, or why a promise was refused.
type exception struct{ name, text string }

func (e *exception) Error() string { return e.text }
