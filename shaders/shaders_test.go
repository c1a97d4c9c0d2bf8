package shaders_test

import (
	"embed"
	"io/fs"
	"math/rand/v2"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/shaders"
	"attnlab/shaders/attn"
	"attnlab/shaders/decode"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
	"attnlab/shaders/optim"
)

// tree is this directory, so that the test also runs where there are no files.
//
//go:embed *
var tree embed.FS

var packages = map[string]func(*rand.Rand) []gpu.Case{
	"nn":   func(r *rand.Rand) []gpu.Case { return nn.Cases(r, nn.Tiles) },
	"attn": attn.Cases, "loss": loss.Cases, "optim": optim.Cases, "decode": func(r *rand.Rand) []gpu.Case { return slices.Concat(decode.Cases(r), decode.FusedCases(r)) },
}

// kernels are those of the conformance cases, by package, each one once.
func kernels(t *testing.T) map[string][]*gpu.Kernel {
	t.Helper()
	all := map[string][]*gpu.Kernel{}
	for dir, cases := range packages {
		for _, c := range cases(rand.New(rand.NewPCG(1, 1))) {
			if !slices.Contains(all[dir], c.Kernel) {
				all[dir] = append(all[dir], c.Kernel)
			}
		}
	}
	return all
}

var variant = regexp.MustCompile(`(_([cr]\d+|\d+x\d+|subgroups))?(_half)?(_bf16|_f16|_q8|_q4)?$`)

// stem returns the file that kernel k comes from: its name without the size and the
// storage that it is built for ("attn_fwd_c16", "matmul_nt_4x4_q8").
func stem(k *gpu.Kernel) string { return variant.ReplaceAllString(k.Name, "") }

func TestOrphans(t *testing.T) {
	// A kernel is three siblings and has conformance cases.
	all := kernels(t)
	files, err := fs.Glob(tree, "*/*.wgsl")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		dir, name := path.Dir(file), strings.TrimSuffix(path.Base(file), ".wgsl")
		if dir == "shared" {
			continue
		}
		if packages[dir] == nil {
			t.Errorf("%s: package %s is missing from this test", file, dir)
		}
		for _, suffix := range []string{".go", "_test.go"} {
			if _, err := fs.Stat(tree, path.Join(dir, name+suffix)); err != nil {
				t.Errorf("%s has no sibling %s%s", file, name, suffix)
			}
		}
		if !slices.ContainsFunc(all[dir], func(k *gpu.Kernel) bool { return stem(k) == name }) {
			t.Errorf("%s: no kernel of that name in %s.Cases", file, dir)
		}
	}
	for dir, list := range all {
		for _, k := range list {
			if !slices.Contains(files, path.Join(dir, stem(k)+".wgsl")) {
				t.Errorf("kernel %s has no source %s/%s.wgsl", k.Name, dir, stem(k))
			}
		}
	}
}

func TestSharedSourcesAreUsed(t *testing.T) {
	var imports strings.Builder
	for _, pattern := range []string{"*/*.wgsl", "*/*.go", "*.go"} {
		sources, _ := fs.Glob(tree, pattern)
		for _, file := range sources {
			text, _ := fs.ReadFile(tree, file)
			imports.Write(text)
		}
	}
	shared, _ := fs.Glob(tree, "shared/*.wgsl")
	for _, file := range shared {
		name := strings.TrimSuffix(file, ".wgsl")
		if !strings.Contains(imports.String(), "#import "+name+"\n") && !strings.Contains(imports.String(), `: "`+name+`"`) { // or a Swap does
			t.Errorf("nothing imports %s", file)
		}
	}
}

var (
	comment = regexp.MustCompile(`//.*`)
	params  = regexp.MustCompile(`struct Params \{([^}]*)\}`)
	field   = regexp.MustCompile(`(\w+): (\w+)`)
	binding = regexp.MustCompile(`@group\((\d+)\) @binding\((\d+)\) var<([^>]*)> (\w+): ([^;]+);`)
	anyBind = regexp.MustCompile(`@binding`)
	entry   = regexp.MustCompile(`@compute @workgroup_size\([^)]*\)\s*fn (\w+)\(`)
	declare = regexp.MustCompile(`(?m)^fn (\w+)\(`)
)

// row is a parameter or a binding in words, to compare the two languages.
type row struct{ Name, Type string }

var wgslTypes = map[reflect.Kind]string{reflect.Uint32: "u32", reflect.Float32: "f32"}

func TestParams(t *testing.T) {
	// struct Params of the WGSL and the Go struct have the same fields.
	for _, list := range kernels(t) {
		for _, k := range list {
			blocks := params.FindAllStringSubmatch(comment.ReplaceAllString(k.Source(), ""), -1)
			if len(blocks) != 1 {
				t.Errorf("kernel %s has %d structs Params", k.Name, len(blocks))
				continue
			}
			var got, want []row
			for _, f := range field.FindAllStringSubmatch(blocks[0][1], -1) {
				got = append(got, row{f[1], f[2]})
			}
			for i := range k.Params().NumField() {
				f := k.Params().Field(i)
				name := f.Name
				if i < len(got) && got[i].Name != name {
					name = strings.ToLower(name[:1]) + name[1:]
				}
				want = append(want, row{name, wgslTypes[f.Type.Kind()]})
			}
			if !slices.Equal(got, want) {
				t.Errorf("kernel %s: Params is %v in WGSL, %v in Go", k.Name, got, want)
			}
		}
	}
}

func TestBindings(t *testing.T) {
	// The @binding lines of the WGSL and the Go binding table agree: the parameters
	// first, then buffers by name, word type and access.
	for _, list := range kernels(t) {
		for _, k := range list {
			source := comment.ReplaceAllString(k.Source(), "")
			want := [][]string{{"0", "0", "uniform", "p", "Params"}}
			for i, b := range k.Bindings {
				access := "storage, read"
				if b.Write {
					access = "storage, read_write"
				}
				want = append(want, []string{"0", string(rune('1' + i)), access, b.Name, b.Kind.String()})
			}
			var got [][]string
			for _, m := range binding.FindAllStringSubmatch(source, -1) {
				switch m[5] {
				case "array<f32>", "array<vec2f>", "array<vec4f>":
					m[5] = "f32"
				case "array<u32>", "array<vec2u>", "array<vec4u>":
					m[5] = "u32"
				}
				got = append(got, m[1:])
			}
			if n := len(anyBind.FindAllString(source, -1)); n != len(got) {
				t.Errorf("kernel %s: %d of %d @binding lines can be read", k.Name, len(got), n)
			}
			if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
				t.Errorf("kernel %s: bindings are %q in WGSL, %q in Go", k.Name, got, want)
			}
			if e := entry.FindAllStringSubmatch(source, -1); len(e) != 1 || e[0][1] != "main" {
				t.Errorf("kernel %s: entry points %q, want main", k.Name, e)
			}
		}
	}
}

func TestAssembled(t *testing.T) {
	// Every import is resolved, and included once, however it is reached.
	for _, list := range kernels(t) {
		for _, k := range list {
			if strings.Contains(k.Source(), "#import") {
				t.Errorf("kernel %s has an import left", k.Name)
			}
			if enables := strings.Contains(k.Source(), "enable subgroups;"); k.Subgroups != enables {
				t.Errorf("kernel %s enables subgroups: %v; its name says %v", k.Name, enables, k.Subgroups)
			}
			seen := map[string]bool{}
			for _, f := range declare.FindAllStringSubmatch(k.Source(), -1) {
				if seen[f[1]] {
					t.Errorf("kernel %s declares %s twice", k.Name, f[1])
				}
				seen[f[1]] = true
			}
		}
	}
}

func TestTune(t *testing.T) {
	const path = "nn/rmsnorm_fwd"
	if source := shaders.Load(path, nil)(); strings.Count(source, "const WG: u32 = 64u;") != 1 {
		t.Errorf("untuned: %s", source)
	}
	source := shaders.Load(path, shaders.Tune{"WG": 32})()
	if strings.Count(source, "const WG: u32 = 32u;") != 1 || strings.Contains(source, "64u") {
		t.Errorf("tuned to 32: %s", source)
	}
}

func TestLoadPanics(t *testing.T) {
	for _, c := range []struct {
		path string
		tune shaders.Tune
		want string
	}{
		{"nn/none", nil, "shaders: no source nn/none.wgsl"},
		{"nn/rmsnorm_fwd", shaders.Tune{"WH": 1}, "shaders: nn/rmsnorm_fwd has no tunable constant WH"},
		{"nn/rmsnorm_fwd", shaders.Tune{"WG": 32, "p": 1}, "shaders: nn/rmsnorm_fwd has no tunable constant p"},
	} {
		func() {
			defer func() {
				if got := recover(); got != c.want {
					t.Errorf("Load(%q, %v) panics with %v, want %q", c.path, c.tune, got, c.want)
				}
			}()
			shaders.Load(c.path, c.tune)()
		}()
	}
}
