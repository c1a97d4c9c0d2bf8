package site

import (
	"bytes"
	"path"
	"regexp"
	"strings"
	"testing"
)

// The names of all files but the page and the Service Worker carry the version, and so does every reference to them: old
// WebAssembly never runs with the scripts of another release, whatever a cache still holds.
func TestNamesCarryTheVersion(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds the site")
	}
	s, err := Build(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"app.wasm", "engine.wasm", "figure.wasm", "wasm_exec.js", "lab.js", "worker.js", "figure.js", "figure.html", "figure.css", "lab.css", "pages.css", "adapt.css",
		"theme.css", "example.json", "icon.svg", "icon.png", "manifest.webmanifest", "models/bases.json", "runs/runs.json",
	} {
		if _, ok := s.File(s.Folder() + name); !ok {
			t.Errorf("the site has no %s", s.Folder()+name)
		}
	}
	// Addresses in pages and scripts, and those that the page's program puts together.
	address := regexp.MustCompile("[\"'`(](?:\\./)?(web/[^\"'`)$]*)")
	for _, f := range s.Files {
		if f.Path != "index.html" && f.Path != "sw.js" && !strings.HasPrefix(f.Path, s.Folder()) {
			t.Errorf("%s does not carry the version", f.Path)
		}
		switch path.Ext(f.Path) {
		case ".html", ".js":
			for _, m := range address.FindAllSubmatch(f.Data, -1) {
				if target := string(m[1]); !strings.HasPrefix(target, s.Folder()) {
					t.Errorf("%s refers to %s without the version", f.Path, target)
				}
			}
		case ".wasm":
			for _, name := range []string{"web/figure.html", "web/models/"} {
				if bytes.Contains(f.Data, []byte(name)) {
					t.Errorf("%s refers to %s without the version", f.Path, name)
				}
			}
		}
	}
	index := text(t, s, "index.html")
	references := regexp.MustCompile(`(?:src|href)="([^"#]+)`).FindAllStringSubmatch(index, -1)
	if len(references) < 6 {
		t.Fatalf("index.html has the references %q", references)
	}
	for _, m := range references {
		if _, ok := s.File(strings.TrimPrefix(m[1], "./")); !ok && !strings.HasPrefix(m[1], "https://") {
			t.Errorf("index.html refers to %s, which the site does not have", m[1])
		}
	}
}
