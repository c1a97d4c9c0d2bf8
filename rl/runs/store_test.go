package runs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Folder and memory behave alike.
func TestStores(t *testing.T) {
	ctx := t.Context()
	for name, store := range map[string]Store{"folder": Folder(t.TempDir()), "memory": &Memory{}} {
		t.Run(name, func(t *testing.T) {
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			must(store.Save(ctx, "a", map[string][]byte{RunFile: []byte("{}"), "base/config.json": []byte("base"), StateFile: []byte("state")}))
			must(store.Save(ctx, "a", map[string][]byte{RunFile: []byte("2"), MetricsFile: {}, StateFile: nil, "training.json": nil}))
			names, err := store.Names(ctx, "a")
			must(err)
			slices.Sort(names)
			if want := []string{"base/config.json", MetricsFile, RunFile}; !slices.Equal(names, want) {
				t.Errorf("files %q, want %q", names, want)
			}
			files, err := store.Load(ctx, "a")
			must(err)
			if len(files) != 3 || string(files[RunFile]) != "2" || files[MetricsFile] == nil || string(files["base/config.json"]) != "base" {
				t.Errorf("files %q", files)
			}
			files, err = store.Load(ctx, "a", RunFile, ResultFile)
			must(err)
			if len(files) != 1 {
				t.Errorf("two names brought %q", files)
			}
			ids, err := store.List(ctx)
			must(err)
			if !slices.Equal(ids, []string{"a"}) {
				t.Errorf("runs %q", ids)
			}
			if store.Locked(ctx, "a") || store.Locked(ctx, "none") {
				t.Error("locked before anyone did")
			}
			release, err := store.Lock(ctx, "a")
			must(err)
			if !store.Locked(ctx, "a") {
				t.Error("a writer is not seen")
			}
			if _, err := store.Lock(ctx, "a"); !errors.Is(err, ErrLocked) {
				t.Errorf("a second writer: %v", err)
			}
			release()
			if store.Locked(ctx, "a") {
				t.Error("a writer that left is seen")
			}
			again, err := store.Lock(ctx, "a")
			must(err)
			again()
			must(store.Delete(ctx, "a"))
			if ids, err = store.List(ctx); err != nil || len(ids) > 0 {
				t.Errorf("after it was deleted: %q, %v", ids, err)
			}
		})
	}
}

// A folder's other files are left alone, and what a killed save left behind goes.
func TestFolderLeavesOthersAlone(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "run")
	write := func(name string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"notes.txt", "my.tmp", "training.safetensors.123.tmp", "base/config.json.5.tmp", RunFile} {
		write(name)
	}
	release, err := Folder(root).Lock(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for name, want := range map[string]bool{"notes.txt": true, "my.tmp": true, "training.safetensors.123.tmp": false, "base/config.json.5.tmp": false, RunFile: true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s is there: %v", name, err == nil)
		}
	}
	files, err := Folder(root).Load(t.Context(), "run")
	if err != nil || len(files) != 1 {
		t.Errorf("files %q, %v", files, err)
	}
	if err := Folder(root).Delete(t.Context(), "run"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "notes.txt")); err != nil {
		t.Error("deleting the run took the user's notes")
	}
}

// A save that fails half way leaves the folder as it was.
func TestFailedSaveChangesNothing(t *testing.T) {
	root := t.TempDir()
	store := Folder(root)
	old := map[string][]byte{RunFile: []byte("old"), StateFile: []byte("old")}
	if err := store.Save(t.Context(), "a", old); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "a", WeightsFile), 0o755); err != nil {
		t.Fatal(err)
	}
	err := store.Save(t.Context(), "a", map[string][]byte{RunFile: []byte("new"), StateFile: []byte("new"), WeightsFile: []byte("new")})
	files, loadErr := store.Load(t.Context(), "a", RunFile, StateFile)
	if err == nil || loadErr != nil || string(files[RunFile]) != "old" || string(files[StateFile]) != "old" {
		t.Errorf("%v, %v, files %q", err, loadErr, files)
	}
	if left, _ := filepath.Glob(filepath.Join(root, "a", "*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A writer's log, settings and result are what a reader gets, lines after the checkpoint are cut, and two writers exclude
// each other.
func TestWriter(t *testing.T) {
	defer func(n int) { PageLines = n }(PageLines)
	PageLines = 2
	for name, store := range map[string]Store{"folder": Folder(t.TempDir()), "memory": &Memory{}} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			w, err := Create(ctx, store, "r", Run{Settings: Settings{Method: "grpo", Seed: 3, Steps: 9}, Base: map[string][]byte{ConfigFile: []byte("b")}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(ctx, store, "r"); !errors.Is(err, ErrLocked) {
				t.Errorf("a second writer: %v", err)
			}
			add := func(from, to int) {
				t.Helper()
				for step := from; step <= to; step++ {
					if err := w.Append(ctx, map[string]any{"step": step, "generated_tokens": 10 * step, "colour": "green"}); err != nil {
						t.Fatal(err)
					}
				}
			}
			save := func(step int) {
				t.Helper()
				if err := w.Save(ctx, map[string][]byte{StateFile: fmt.Appendf(nil, "%d", step)}); err != nil {
					t.Fatal(err)
				}
			}
			add(1, 3)
			save(3)
			add(4, 5) // lost
			w.Close()

			if w, err = Open(ctx, store, "r"); err != nil {
				t.Fatal(err)
			}
			if err := w.Cut(ctx, 3); err != nil {
				t.Fatal(err)
			}
			if _, appends := store.(Appender); !appends {
				w.Log.Stored()
			}
			if w.Log.Rows() != 3 || w.Settings.Seed != 3 || string(w.Base[ConfigFile]) != "b" || string(w.Checkpoint[StateFile]) != "3" {
				t.Fatalf("%d lines, %+v", w.Log.Rows(), w.Settings)
			}
			add(4, 9)
			save(9)
			if err := w.Finish(ctx, &Result{Step: 9}); err != nil {
				t.Fatal(err)
			}
			w.Close()

			files, err := store.Load(ctx, "r")
			if err != nil {
				t.Fatal(err)
			}
			r, err := Read(files)
			if err != nil || !r.Finished() || r.Result.Step != 9 || r.Log.Rows() != 9 || strings.Count(string(r.Log.Text()), `"colour":"green"`) != 9 {
				t.Errorf("%d lines, result %+v, %v", r.Log.Rows(), r.Result, err)
			}
			if _, err := Create(ctx, store, "r", Run{}); !errors.Is(err, ErrExists) {
				t.Errorf("over a run: %v", err)
			}
			release, err := store.Lock(ctx, "r")
			if err != nil {
				t.Fatalf("a failed writer holds the lock: %v", err)
			}
			release()
		})
	}
}

// A folder whose log ends in a line that broke off is cut to whole lines, and the next line is a line of its own.
func TestCutTornLine(t *testing.T) {
	root := t.TempDir()
	store := Folder(root)
	ctx := context.Background()
	text := `{"step":1}` + "\n" + `{"step":2}` + "\n" + `{"step":3,"me`
	if err := store.Save(ctx, "r", map[string][]byte{RunFile: []byte(`{"method":"grpo"}`), MetricsFile: []byte(text)}); err != nil {
		t.Fatal(err)
	}
	w, err := Open(ctx, store, "r")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Cut(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(ctx, map[string]int{"step": 3}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(root, "r", MetricsFile))
	if want := "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n"; err != nil || string(data) != want {
		t.Errorf("%q, %v", data, err)
	}
}

// Files of any age are read: a folder of version 1, a log alone, settings alone.
func TestReadOldFiles(t *testing.T) {
	log := []byte(`{"step":1,"method":"attnpo"}` + "\n")
	for name, test := range map[string]struct {
		files  map[string][]byte
		method string
		resume bool
		err    string
	}{
		"a log alone":         {map[string][]byte{MetricsFile: log}, "attnpo", false, ""},
		"pretraining's log":   {map[string][]byte{PretrainFile: []byte(`{"step":20,"loss":1}`)}, Pretrain, false, ""},
		"pretraining's state": {map[string][]byte{PretrainFile: []byte(`{"step":20,"loss":1}`), StateFile: {1}, "training.json": {1}}, Pretrain, true, ""},
		"version 1":           {map[string][]byte{RunFile: []byte(`{"method":"attnpo","hyper":{"kl":"0.1"}}`), MetricsFile: log, StateFile: {1}, ConfigFile: {1}}, "attnpo", true, ""},
		"no step yet":         {map[string][]byte{RunFile: []byte(`{"method":"attnpo"}`)}, "attnpo", false, ""},
		"notes":               {map[string][]byte{"notes.txt": log}, "", false, ErrNoRun.Error()},
		"a broken result":     {map[string][]byte{RunFile: []byte(`{"method":"attnpo"}`), ResultFile: []byte(`{"step":`)}, "", false, "result.json"},
	} {
		r, err := Read(test.files)
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v, want %q", name, err, test.err)
		}
		if err == nil && (r.Settings.Method != test.method || r.Resumable() != test.resume) {
			t.Errorf("%s: method %q, can be resumed %v", name, r.Settings.Method, r.Resumable())
		}
	}
	for line, want := range map[string]Seed{
		`{"step":1,"method":"grpo","seed":1}`: 1, `{"step":1,"method":"grpo","loss":NaN,"seed":"18446744073709551615"}`: math.MaxUint64,
		`{"step":1,"method":"grpo","seed":-1}`: 0, `{"step":1,"method":"grpo"}`: 0,
	} {
		if r, err := Read(map[string][]byte{MetricsFile: []byte(line)}); err != nil || r.Settings.Seed != want || r.Settings.Method != "grpo" {
			t.Errorf("%s: seed %d of %q, %v", line, r.Settings.Seed, r.Settings.Method, err)
		}
	}
	want := Run{Settings: full(), Checkpoint: map[string][]byte{StateFile: {1}, ConfigFile: {2}}, Base: map[string][]byte{WeightsFile: {3}}, Reflection: map[string][]byte{WeightsFile: {4}}, Result: &Result{Step: 2}}
	files, err := want.Files()
	if err != nil {
		t.Fatal(err)
	}
	if names := slices.Sorted(maps.Keys(files)); !slices.Equal(names, []string{"base/model.safetensors", "config.json", "reflection/model.safetensors", "result.json", "run.json", "training.safetensors"}) {
		t.Errorf("files %q", names)
	}
	got, err := Read(files)
	if err != nil || string(got.Base[WeightsFile]) != "\x03" || string(got.Reflection[WeightsFile]) != "\x04" || got.Result.Step != 2 || got.Settings.Series() != want.Settings.Series() {
		t.Errorf("%+v, %v", got, err)
	}
}

// A7: IsRun and Read recognise the same folders.
func TestIsRun(t *testing.T) {
	for name, want := range map[string]bool{RunFile: true, MetricsFile: true, PretrainFile: true, StateFile: true,
		ResultFile: false, WeightsFile: false, ConfigFile: false, "metrics-0001.jsonl": false, "notes.txt": false, BaseFolder + RunFile: false} {
		content := []byte("{}\n")
		if strings.HasSuffix(name, ".jsonl") {
			content = []byte(`{"step":1,"loss":2}` + "\n")
		}
		_, err := Read(map[string][]byte{name: content})
		if read := !errors.Is(err, ErrNoRun); IsRun([]string{"other", name}) != want || read != want {
			t.Errorf("%s: IsRun is %v, Read %v, want %v", name, IsRun([]string{name}), err, want)
		}
	}
}
