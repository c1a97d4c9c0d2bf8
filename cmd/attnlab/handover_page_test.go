package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/handover"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

// treeOf are all files below a folder, by their names with slashes.
func treeOf(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil {
			files[filepath.ToSlash(name)], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// The page hands a run over with the files that the command line writes of its export, byte for byte: one that began from a shipped base, and one that
// began from a run and carries its base.
func TestHandoverOfPage(t *testing.T) {
	p := visitPage(t, &runs.Memory{})
	n := hyper.Number
	settings := session.RunSettings{Method: "grpo", Model: "chain-tiny", Difficulty: "2", Seed: 1<<63 + 3, Steps: 2, Hyper: hyper.Values{"problems": n(3), "group": n(4), "max-length": n(96)}}
	for _, model := range []string{"chain-tiny", "run:"} {
		if model == "run:" {
			settings.Method, model = "attnpo", model+p.run.Info.ID
		}
		settings.Model = model
		p.do(session.Begin{Settings: settings})
		p.do(session.Advance{Steps: 1})
		p.do(session.ExportRun{ID: p.run.Info.ID})
		dir := filepath.Join(t.TempDir(), "run")
		writeFolder(t, dir, p.files.Files)
		for _, to := range handover.Engines {
			out := filepath.Join(t.TempDir(), "project")
			code, _, stderr := call("", "handover", "--to", to, "--run", dir, "--out", out)
			if settings.Method == "attnpo" && to == handover.Verl {
				if code != 1 || !strings.Contains(stderr, "rewards one response at a time") {
					t.Errorf("attnpo to verl: exit status %d, %q", code, stderr)
				}
				continue
			}
			if code != 0 {
				t.Fatal(stderr)
			}
			p.do(session.ExportRun{ID: p.run.Info.ID, Part: to})
			want, got := treeOf(t, out), p.files.Files
			if a, b := slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)); !slices.Equal(a, b) {
				t.Errorf("%s from %s to %s: the page writes %q, the command line %q", settings.Method, model, to, b, a)
			}
			for name, data := range want {
				if !bytes.Equal(data, got[name]) {
					t.Errorf("%s from %s to %s: %s has %d bytes on the page, %d of the command line, and they differ", settings.Method, model, to, name, len(got[name]), len(data))
				}
			}
			if !bytes.Contains(got["settings.json"], []byte(`"steps": 2`)) && to == handover.TRL {
				t.Errorf("settings.json is %s", got["settings.json"])
			}
		}
	}
}
