package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// appFiles are the Go files of app that a program is built from, by their paths below the module's root, with their lines.
func appFiles(t *testing.T, env []string, arguments ...string) map[string]int {
	t.Helper()
	command := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Dir,GoFiles,CgoFiles"}, arguments...)...)
	command.Dir = filepath.Join("..", "..")
	command.Env = append(os.Environ(), env...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", arguments, err)
	}
	files := map[string]int{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Dir   string
			GoFiles, CgoFiles []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(p.ImportPath, module+"/app/") {
			continue
		}
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
			data, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			files[strings.TrimPrefix(p.ImportPath, module+"/")+"/"+name] = bytes.Count(data, []byte("\n"))
		}
	}
}

// leastShare is the share of app's lines that the browser and the desktop must have in common.
const leastShare = 0.95

// TestShareOfApp counts the lines of app that run in the browser's lab and in that of the desktop. The browser runs the programs of page, figures and
// engine; the site that holds them is built and served by app/site in both. The window of the desktop shows the same page and the same figures, and the engine
// runs in the desktop's own program.
func TestShareOfApp(t *testing.T) {
	page := appFiles(t, jsEnv, "./cmd/lab", "./cmd/figure")
	site := appFiles(t, nil, "./app/site")
	browser, desktop := appFiles(t, jsEnv, "./cmd/engine"), appFiles(t, nil, "./cmd/desktop")
	for _, shown := range []map[string]int{page, site} {
		maps.Copy(browser, shown)
		maps.Copy(desktop, shown)
	}
	both, either := 0, 0
	var alone []string
	for file, lines := range desktop {
		either += lines
		if _, ok := browser[file]; ok {
			both += lines
		} else {
			alone = append(alone, file)
		}
	}
	for file, lines := range browser {
		if _, ok := desktop[file]; !ok {
			either += lines
			alone = append(alone, file)
		}
	}
	slices.Sort(alone)
	if both < 10_000 {
		t.Fatalf("only %d lines of app are in both: the count is wrong", both)
	}
	share := float64(both) / float64(either)
	t.Logf("share of app: browser and desktop have %d of %d lines of app in common, %.1f %%", both, either, 100*share)
	if share < leastShare {
		t.Errorf("browser and desktop have %.1f %% of app in common, less than %.0f %%; only one has %s", 100*share, 100*leastShare, strings.Join(alone, ", "))
	}
}
