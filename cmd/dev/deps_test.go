package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers is the direction of imports: a package imports its own layer and those before it. A folder that is not named
// here is below all of them and imports nothing of ours.
var layers = []string{"gpu", "shaders", "model", "rl", "app", "cmd"}

// rooms are the packages that may import only some of ours, whatever their layer allows. Tests of a package may import more.
// A room that ends in "/" holds the packages below it too.
var rooms = []struct {
	dir     string
	may     []string
	because string
}{
	{"model", []string{"gpu", "shaders/"}, "model is the transformer; files of others and ours are read in model/hf"},
	{"model/hf/tokenizer", nil, "text and ids know no model; tasks and pages may import this room, so it stays light"},
	{"model/hf/bpe", []string{"model/hf/tokenizer"}, "a tokenizer of published models knows no model"},
	{"model/hf/safetensors", []string{"model/hf/widen"}, "a file format knows no model"},
	{"model/hf/gguf", []string{"model/hf/widen"}, "a file format knows no model"},
	{"model/hf/hub", nil, "a hub brings files and knows no model; the page and the command line use it"},
	{"model/hf/widen", nil, "numbers of files know no file"},
	{"rl/stat", nil, "rl/stat is a leaf: statistics know nothing of what they count"},
	{"rl/hyper", []string{"rl/stat"}, "rl/hyper is a leaf: the table of hyper-parameters knows no method"},
	{"rl/task", []string{"rl/stat", "model/hf/tokenizer"}, "rl/task is a leaf: tasks know no model, only the tokens of its text"},
	{"rl/task/text", []string{"rl/task", "model/hf/tokenizer"}, "rl/task/text is a leaf: tasks know no model, only the tokens of its text"},
	{"rl/score", []string{"rl/stat"}, "rl/score is a leaf: scores are computed from attention, not from a model"},
	{"rl/examine", []string{"gpu", "model", "model/hf", "model/hf/tokenizer", "rl/stat", "rl/task", "rl/score", "rl/hyper"}, "rl/examine looks at a model over traces; it knows no method"},
	{"rl/many", []string{"rl", "rl/stat", "rl/task"}, "rl/many looks at responses; it samples none"},
	{"rl/handover", []string{"rl", "rl/parquet", "rl/hyper", "rl/runs", "rl/score", "rl/task", "rl/task/text"}, "rl/handover writes files from settings; it trains nothing and opens no model"},
	{"rl/parquet", nil, "a file format knows no problem"},
	{"rl/runs", []string{"rl/parquet", "rl/stat", "rl/hyper"}, "rl/runs is read by pages, which have no model"},
	{"app/session", []string{"rl/stat", "rl/hyper", "rl/task", "rl/task/text", "rl/score", "rl/runs", "model/speed"}, "the session knows no engine and no screen"},
	{"app/lab/glossary", nil, "the glossary is a list of words"},
	{"app/lab/explain", []string{"app/session", "app/lab/glossary", "rl/stat", "rl/score"}, "explanations are computed from snapshots alone"},
	{"app/lab/lessons", []string{"app/session", "app/lab/explain", "app/lab/glossary", "rl/stat", "rl/score"}, "lessons use the lab through an interface"},
	{"app/lab/", []string{"app/session", "app/lab/", "app/theme", "rl/stat", "rl/hyper", "rl/task", "rl/task/text", "rl/score", "rl/runs", "model/speed"}, "the lab's state knows no toolkit and no engine"},
	{"app/panels", []string{"app/session", "app/lab/", "app/theme", "rl/stat", "rl/hyper", "rl/task", "rl/task/text", "rl/score", "rl/runs", "model/speed"}, "panels draw what the session brings"},
	{"app/figures/draw", []string{"app/session", "app/theme", "rl/stat"}, "shapes know no figure and no window"},
	{"app/figures/svg", []string{"app/figures/draw", "app/theme"}, "SVG is written from shapes"},
	{"app/figures", []string{"app/session", "app/figures/draw", "app/theme", "rl/stat", "rl/hyper", "rl/task", "rl/task/text", "rl/score", "rl/runs", "model/speed"}, "figures draw what the session brings, in any window"},
	{"app/figures/window", []string{"app/session", "app/figures", "app/figures/draw", "app/figures/svg", "app/theme"}, "a window shows figures"},
	{"app/engine", []string{"app/session", "gpu", "shaders/", "model", "model/hf", "model/hf/hub", "model/hf/tokenizer", "model/race", "model/speed", "model/workload", "rl", "rl/examine", "rl/handover", "rl/many", "rl/stat", "rl/hyper", "rl/task", "rl/task/text", "rl/score", "rl/runs"}, "the engine knows no page and no figure"},
	{"cmd/lab", []string{"app/session", "app/lab/", "app/panels"}, "the page's program starts panels"},
	{"cmd/figure", []string{"app/session", "app/figures/"}, "a figure's program starts a window"},
	{"cmd/engine", []string{"app/session", "app/engine", "gpu", "model/hf/hub", "rl/runs", "web"}, "the Worker's program starts the engine"},
	{"cmd/desktop/webview", nil, "a window shows any address; it knows nothing of the lab"},
	{"app/server", []string{"app/session", "app/engine", "app/site", "gpu", "rl/runs"}, "a server brings an engine and pages together and knows neither model nor toolkit"},
	{"app/site", []string{"app/theme", "web"}, "the site's builder runs the programs and imports none of their packages"},
	{"app/theme", nil, "colours depend on no package"},
	{"model/speed", nil, "results of measurements are read by pages, which have no model"},
}

// allowed reports whether a package in dir may import one of ours, and if not, why.
func allowed(dir, own string) (ok bool, because string) {
	in := func(path, room string) bool {
		if tree, isTree := strings.CutSuffix(room, "/"); isTree {
			return below(path, tree)
		}
		return path == room
	}
	for _, room := range rooms {
		if in(dir, room.dir) && dir != own {
			return slices.ContainsFunc(room.may, func(may string) bool { return in(own, may) }), room.because
		}
	}
	if below(dir, "app") && (own == "rl" || below(own, "model")) {
		return below(dir, "app/engine"), "inside app only the engine imports rl and model"
	}
	return true, ""
}

// helper reports whether a package is there for tests: its name ends in "test", or it lies in one that does.
func helper(dir string) bool {
	return slices.ContainsFunc(strings.Split(dir, "/"), func(part string) bool { return strings.HasSuffix(part, "test") })
}

// file is one Go file: its place below the module's root, and what it imports.
type file struct {
	path    string
	imports []string
}

// below reports whether path is dir or lies in it.
func below(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// badImports returns one sentence for each import that goes the wrong way.
func badImports(files []file) []string {
	var bad []string
	graph := map[string][]string{} // folder to the paths its files import, tests apart
	for _, f := range files {
		dir := filepath.ToSlash(filepath.Dir(f.path))
		top, _, _ := strings.Cut(dir, "/")
		layer := slices.Index(layers, top)
		if !strings.HasSuffix(f.path, "_test.go") {
			graph[dir] = append(graph[dir], f.imports...)
		}
		for _, imp := range f.imports {
			deny := func(why string) { bad = append(bad, fmt.Sprintf("%s imports %s: %s", f.path, imp, why)) }
			own, isOwn := strings.CutPrefix(imp, module+"/")
			ownTop, _, _ := strings.Cut(own, "/")
			ok, because := allowed(dir, own)
			switch {
			case isOwn && !ok && !strings.HasSuffix(f.path, "_test.go"):
				deny(because)
			case isOwn && layer >= 0 && slices.Index(layers, ownTop) > layer:
				deny("imports go " + strings.Join(layers, " <- "))
			case isOwn && layer < 0 && ownTop != top:
				deny(top + " is no layer, so it imports nothing of ours")
			case isOwn && helper(own) && !helper(dir) && !strings.HasSuffix(f.path, "_test.go"):
				deny("what helps tests is imported by tests alone")
			case imp == "syscall/js" && top != "gpu" && top != "app" && top != "cmd":
				deny("the browser shows only in gpu, app and cmd")
			case below(imp, binding) && top != "gpu":
				deny("the WebGPU binding stays behind package gpu")
			case (below(imp, ebiten) || below(imp, goApp) || imp == "syscall/js") && below(dir, "app/lab"):
				deny("the lab knows no toolkit and no browser: panels draw it")
			case below(imp, ebiten) && dir != "app/figures/window" && dir != "cmd/figure":
				deny("ebiten opens the windows of figures and nothing else")
			case below(imp, purego) && dir != "cmd/desktop/webview":
				deny("the libraries of a window system are called in one package")
			case below(imp, goApp) && dir != "app/panels" && dir != "cmd/lab":
				deny("go-app draws panels and nothing else")
			case imp != "C" && below(dir, "cmd/dev") && (isOwn && !below(own, "cmd/dev") || strings.Contains(imp, ".")):
				deny("set-up runs on a bare machine: standard library and its own packages only")
			}
		}
	}
	// ebiten needs a document when it is initialised, so a program with it does not start in a Worker.
	for _, ui := range []string{ebiten, goApp} {
		if way := route(graph, "cmd/engine", ui); way != nil {
			bad = append(bad, "cmd/engine runs in a Worker but reaches a screen: "+strings.Join(way, " -> "))
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(graph)) {
		if below(dir, "app/lab") {
			for _, ui := range []string{ebiten, goApp} {
				if way := route(graph, dir, ui); len(way) > 2 {
					bad = append(bad, "the lab is tested without a toolkit but reaches one: "+strings.Join(way, " -> "))
				}
			}
		}
	}
	slices.Sort(bad)
	return bad
}

// route is the shortest way from a folder to an import, nil without one.
func route(graph map[string][]string, from, to string) []string {
	seen := map[string]bool{from: true}
	for ways := [][]string{{from}}; len(ways) > 0; ways = ways[1:] {
		way := ways[0]
		for _, imp := range graph[way[len(way)-1]] {
			dir := strings.TrimPrefix(imp, module+"/")
			if below(imp, to) {
				return append(slices.Clone(way), imp)
			}
			if !seen[dir] {
				seen[dir] = true
				ways = append(ways, append(slices.Clone(way), dir))
			}
		}
	}
	return nil
}

// goFiles parses the imports of every Go file below root, whatever its build tags say.
func goFiles(root string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		f := file{path: filepath.ToSlash(rel)}
		for _, spec := range parsed.Imports {
			imp, _ := strconv.Unquote(spec.Path.Value)
			f.imports = append(f.imports, imp)
		}
		files = append(files, f)
		return err
	})
	return files, err
}

func TestImportsFlowOneWay(t *testing.T) {
	files, err := goFiles(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	tops := map[string]bool{}
	for _, f := range files {
		top, _, _ := strings.Cut(f.path, "/")
		tops[top] = true
	}
	if !tops["cmd"] || !tops["gpu"] {
		t.Fatalf("found only %v: not the root of the module", slices.Sorted(maps.Keys(tops)))
	}
	for _, sentence := range badImports(files) {
		t.Error(sentence)
	}
}

func TestImportsRules(t *testing.T) {
	for _, c := range []struct {
		path, imp string
		bad       bool
	}{
		{"model/forward.go", "attnlab/shaders/nn", false},
		{"model/forward.go", "attnlab/model/hf", true},
		{"model/hf/folder.go", "attnlab/model", false},
		{"model/hf/safetensors/read.go", "attnlab/model", true},
		{"model/forward.go", "attnlab/rl", true},
		{"gpu/gputest/suite.go", "attnlab/shaders", true},
		{"gpu/device_test.go", "attnlab/shaders", true},
		{"gpu/device_js.go", "syscall/js", false},
		{"rl/trace.go", "syscall/js", true},
		{"cmd/engine/main.go", "syscall/js", false},
		{"gpu/device.go", "github.com/cogentcore/webgpu/wgpu", false},
		{"shaders/nn/gelu.go", "github.com/cogentcore/webgpu/wgpu", true},
		{"cmd/attnlab/main.go", "github.com/cogentcore/webgpu/wgpu", true},
		{"rl/task.go", "github.com/hajimehoshi/ebiten/v2/vector", true},
		{"model/config.go", "github.com/maxence-charriere/go-app/v10/pkg/app", true},
		{"app/figures/window/game.go", "github.com/hajimehoshi/ebiten/v2", false},
		{"app/figures/tree.go", "github.com/hajimehoshi/ebiten/v2", true},
		{"app/figures/draw/scene.go", "github.com/hajimehoshi/ebiten/v2/vector", true},
		{"app/figures/tree.go", "github.com/maxence-charriere/go-app/v10/pkg/app", true},
		{"app/figures/tree.go", "attnlab/app/figures/window", true},
		{"app/panels/trace.go", "github.com/hajimehoshi/ebiten/v2", true},
		{"app/panels/trace.go", "github.com/maxence-charriere/go-app/v10/pkg/app", false},
		{"app/engine/run.go", "attnlab/app/lab", true},
		{"app/engine/run.go", "attnlab/app/figures/draw", true},
		{"cmd/lab/main.go", "attnlab/rl", true},
		{"cmd/figure/main_js.go", "attnlab/model", true},
		{"rl/run.go", "attnlab/rl/rltest", true},
		{"rl/run_test.go", "attnlab/rl/rltest", false},
		{"app/lab/lab.go", "attnlab/app/lab/labtest", true},
		{"app/figures/tree.go", "attnlab/gpu", true},
		{"app/panels/page.go", "attnlab/shaders/nn", true},
		{"app/panels/page.go", "attnlab/rl", true},
		{"app/panels/page.go", "attnlab/rl/score", false},
		{"app/panels/page.go", "attnlab/app/engine", true},
		{"app/lab/link.go", "attnlab/app/panels", true},
		{"app/lab/lessons/trace.go", "attnlab/app/lab", true},
		{"app/lab/lab.go", "attnlab/app/lab/lessons", false},
		{"app/lab/lab.go", "github.com/maxence-charriere/go-app/v10/pkg/app", true},
		{"app/lab/explain/format.go", "github.com/maxence-charriere/go-app/v10/pkg/app", true},
		{"app/lab/lab.go", "syscall/js", true},
		{"app/figures/tree.go", "attnlab/app/figures/draw", false},
		{"app/engine/run.go", "attnlab/rl", false},
		{"rl/score/fci.go", "attnlab/rl/task", true},
		{"rl/score/fci.go", "attnlab/model", true},
		{"rl/hyper/table.go", "attnlab/rl", true},
		{"rl/examine/examine.go", "attnlab/model", false},
		{"rl/examine/examine.go", "attnlab/rl", true},
		{"rl/runs/folder.go", "attnlab/rl/hyper", false},
		{"rl/runs/folder.go", "attnlab/model", true},
		{"app/session/port.go", "attnlab/gpu", true},
		{"app/engine/engine.go", "attnlab/gpu", false},
		{"cmd/lab/main.go", "attnlab/app/panels", false},
		{"web/web.go", "attnlab/app/theme", true},
		{"cmd/attnlab/serve.go", "attnlab/web", false},
		{"cmd/engine/main.go", "github.com/hajimehoshi/ebiten/v2", true},
		{"cmd/dev/setup.go", "golang.org/x/sys/unix", true},
		{"cmd/dev/setup.go", "os/exec", false},
		{"cmd/desktop/webview/app_linux.go", "github.com/ebitengine/purego", false},
		{"cmd/desktop/main.go", "github.com/ebitengine/purego", true},
		{"cmd/desktop/webview/app_linux.go", "attnlab/app/session", true},
	} {
		if got := badImports([]file{{c.path, []string{c.imp}}}); (len(got) > 0) != c.bad {
			t.Errorf("%s imports %s: bad %v, want %v (%q)", c.path, c.imp, !c.bad, c.bad, got)
		}
	}
	// Over several steps, and not through a test file.
	chain := []file{
		{"cmd/engine/main.go", []string{"attnlab/app/engine"}},
		{"app/engine/engine.go", []string{"attnlab/app/theme"}},
		{"app/theme/font.go", []string{"github.com/hajimehoshi/ebiten/v2/text"}},
	}
	reaches := func(sentence string) bool { return strings.Contains(sentence, "reaches a screen") }
	if got := badImports(chain); !slices.ContainsFunc(got, reaches) {
		t.Errorf("engine -> theme -> ebiten: got %q, want a sentence about the Worker", got)
	}
	chain[2].path = "app/theme/font_test.go"
	if got := badImports(chain); slices.ContainsFunc(got, reaches) {
		t.Errorf("ebiten in a test of theme: got %q, want nothing about the Worker", got)
	}
}
