//go:build js

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall/js"
	"time"

	"attnlab/model/hf/hub"
)

// quiet is how long a hub may send nothing.
const quiet = time.Minute

// askHub is a [hub.Get] by the browser's fetch, without cookies, referrer and cache. A browser hides headers that the server does not name for other
// sites.
func askHub(ctx context.Context, address string, from int64) (*hub.Answer, error) {
	abort := js.Global().Get("AbortController").New()
	stop := func() { abort.Call("abort") }
	unhook := context.AfterFunc(ctx, stop)
	late := time.AfterFunc(quiet, stop)
	headers := map[string]any{}
	if from > 0 {
		headers["Range"] = fmt.Sprintf("bytes=%d-", from)
	}
	response, err := await(js.Global().Call("fetch", address, map[string]any{"signal": abort.Get("signal"), "headers": headers, "credentials": "omit", "referrerPolicy": "no-referrer", "cache": "no-store"}))
	if err != nil {
		unhook()
		late.Stop()
		return nil, err
	}
	body := &hubBody{stop: stop, unhook: unhook, late: late}
	if stream := response.Get("body"); stream.Truthy() {
		body.reader = stream.Call("getReader")
	}
	header := func(name string) string {
		if value := response.Get("headers").Call("get", name); value.Type() == js.TypeString {
			return value.String()
		}
		return ""
	}
	return &hub.Answer{Status: response.Get("status").Int(), Header: header, Body: body}, nil
}

// hubBody is the body of an answer. It ends where nothing comes for [quiet].
type hubBody struct {
	reader js.Value // undefined for an empty body
	part   js.Value // that came last
	at     int      // of it, that was read
	stop   func()
	unhook func() bool
	late   *time.Timer
}

// Read implements [io.Reader].
func (b *hubBody) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for !b.part.Truthy() || b.at == b.part.Get("length").Int() {
		if !b.reader.Truthy() {
			return 0, io.EOF
		}
		b.late.Reset(quiet)
		next, err := await(b.reader.Call("read"))
		switch {
		case named(err, "AbortError"):
			return 0, errors.New("nothing came for a minute, or it was stopped")
		case err != nil:
			return 0, err
		case next.Get("done").Bool():
			return 0, io.EOF
		}
		b.part, b.at = next.Get("value"), 0
	}
	n := js.CopyBytesToGo(p, b.part.Call("subarray", b.at))
	b.at += n
	return n, nil
}

// Close implements [io.Closer].
func (b *hubBody) Close() error {
	b.late.Stop()
	b.unhook()
	b.stop() // what has not come yet is not wanted
	return nil
}
