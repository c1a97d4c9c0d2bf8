//go:build js

// Command engine is the engine of the lab in a browser. It runs in a dedicated
// Worker, started by web/worker.js, so that the page never waits for it.
//
// It reads the Worker's URL (?session=ID&backend=auto) and opens that backend. Shipped bases are fetched from models/ beside the Worker: models/bases.json
// lists their names, models/NAME/ holds their files. So are the runs that others are
// compared with: runs/runs.json, if it is there, and runs/NAME/, and recorded traces, recorded/NAME.json. The visitor's own
// runs are saved in the browser's IndexedDB, models of others in its own file system. Where the URL has &hub=ADDRESS, models can be downloaded by
// name from there.
package main

import (
	"context"
	"syscall/js"

	"attnlab/app/engine"
	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/hf/hub"
)

func main() {
	// worker.js opened the channel before this program ran, and repeats the messages since
	// then when main first waits. So this program takes the channel over first.
	port := session.Listen(js.Global().Get("channel"))
	query := js.Global().Get("URL").New(js.Global().Get("location").Get("href")).Get("searchParams")
	backend := gpu.Auto
	if asked := query.Call("get", "backend"); asked.Truthy() {
		backend = asked.String()
	}
	library := engine.FromSite(fetch)
	library.Picked, library.Store, library.Memory = pickedFiles, &shelf{}, &shelf{name: memoryName}
	library.Models, library.Hub.Get = vault{}, askHub
	if asked := query.Call("get", "hub"); asked.Truthy() {
		if base, err := hub.CheckBase(asked.String()); err == nil { // it was checked when the site was built
			library.Hub.Base = base
		}
	}
	engine.Run(context.Background(), port, library, session.Open{Backend: backend})
}
