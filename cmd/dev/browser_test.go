package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBrowserExec runs testdata/probe in Chromium, which ends in every way that a program can end. It takes about ten seconds.
func TestBrowserExec(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts Chromium several times")
	}
	if _, err := exec.LookPath("chromium"); err != nil && os.Getenv("ATTNLAB_GPU") != "require" {
		t.Skip(err)
	}
	wasm := filepath.Join(t.TempDir(), "probe.wasm")
	build := exec.Command("go", "build", "-o", wasm, "./testdata/probe")
	build.Env = append(os.Environ(), jsEnv...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build probe: %v\n%s", err, out)
	}
	t.Setenv("ATTNLAB_PROBE", "one two")
	model := filepath.Join(t.TempDir(), "a model")
	for _, dir := range []string{model, model + "2"} { // of the second nothing may be seen
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(model, "config.json"), []byte(`{"of": "it"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ATTNLAB_REAL_MODEL", model)

	var lines [2]strings.Builder // what echo prints to its two outputs
	fmt.Fprintln(&lines[0], "args [a b c] env one two home true\nno files true\nfolder true of [config.json] <nil>, \"{\\\"of\\\": \\\"it\\\"}\" <nil>, part \"\\\"it\\\"\" <nil>")
	for i := range 200 {
		fmt.Fprintln(&lines[i%2], i)
	}
	for _, c := range []struct {
		args   []string
		until  string // on standard output, which ends the wait
		code   int
		stdout string // whole, unless it starts with "..."
		stderr string // a part
		err    string // a part
	}{
		{args: []string{"echo", "a", "b c"}, stdout: lines[0].String(), stderr: lines[1].String()},
		{args: []string{"exit", "3"}, code: 3},
		{args: []string{"gpu"}, stdout: "...worker true instance true\nadapter google swiftshader"},
		{args: []string{"panic"}, code: 2, stderr: "panic: probe panics"},
		{args: []string{"throw"}, code: 1, err: "probe throws"},
		{args: []string{"throw"}, code: 1, err: "probe warns"}, // the console comes along
		{args: []string{"spin"}, until: "spinning\n", code: 1, stdout: "spinning\n", err: "context canceled"},
	} {
		name := strings.Join(c.args, " ")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		var stdout, stderr strings.Builder
		code, err := runInBrowser(ctx, append([]string{wasm}, c.args...), &watched{&stdout, c.until, cancel}, &stderr)
		cancel()
		if code != c.code {
			t.Errorf("%s: exit status %d, want %d (%v)", name, code, c.code, err)
		}
		if want, part := strings.CutPrefix(c.stdout, "..."); part && !strings.HasPrefix(stdout.String(), want) || !part && stdout.String() != want {
			t.Errorf("%s: standard output %q, want %q", name, stdout.String(), c.stdout)
		}
		if !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("%s: standard error %q, want %q in it", name, stderr.String(), c.stderr)
		}
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.err)
		}
	}
}

// watched calls seen once a text was written to it.
type watched struct {
	*strings.Builder
	text string
	seen func()
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Builder.Write(p)
	if w.text != "" && strings.Contains(w.String(), w.text) {
		w.seen()
	}
	return n, err
}

func TestBrowserExecUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"-timeout", "1s"}} {
		if code, err := browserExec(t.Context(), args); code != 2 || err == nil {
			t.Errorf("browser-exec %q: status %d, error %v, want 2 and an error", args, code, err)
		}
	}
	if code, err := browserExec(t.Context(), []string{filepath.Join(t.TempDir(), "none.wasm")}); code != 1 || err == nil {
		t.Errorf("browser-exec of no file: status %d, error %v, want 1 and an error", code, err)
	}
	t.Setenv("ATTNLAB_BROWSER_TIMEOUT", "soon")
	if code, err := browserExec(t.Context(), []string{"x.wasm"}); code != 2 || err == nil {
		t.Errorf("ATTNLAB_BROWSER_TIMEOUT=soon: status %d, error %v, want 2 and an error", code, err)
	}
}

func TestMissing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "lvp_icd.x86_64.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	got := missing([]requirement{{"here", filepath.Join(dir, "lvp_icd*.json")}, {"gone", filepath.Join(dir, "chromium")}})
	if len(got) != 1 || got[0] != "gone" {
		t.Errorf("missing %q, want [gone]", got)
	}
}
