// Command probe is what the tests of the browser runner run in Chromium.
package main

import (
	"errors"
	"fmt"
	"io"
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
		_, other := os.Stat(os.Getenv("ATTNLAB_REAL_MODEL") + "2")
		fmt.Println("no files", errors.Is(err, fs.ErrNotExist) && errors.Is(other, fs.ErrNotExist))
		model()
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

// model prints what can be read of the model that ATTNLAB_REAL_MODEL names.
func model() {
	folder := os.DirFS(os.Getenv("ATTNLAB_REAL_MODEL"))
	info, err := fs.Stat(folder, ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	whole, err := fs.ReadFile(folder, "config.json")
	names, listed := fs.Glob(folder, "*.json")
	fmt.Printf("folder %v of %v %v, %q %v, ", info.IsDir(), names, listed, whole, err)
	f, err := folder.Open("config.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	part := make([]byte, 4)
	n, err := f.(io.ReaderAt).ReadAt(part, 7)
	fmt.Printf("part %q %v\n", part[:n], err)
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
