package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed browser/page.html
var page []byte

//go:embed browser/worker.js
var worker []byte

// loadLimit is how long Chromium may take to open the page and fetch the program.
const loadLimit = 90 * time.Second

// browserExec runs a Go program built for js/wasm in a dedicated Worker of headless Chromium as if it were a process:
//
//	GOOS=js GOARCH=wasm go test -exec "dev browser-exec" ./shaders
//
// The program gets the arguments and the variables ATTNLAB_*, and can read the files of the model that ATTNLAB_REAL_MODEL names. Its two outputs, in order, and its exit status are those of this process.
func browserExec(ctx context.Context, args []string) (int, error) {
	limit := 11 * time.Minute // go test itself gives up after ten
	if s := os.Getenv("ATTNLAB_BROWSER_TIMEOUT"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 2, fmt.Errorf("ATTNLAB_BROWSER_TIMEOUT: %w", err)
		}
		limit = d
	}
	flags := flag.NewFlagSet("browser-exec", flag.ContinueOnError)
	flags.DurationVar(&limit, "timeout", limit, "end the browser after this time")
	if err := flags.Parse(args); err != nil {
		return 2, nil
	}
	if flags.NArg() == 0 {
		return 2, errors.New("usage: dev browser-exec [-timeout 11m] PROGRAM.wasm [argument ...]")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not finished after %v", limit))
	defer cancel()
	return runInBrowser(ctx, flags.Args(), os.Stdout, os.Stderr)
}

// runInBrowser runs argv[0], a wasm file, and returns its exit status, or an error if the program did not exit.
func runInBrowser(ctx context.Context, argv []string, stdout, stderr io.Writer) (int, error) {
	p, err := newProgram(argv, stdout, stderr)
	if err != nil {
		return 1, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1, fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: p.handler()}
	go func() { _ = server.Serve(listener) }() // ends with Close
	defer server.Close()

	browser, err := openChromium("http://" + listener.Addr().String() + "/")
	if err != nil {
		return 1, err
	}
	code, err := p.wait(ctx, browser.exited)
	browser.close()
	if err != nil {
		return 1, fmt.Errorf("%w\nChromium's last messages:\n%s", err, browser.log.last(25))
	}
	return code, nil
}

// program is one wasm program that runs in the browser.
type program struct {
	wasm     string // path
	wasmExec string // path of the toolchain's wasm_exec.js
	task     []byte // JSON for worker.js: argv and env

	output [2]io.Writer // file descriptors 1 and 2
	mu     sync.Mutex   // one write at a time

	loaded chan struct{} // closed when the program is fetched
	end    chan ending
}

// ending is how a program ended: its exit status, or an error if it did not exit.
type ending struct {
	code int
	err  error
}

func newProgram(argv []string, stdout, stderr io.Writer) (*program, error) {
	if _, err := os.Stat(argv[0]); err != nil {
		return nil, err
	}
	root, err := goEnv("GOROOT")
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	for _, kv := range os.Environ() {
		if k, v, _ := strings.Cut(kv, "="); strings.HasPrefix(k, "ATTNLAB_") {
			env[k] = v
		}
	}
	task, err := json.Marshal(map[string]any{"argv": argv, "env": env})
	if err != nil {
		return nil, err
	}
	return &program{
		wasm:     argv[0],
		wasmExec: filepath.Join(root, "lib", "wasm", "wasm_exec.js"),
		task:     task,
		output:   [2]io.Writer{stdout, stderr},
		loaded:   make(chan struct{}),
		end:      make(chan ending, 1),
	}, nil
}

// finish records the first ending and ignores later ones.
func (p *program) finish(e ending) {
	select {
	case p.end <- e:
	default:
	}
}

func (p *program) handler() http.Handler {
	content := func(kind string, data []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", content("text/html", page))
	mux.Handle("GET /worker.js", content("text/javascript", worker))
	mux.Handle("GET /task.json", content("application/json", p.task))
	mux.HandleFunc("GET /wasm_exec.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, p.wasmExec)
	})
	mux.HandleFunc("GET /file", modelFile)
	var once sync.Once
	mux.HandleFunc("GET /program.wasm", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/wasm")
		http.ServeFile(w, r, p.wasm)
		once.Do(func() { close(p.loaded) })
	})
	mux.HandleFunc("GET /alive", func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		p.finish(ending{err: errors.New("the page is gone; most likely its process crashed")})
	})
	mux.HandleFunc("POST /write", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		output := p.output[0]
		if r.URL.Query().Get("fd") == "2" {
			output = p.output[1]
		}
		if _, err := io.Copy(output, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("POST /exit", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		code, err := strconv.Atoi(string(body))
		p.finish(ending{code, err})
	})
	mux.HandleFunc("POST /crash", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.finish(ending{err: fmt.Errorf("the program crashed: %s", body)})
	})
	return mux
}

// modelFile answers by ranges with a file of the model that ATTNLAB_REAL_MODEL names: of a folder, or one whose name begins with the model's. For a
// folder itself it sends the header X-Folder and the names in it. Relative names are relative to the package that is tested, as they are where its tests run natively.
func modelFile(w http.ResponseWriter, r *http.Request) {
	name, model := r.URL.Query().Get("path"), os.Getenv("ATTNLAB_REAL_MODEL")
	rest, of := strings.CutPrefix(filepath.Clean(name), filepath.Clean(model))
	if model == "" || !of || rest != "" && rest[0] != filepath.Separator && rest[0] != '.' {
		http.NotFound(w, r)
		return
	}
	f, err := os.Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		names, _ := f.Readdirnames(-1)
		w.Header().Set("X-Folder", "")
		_ = json.NewEncoder(w).Encode(names)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, f)
}

// wait returns when the program has ended, or an error if it can no longer end.
func (p *program) wait(ctx context.Context, exited <-chan struct{}) (int, error) {
	late := time.NewTimer(loadLimit)
	defer late.Stop()
	orphan := time.NewTicker(time.Second)
	defer orphan.Stop()
	parent, loaded := os.Getppid(), p.loaded
	for {
		select {
		case e := <-p.end:
			return e.code, e.err
		case <-exited:
			return 1, errors.New("Chromium ended before the program did")
		case <-loaded:
			late.Stop()
			loaded = nil
		case <-late.C:
			return 1, fmt.Errorf("Chromium did not load the program in %v", loadLimit)
		case <-orphan.C:
			// go test kills only its direct child, and can be killed itself.
			if os.Getppid() != parent {
				return 1, errors.New("the parent process is gone")
			}
		case <-ctx.Done():
			return 1, fmt.Errorf("stopped: %w", context.Cause(ctx))
		}
	}
}
