package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link   = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	quoted = regexp.MustCompile("`((?:gpu|shaders|model|rl|app|cmd|web|testdata|docs|\\.ci|\\.github)/[\\w./-]*)`")
)

// pages returns the Markdown files of the repository by their place below its root.
func pages(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "web/models/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			found[filepath.ToSlash(name)] = string(data)
		}
	}
	if found["README.md"] == "" || found["docs/architecture.md"] == "" {
		t.Fatalf("README.md and docs/architecture.md are missing below %s", root)
	}
	return found
}

// deadReferences returns one sentence for each relative link and each quoted path of a page that leads nowhere.
func deadReferences(root, name, text string) (dead []string) {
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
			continue
		}
		if !exists(filepath.Join(root, filepath.Dir(name), m[1])) {
			dead = append(dead, name+" links to "+m[1]+", which does not exist")
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		path := filepath.Join(root, m[1])
		// A kernel may be named by the stem of its siblings, such as shaders/nn/rmsnorm_fwd.
		if !exists(path) && !exists(path+".go") {
			dead = append(dead, name+" names "+m[1]+", which does not exist")
		}
	}
	return dead
}

// TestDocsLeadSomewhere checks links and paths of every page, and that the README stays short.
func TestDocsLeadSomewhere(t *testing.T) {
	root := filepath.Join("..", "..")
	for name, text := range pages(t, root) {
		for _, sentence := range deadReferences(root, name, text) {
			t.Error(sentence)
		}
		if limit := 10_000; name == "README.md" && len(text) > limit {
			t.Errorf("README.md has %d bytes, more than %d; move a part to docs/", len(text), limit)
		}
	}
}

func TestDeadReferences(t *testing.T) {
	root := filepath.Join("..", "..")
	for _, c := range []struct {
		text string
		dead int
	}{
		{"[here](architecture.md#layers) and `gpu/device.go`, `shaders/nn/rmsnorm_fwd`", 0},
		{"[far](https://example.org/x.md)", 0},
		{"[gone](no-such-page.md)", 1},
		{"`rl/no_such_file.go`", 1},
	} {
		if got := deadReferences(root, "docs/architecture.md", c.text); len(got) != c.dead {
			t.Errorf("%q has %q, want %d dead references", c.text, got, c.dead)
		}
	}
}
