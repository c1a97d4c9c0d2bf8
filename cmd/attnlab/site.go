package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"attnlab/app/theme"
	"attnlab/web"
)

// siteFile is one file of the built site.
type siteFile struct {
	path  string // below the site's root, with slashes
	data  []byte
	first bool // a first visit needs it
}

// policy is the content security policy: everything comes from the site itself, and no script is text.
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; worker-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"

// programs are the WebAssembly programs of the site: package below cmd, and name below web.
var programs = []struct{ command, file string }{
	{"lab", "app.wasm"},
	{"engine", "engine.wasm"},
	{"figure", "figure.wasm"},
}

// later are the files below web that a first visit does without.
func later(name, base string) bool {
	return strings.HasPrefix(name, "figure.") || name == "icon.png" || strings.HasPrefix(name, "runs/") || strings.Contains(name, "/reflection/") ||
		strings.HasPrefix(name, "models/") && name != "models/bases.json" && !strings.HasPrefix(name, "models/"+base+"/")
}

// site builds the whole site. It runs the Go toolchain, which does only what is stale. All addresses in it are relative, so
// it works under any sub-path; base is the path it will be at, for what installs it as an app, and may be empty.
func (c *console) site(ctx context.Context, base string) ([]siteFile, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	var files []siteFile
	add := func(name string, data []byte) { files = append(files, siteFile{path: "web/" + name, data: data}) }
	for _, p := range programs {
		out, err := c.buildProgram(ctx, root, p.command, "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(out)
		if err != nil {
			return nil, fmt.Errorf("read the built program: %w", err)
		}
		add(p.file, data)
	}
	glue, err := os.ReadFile(filepath.Join(goEnv(ctx, root, "GOROOT"), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return nil, fmt.Errorf("read Go's wasm_exec.js: %w; install Go with its lib folder", err)
	}
	add("wasm_exec.js", glue)
	add("theme.css", []byte(theme.CSS()))
	names, err := json.Marshal(web.Models())
	if err != nil {
		return nil, err
	}
	add("models/bases.json", names)
	folder := filepath.Join(root, "web")
	if names, err = json.Marshal(shippedRuns(folder)); err != nil {
		return nil, err
	}
	add("runs/runs.json", names)
	templates := map[string]string{}
	err = filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, p)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if ext := path.Ext(name); ext == ".go" || ext == ".md" || ext == ".wasm" || strings.HasPrefix(path.Base(name), ".") ||
			strings.HasPrefix(path.Base(name), "training.") {
			return nil
		}
		data, err := os.ReadFile(p)
		if name == "index.html" || name == "sw.js" {
			templates[name] = string(data)
			return err
		}
		add(name, data)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the site's files: %w", err)
	}
	manifest, err := json.MarshalIndent(manifestOf(base), "", "  ")
	if err != nil {
		return nil, err
	}
	files = append(files, siteFile{path: "manifest.webmanifest", data: manifest})
	shipped := c.firstBase()
	for i := range files {
		files[i].first = !later(strings.TrimPrefix(files[i].path, "web/"), shipped)
	}
	page, err := c.firstScreen(ctx, root, files)
	if err != nil {
		return nil, err
	}
	return finish(files, templates, page)
}

// shippedRuns lists the runs below web by name.
func shippedRuns(folder string) []string {
	names := []string{}
	logs, _ := filepath.Glob(filepath.Join(folder, "runs", "*", metricsFile)) // only a bad pattern fails
	for _, log := range logs {
		names = append(names, filepath.Base(filepath.Dir(log)))
	}
	return names
}

// firstScreen is the page as it stands before any program is loaded, with the shipped example. The page's own program
// draws it: cmd/lab does so where it is not run by a browser.
func (c *console) firstScreen(ctx context.Context, root string, files []siteFile) (html string, err error) {
	program, err := c.buildProgram(ctx, root, "lab")
	if err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, program)
	if i := slices.IndexFunc(files, func(f siteFile) bool { return f.path == "web/example.json" }); i >= 0 {
		command.Stdin = bytes.NewReader(files[i].data)
	}
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("the first screen cannot be drawn: %w", err)
	}
	return string(out), nil
}

// firstBase is the base that the engine loads first, empty without any.
func (c *console) firstBase() string {
	names := web.Models()
	if i := slices.Index(names, c.shippedBase()); i >= 0 {
		return names[i]
	}
	if len(names) > 0 {
		return names[0]
	}
	return ""
}

// finish fills the templates in, whose text depends on all other files.
func finish(files []siteFile, templates map[string]string, html string) ([]siteFile, error) {
	slices.SortFunc(files, func(a, b siteFile) int { return strings.Compare(a.path, b.path) })
	hash := sha256.New()
	var first, rest []string
	page := 0
	for _, f := range files {
		fmt.Fprintf(hash, "%s %d\n", f.path, len(f.data))
		hash.Write(f.data)
		if f.first {
			first = append(first, f.path)
		} else {
			rest = append(rest, f.path)
		}
		if f.path == "web/app.wasm" {
			page = len(f.data)
		}
	}
	fmt.Fprint(hash, templates) // the first screen is drawn by what is in the sum already
	version := fmt.Sprintf("%.10x", hash.Sum(nil))
	for _, name := range []string{"index.html", "sw.js"} {
		var out bytes.Buffer
		t, err := template.New(name).Parse(templates[name])
		if err == nil {
			err = t.Execute(&out, map[string]any{
				"Policy": policy, "Page": html, "Version": version,
				"Site":        asJSON(map[string]any{"version": version, "page": page}),
				"First":       asJSON(append([]string{"./"}, first...)),
				"Rest":        asJSON(rest),
				"LightGround": theme.Hex(theme.Light.Ground), "DarkGround": theme.Hex(theme.Dark.Ground),
			})
		}
		if err != nil {
			return nil, fmt.Errorf("web/%s: %w", name, err)
		}
		files = append(files, siteFile{path: name, data: out.Bytes(), first: true})
	}
	return files, nil
}

func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return string(data)
}

// manifestOf is what a browser needs to install the site as an app at a path.
func manifestOf(base string) map[string]any {
	if base == "" {
		base = "./"
	}
	return map[string]any{
		"name": "attnlab", "short_name": "attnlab", "display": "standalone",
		"description": "Step through a reasoning trace and see what every head looks at.",
		"start_url":   base, "scope": base, "id": base,
		"background_color": theme.Hex(theme.Light.Ground), "theme_color": theme.Hex(theme.Light.Ground),
		"icons": []map[string]any{
			{"src": base + "web/icon.svg", "type": "image/svg+xml", "sizes": "any"},
			{"src": base + "web/icon.png", "type": "image/png", "sizes": "512x512", "purpose": "any maskable"},
		},
	}
}

// moduleRoot is the folder of the source, from which the site is built.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "attnlab").Output()
	root := strings.TrimSpace(string(out))
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("the site is built by the Go toolchain, and there is no go in PATH; install Go, or serve a site that was built before")
	}
	if err != nil || root == "" {
		return "", errors.New("the site is built from source: run this in the folder of the source, by go run ./cmd/attnlab")
	}
	return root, nil
}

func goEnv(ctx context.Context, root, name string) string {
	command := exec.CommandContext(ctx, "go", "env", name)
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// buildProgram builds a program of cmd into the user's cache and returns its path; env says for what. The toolchain leaves
// one alone whose source and flags have not changed.
func (c *console) buildProgram(ctx context.Context, root, name string, env ...string) (out string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder to build in: %w; set HOME or XDG_CACHE_HOME", err)
	}
	key := sha256.Sum256([]byte(root))
	out = filepath.Join(cache, "attnlab", fmt.Sprintf("%x", key[:6]), name)
	if len(env) > 0 {
		out += ".wasm"
		if _, err := os.Stat(out); err != nil {
			c.note("building %s for the browser; the first time takes a minute", name)
		}
	}
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, "./cmd/"+name)
	command.Dir = root
	command.Env = append(os.Environ(), env...)
	if text, err := command.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return "", errors.New("stopped before the site was built")
		}
		return "", fmt.Errorf("%s cannot be built: %w\n%s", name, err, bytes.TrimSpace(text))
	}
	return out, nil
}
