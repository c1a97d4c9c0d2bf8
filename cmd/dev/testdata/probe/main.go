// Command probe is what the tests of the browser runner run in Chromium.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall/js"
)

func main() {
	switch os.Args[1] {
	case "echo":
		fmt.Println("args", os.Args[2:], "env", os.Getenv("ATTNLAB_PROBE"), "home", os.Getenv("HOME") == "")
		_, err := os.ReadDir("testdata")
		fmt.Println("no files", errors.Is(err, fs.ErrNotExist))
		for i := range 200 {
			fmt.Fprintln([]*os.File{os.Stdout, os.Stderr}[i%2], i)
		}
	case "exit":
		code, _ := strconv.Atoi(os.Args[2])
		os.Exit(code)
	case "panic":
		panic("probe panics")
	case "throw":
		js.Global().Get("console").Call("warn", "probe warns")
		js.Global().Call("setTimeout", js.Global().Get("Function").New("throw new Error('probe throws')"), 0)
		select {}
	case "spin":
		fmt.Println("spinning")
		for i := 0; ; i++ {
		}
	case "gpu":
		gpu()
	}
}

// gpu prints what the binding will need: a dedicated worker, globalThis.wasm and an adapter.
func gpu() {
	worker := js.Global().Get("WorkerGlobalScope")
	fmt.Println("worker", worker.Truthy() && js.Global().InstanceOf(worker), "instance", js.Global().Get("wasm").Get("instance").Truthy())
	options := js.Global().Get("Object").New()
	found := make(chan js.Value)
	take := js.FuncOf(func(_ js.Value, args []js.Value) any {
		go func() { found <- args[0] }()
		return nil
	})
	defer take.Release()
	js.Global().Get("navigator").Get("gpu").Call("requestAdapter", options).Call("then", take, take)
	adapter := <-found
	if adapter.IsNull() {
		fmt.Println("no adapter")
		os.Exit(1)
	}
	info := adapter.Get("info")
	fmt.Println("adapter", info.Get("vendor"), info.Get("architecture"), info.Get("description"))
}
