package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A project that fails or is stopped after its model is written leaves the folder as it was, also one that existed.
func TestHandoverLeavesNothing(t *testing.T) {
	few := filepath.Join(t.TempDir(), "few.jsonl")
	if err := os.WriteFile(few, []byte(`{"prompt":"What is 2 + 3?","answer":"5"}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	empty, missing := t.TempDir(), filepath.Join(t.TempDir(), "a")
	for _, out := range []string{empty, filepath.Join(missing, "b")} {
		code, _, stderr := call("", "handover", "--to", "trl", "--method", "grpo", "--model", parrot, "--task", "problems", "--problem-file", few, "--out", out)
		if code != 1 || !strings.Contains(stderr, "give some fifty problems") {
			t.Errorf("exit status %d, %q", code, stderr)
		}
		full := func(folder string) error {
			path := filepath.Join(folder, "model", "weights.tmp")
			if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
				t.Fatal(err)
			}
			return fmt.Errorf("write: write: %w", &fs.PathError{Op: "write", Path: path, Err: syscall.ENOSPC})
		}
		want := "--out: the project cannot be written to " + out + ": no space left on device; give another folder"
		if err := writeWhole(out, full); err == nil || err.Error() != want || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%v, want %s", err, want)
		}
		if err := writeWhole(out, func(string) error { return fmt.Errorf("export: %w", context.Canceled) }); err == nil || err.Error() != "stopped before the project was written" {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
		t.Errorf("%v, %v are left in a folder that was empty", left, err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left: %v", missing, err)
	}
	code, _, stderr := call("", "handover", "--to", "trl", "--method", "grpo", "--model", parrot, "--out", few)
	if code != 1 || !strings.Contains(stderr, few+" is a file or lies in one; give a folder") {
		t.Errorf("exit status %d, %q", code, stderr)
	}
}
