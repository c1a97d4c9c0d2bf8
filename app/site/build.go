package site

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"attnlab/app/theme"
	"attnlab/web"
)

// Options say how to build a site.
type Options struct {
	// Base is the path that the site will be at, such as /lab/. Browsers need it only to install the site as an app, and
	// even then only where they cannot take it from the address; it may be empty.
	Base string
	// Origin is scheme and host of the site's address, such as https://example.org. Programs that preview a link need it to
	// find the picture; it may be empty.
	Origin string
	// Hub is the address of the hub that visitors can download models from by name; empty means none. Hosts are the addresses that the engine's
	// Worker may connect to for that, besides the site.
	Hub   string
	Hosts []string
	// Note, if set, is called with a sentence before each step that takes long.
	Note func(text string)
}

// CheckBase returns Options.Base in the form that Build takes, with a slash at its end. It returns an error if base is
// neither empty nor an absolute path without "." and "..".
func CheckBase(base string) (string, error) {
	if base != "" && (!strings.HasPrefix(base, "/") || base != "/" && path.Clean(base) != strings.TrimSuffix(base, "/") || strings.HasPrefix(base, "//")) {
		return "", fmt.Errorf("%q is not the path of a site; give one such as /lab/", base)
	}
	if base != "" && !strings.HasSuffix(base, "/") {
		base += "/"
	}
	return base, nil
}

// SplitAddress cuts the address of a site into Options.Origin and Options.Base. It returns an error if address is not one of a
// web page.
func SplitAddress(address string) (origin, base string, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return "", "", fmt.Errorf("%q is not the address of a site; give one such as https://example.org/lab/", address)
	}
	base, err = CheckBase(cmp.Or(u.Path, "/"))
	return u.Scheme + "://" + u.Host, base, err
}

// Build builds the whole site from this program's source. It runs the Go toolchain, which compiles only what has changed.
// It returns an error if there is no toolchain or no source, or if a program does not compile.
func Build(ctx context.Context, o Options) (*Site, error) {
	tools, err := findTools(ctx, o.Note)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, p := range programs {
		data, err := tools.wasm(ctx, p.command)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: p.file, Data: data})
	}
	glue, err := os.ReadFile(filepath.Join(tools.goRoot, "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return nil, fmt.Errorf("read Go's wasm_exec.js: %w; install Go with its lib folder", err)
	}
	files = append(files, File{Path: "wasm_exec.js", Data: glue}, File{Path: "theme.css", Data: []byte(theme.CSS())})

	source := os.DirFS(filepath.Join(tools.root, "web"))
	runs, err := shippedRuns(source)
	if err != nil {
		return nil, err
	}
	files = append(files, File{Path: "models/bases.json", Data: asJSON(web.Models())}, File{Path: "runs/runs.json", Data: asJSON(runs)})
	static, templates, err := readSource(source)
	if err != nil {
		return nil, err
	}
	files = append(files, static...)
	base := append(web.Models(), "")[0] // that the engine loads first
	for i := range files {
		files[i].First, files[i].Drawn = !later(files[i].Path, base), files[i].Path == figureProgram
	}
	return assemble(files, templates, o, func(folder string) (string, error) {
		var example []byte // none: the page is drawn without a trace
		if i := slices.IndexFunc(files, func(f File) bool { return f.Path == "example.json" }); i >= 0 {
			example = files[i].Data
		}
		return firstScreen(ctx, tools, folder, example)
	})
}

// readSource reads the folder web of the source: the files that are served as they are, and the text of the templates.
func readSource(source fs.FS) (static []File, templates map[string]string, err error) {
	templates = map[string]string{}
	err = fs.WalkDir(source, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !served(name) {
			return err
		}
		data, err := fs.ReadFile(source, name)
		if slices.Contains(templateNames, name) {
			templates[name] = string(data)
		} else {
			static = append(static, File{Path: name, Data: data})
		}
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read the site's files: %w", err)
	}
	return static, templates, nil
}

// served reports whether a file of the folder web belongs to the site. Sources, notes and the state of a training run do not, nor do the
// files of runs that are in runs/runs.json.
func served(name string) bool {
	base := path.Base(name)
	if strings.HasPrefix(name, "runs/") && slices.Contains(runParts, base) {
		return false
	}
	return !slices.Contains([]string{".go", ".md", ".wasm"}, path.Ext(name)) && !strings.HasPrefix(base, ".") && !strings.HasPrefix(base, "training.")
}

// figureProgram draws figures. Their other files are small and belong to a first visit, so that a figure can say that the
// server is away.
const figureProgram = "figure.wasm"

// later reports whether a first visit can do without a file of the versioned folder; base is the base that the engine loads first.
func later(name, base string) bool {
	return name == figureProgram || name == "icon.png" || strings.HasSuffix(name, ".txt") || name == "preview.png" || strings.HasPrefix(name, "runs/") || strings.HasPrefix(name, "recorded/") || strings.Contains(name, "/reflection/") ||
		strings.HasPrefix(name, "models/") && name != "models/bases.json" && !strings.HasPrefix(name, "models/"+base+"/")
}

// runParts are the files of a shipped run that are served together, in runs/runs.json: one request brings what the list of runs needs.
var runParts = []string{"run.json", "metrics.jsonl", "result.json"}

// shippedRun is a run in runs/runs.json.
type shippedRun struct {
	Name  string            `json:"name"`
	Files map[string]string `json:"files"` // by name, those of [runParts] that the run has
}

// shippedRuns reads the runs in the folder runs, in the order of their names.
func shippedRuns(source fs.FS) ([]shippedRun, error) {
	logs, err := fs.Glob(source, "runs/*/metrics.jsonl")
	if err != nil {
		return nil, err
	}
	list := []shippedRun{}
	for _, log := range logs {
		run := shippedRun{path.Base(path.Dir(log)), map[string]string{}}
		for _, part := range runParts {
			data, err := fs.ReadFile(source, path.Join(path.Dir(log), part))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			run.Files[part] = string(data)
		}
		list = append(list, run)
	}
	return list, nil
}

// firstScreen draws the page as it is before any program is loaded, with the example as its trace. The page's own program
// draws it: cmd/lab does so outside a browser. folder is where the page finds the other files.
func firstScreen(ctx context.Context, t *tools, folder string, example []byte) (html string, err error) {
	program, err := t.build(ctx, "lab")
	if err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, program, folder)
	command.Stdin = bytes.NewReader(example)
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("draw the first screen: %w", err)
	}
	return string(out), nil
}

// asJSON encodes strings, numbers, and maps and lists of them.
func asJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // such values always encode
	}
	return data
}
