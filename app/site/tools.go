package site

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// programs are the WebAssembly programs of the site: the package below cmd, and the file in the versioned folder.
var programs = []struct{ command, file string }{
	{"lab", "app.wasm"},
	{"engine", "engine.wasm"},
	{"figure", "figure.wasm"},
}

// tools is the Go toolchain with the source of this program.
type tools struct {
	root   string // folder of go.mod
	goRoot string // folder of the toolchain
	cache  string // folder for built programs
	note   func(text string)
}

// findTools finds the toolchain and the source. It returns an error if either is missing.
func findTools(ctx context.Context, note func(text string)) (*tools, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "attnlab").Output()
	root := strings.TrimSpace(string(out))
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("the site is built by the Go toolchain, and there is no go in PATH; install Go, or serve a site that was built before")
	}
	if err != nil || root == "" {
		return nil, errors.New("the site is built from source: run this in the folder of the source, by go run ./cmd/attnlab")
	}
	command := exec.CommandContext(ctx, "go", "env", "GOROOT")
	command.Dir = root
	if out, err = command.Output(); err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("find a folder to build in: %w; set HOME or XDG_CACHE_HOME", err)
	}
	if note == nil {
		note = func(string) {}
	}
	key := sha256.Sum256([]byte(root)) // two copies of the source do not share programs
	return &tools{root: root, goRoot: strings.TrimSpace(string(out)), cache: filepath.Join(cache, "attnlab", fmt.Sprintf("%x", key[:6])), note: note}, nil
}

// wasm builds a program of cmd for the browser and returns its bytes.
func (t *tools) wasm(ctx context.Context, name string) ([]byte, error) {
	if _, err := os.Stat(filepath.Join(t.cache, name+".wasm")); err != nil {
		t.note("Building " + name + " for the browser; the first time takes a minute.")
	}
	out, err := t.build(ctx, name, "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("read the built program: %w", err)
	}
	return data, nil
}

// Program builds a program of cmd for this machine, with a tag, and returns its path.
func Program(ctx context.Context, name, tag string, note func(text string)) (path string, err error) {
	t, err := findTools(ctx, note)
	if err != nil {
		return "", err
	}
	out := filepath.Join(t.cache, name)
	if _, err := os.Stat(out); err != nil {
		t.note("Building " + name + "; the first time takes a minute.")
	}
	return out, t.compile(ctx, name, out, []string{"-tags=" + tag})
}

// build builds a program of cmd, for this machine unless env says otherwise, and returns the path of the result.
func (t *tools) build(ctx context.Context, name string, env ...string) (out string, err error) {
	out = filepath.Join(t.cache, name)
	if len(env) > 0 {
		out += ".wasm"
	}
	return out, t.compile(ctx, name, out, nil, env...)
}

func (t *tools) compile(ctx context.Context, name, out string, flags []string, env ...string) error {
	arguments := append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", out}, flags...)
	command := exec.CommandContext(ctx, "go", append(arguments, "./cmd/"+name)...)
	command.Dir = t.root
	command.Env = append(os.Environ(), env...)
	if text, err := command.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("stopped before %s was built", name)
		}
		return fmt.Errorf("build %s: %w\n%s", name, err, bytes.TrimSpace(text))
	}
	return nil
}
