package rl

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"attnlab/rl/hyper"
)

// Two methods that have a row of one name have the same row, but for their own values and source.
func TestRowsOfMethods(t *testing.T) {
	for _, m := range Methods {
		if m.Title == "" || m.Summary == "" || m.Source == "" || m.Steps == 0 {
			t.Errorf("%s: title, summary or source is missing", m.Name)
		}
		seen := map[string]bool{}
		for _, p := range m.Params {
			if seen[p.Name] {
				t.Errorf("%s: two rows %s", m.Name, p.Name)
			}
			seen[p.Name] = true
			if p.Meaning == "" || p.Source == "" || p.Step <= 0 || p.Min >= p.Max {
				t.Errorf("%s %s: meaning, source, step or range is missing", m.Name, p.Name)
			}
			shared, _ := Rows(Methods).Row(p.Name)
			own := p
			own.Paper, own.Lab, own.Source = shared.Paper, shared.Lab, shared.Source
			if !reflect.DeepEqual(own, shared) {
				t.Errorf("%s %s is another row than the one of %s", m.Name, p.Name, With(Methods, p.Name)[0].Name)
			}
			for _, v := range []hyper.Value{p.Paper, p.Lab} {
				if back, err := p.Parse(v.String()); err != nil || back != v {
					t.Errorf("%s %s: %v is read as %v, %v", m.Name, p.Name, v, back, err)
				}
			}
		}
	}
}

// Fault A10: "--paper" has the values of the source.
func TestPaperValues(t *testing.T) {
	for method, want := range map[string]map[string]string{
		"grpo":   {"group": "64", "problems": "16", "max-length": "1024", "kl": "0.04", "aggregation": "sequence", "std": "population", "minibatches": "1"},
		"drgrpo": {"problems": "128", "group": "8", "max-length": "3000", "minibatches": "8", "aggregation": "constant", "std": "off"},
		"dapo": {"problems": "512", "group": "16", "minibatches": "16", "dual-clip": "10", "weight-decay": "0.1", "warm-up": "20", "overlong-buffer": "4096",
			"max-length": "20480", "clip-high": "0.28", "learning-rate": "1e-06", "gradient-clip": "1", "adam-beta1": "0.9", "adam-beta2": "0.999"},
		"tlmre": {"learning-rate": "5e-06", "problems": "32", "group": "8", "minibatches": "2", "alpha": "0.1", "reward-kl": "0.001", "kl": "0",
			"aggregation": "sequence", "max-length": "32000", "whiten": "batch", "adam-beta2": "0.95"},
		"treerl": {"temperature": "1.2", "learning-rate": "1.5e-06", "branch": "entropy"},
		"attnrl": {"delta": "4", "clip-high": "0.28", "kl": "0.001", "dual-clip": "3", "valid": "1920", "weight-decay": "0.01", "gradient-clip": "1"},
		"attnpo": {"schedule": "1000", "kappa": "1", "kl": "0", "alpha": "0.2", "problems": "128", "group": "8"},
		"rearl": {"group": "4", "kl": "0.04", "reflection-tokens": "225.09", "aggregation": "token", "std": "sample", "std-epsilon": "0.0001",
			"revision-eos": "on", "temperature": "0.6", "learning-rate": "2e-05"},
	} {
		h := methodOf(t, method).Params.Paper()
		for name, text := range want {
			if got := h[name].String(); got != text {
				t.Errorf("%s %s = %s, want %s", method, name, got, text)
			}
		}
	}
	for method, want := range map[string]map[string]string{
		"tlmre": {"alpha": "0.2", "reward-kl": "0", "whiten": "off", "aggregation": "token"}, "attnrl": {"delta": "2"},
		"rearl": {"std": "off", "revision-eos": "off", "aggregation": "sequence"}, "dapo": {"overlong-buffer": "40", "warm-up": "0", "dual-clip": "0"},
	} {
		for name, text := range want {
			if got := methodOf(t, method).Params.Lab()[name].String(); got != text {
				t.Errorf("the lab's %s %s = %s, want %s", method, name, got, text)
			}
		}
	}
	for _, m := range Methods { // the lab's optimiser is the one of before these rows: that of pretraining without decay
		if got, want := fmt.Sprintf("%.6g", adam(m.Params.Lab())), "{0.9 0.98 1e-08 0 1}"; got != want {
			t.Errorf("%s: %s, want %s", m.Name, got, want)
		}
	}
}

// The toy method pays long right responses. It is one value: what flags, page, credit and training take is in it.
var toy = Method{
	Name: "toy", Title: "Toy", Summary: "Pays long right responses.", Source: "a test", Steps: 1,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(4, 4), hyper.Group.With(3, 3), hyper.Temperature.With(1, 1), hyper.MaxLength.With(40, 40), hyper.LearningRate.With(1e-3, 1e-3),
		hyper.WarmUp.With(0, 0), hyper.MiniBatches.With(1, 1), hyper.ClipLow.With(.2, .2), hyper.ClipHigh.With(.2, .2), hyper.DualClip.With(0, 0),
		hyper.KL.With(0, 0), hyper.Entropy.With(0, 0), hyper.Aggregation.Choosing("token", "token"), hyper.FlatGroups.Choosing("drop", "drop"),
		{Name: "gain", Meaning: "reward of a token of a right response", Source: "a test", Min: 0, Max: 1, Step: 0.01, Paper: hyper.Number(.5), Lab: hyper.Number(.1)},
	}, hyper.Optimiser("a test", .9, .98, 0, 1)),
	Rules: []hyper.Rule{func(h hyper.Values, _ hyper.Limits) error {
		if h.Number("gain") == 0 && h.Int("group") > 32 {
			return fmt.Errorf("gain is 0 and group is %d", h.Int("group"))
		}
		return nil
	}},
	New: func(h hyper.Values, s Setup) (Trainer, error) {
		c := &toyTrainer{gain: h.Number("gain"), problems: h.Int("problems"), size: h.Int("group")}
		if s.State != nil {
			return c, json.Unmarshal(s.State, &c.Seen)
		}
		return c, nil
	},
}

type toyTrainer struct {
	gain           float64
	problems, size int
	Seen           int // groups so far
}

func (c *toyTrainer) Sample(ctx context.Context, r *Run) ([]Group, error) {
	c.Seen += c.problems
	return r.sampleGroups(ctx, c.problems, c.size)
}

func (c *toyTrainer) Credit(_ int, groups []Group) error {
	for _, g := range groups {
		rewards := make([]float64, len(g.Samples))
		for i, s := range g.Samples {
			if s.Correct {
				rewards[i] = c.gain * float64(len(s.Response()))
			}
		}
		a := leaveOneOut(rewards)
		g.credit(rewards, a, a)
	}
	return nil
}

func (c *toyTrainer) Explain(g Group, i int) Explanation {
	x := newExplanation(g.Samples[i])
	x.Outcome = []Term{{"r", "r = gain · L", g.Samples[i].Reward, "a test"}}
	return x
}

func (c *toyTrainer) State() (json.RawMessage, error) { return json.Marshal(c.Seen) }

// A new method is one value and one line of [Methods]: rows, credit, explanation, training and resuming follow from it.
func TestToyMethod(t *testing.T) {
	if _, ok := Rows(append(slices.Clone(Methods), toy)).Row("gain"); !ok || len(With([]Method{toy}, "gain")) != 1 {
		t.Error("the table does not have the toy's row")
	}
	out, err := CreditGroup(toy, readGroup(t, `{"responses":[{"length":4,"correct":true},{"length":8,"correct":true},{"length":9,"correct":false}]}`), nil)
	if err != nil || !slices.Equal(out.Rewards, []float64{2, 4, 0}) || !out.Valid || len(out.TokenAdvantages[2]) != 9 {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := CreditGroup(toy, GroupInput{}, hyper.Values{"gain": hyper.Number(0), "group": hyper.Number(64)}); err == nil || !strings.Contains(err.Error(), "gain is 0 and group is 64") {
		t.Errorf("its rule: %v", err)
	}
	c := diceRunOf(t, toy, nil)
	whole, begun := open(t, nil, c), open(t, nil, c)
	want := steps(t, whole, 3)[2]
	x := whole.Last().Explain(0, 0)
	if x.Outcome[0].Value != whole.Last().Groups[0].Samples[0].Reward || len(x.After) == 0 || want.Method != "toy" || want.Groups.Valid == 0 {
		t.Errorf("%+v, %s", x, text(t, want))
	}
	steps(t, begun, 1)
	saved, err := begun.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	c.Hyper, c.Seed = nil, 0
	resumed := open(t, saved, c)
	if got := steps(t, resumed, 2)[1]; text(t, got) != text(t, want) || resumed.trainer.(*toyTrainer).Seen != 12 {
		t.Errorf("resumed %s after %d groups\nwhole   %s", text(t, got), resumed.trainer.(*toyTrainer).Seen, text(t, want))
	}
}

// elsewhere are the files that may still have a method's name in quotes, and why. The list must only shrink.
var elsewhere = map[string]string{
	"app/session/methods.go":       "the method of the page's first plan and lessons: the page does not import rl",
	"app/lab/labtest/snapshots.go": "snapshots for tests",
	"app/theme/palette.go":         "a colour for each: the table of colours imports nothing, and a test of app/engine holds it to the methods",
}

// Only a method's own file, the list and tests may name it in quotes: all else takes it from its value.
func TestMethodNamesAreInOnePlace(t *testing.T) {
	own := map[string]string{}
	for _, m := range Methods {
		own[m.Name] = "rl/" + m.Name + ".go"
	}
	seen := 0
	unused := map[string]bool{}
	for path := range elsewhere {
		unused[path] = true
	}
	eachGoFile(t, func(path string, file *ast.File) {
		seen++
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			value, err := strconv.Unquote(literal.Value)
			if err != nil || own[value] == "" || own[value] == path {
				return true
			}
			if delete(unused, path); elsewhere[path] == "" {
				t.Errorf("%s has %q: take the name from the method's value", path, value)
			}
			return true
		})
	})
	if seen < 200 {
		t.Errorf("%d Go files were read", seen)
	}
	for path := range unused {
		t.Errorf("%s names no method any more: take it off the list", path)
	}
}

func eachGoFile(t *testing.T, do func(path string, file *ast.File)) {
	t.Helper()
	const root = ".."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "shared") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		do(filepath.ToSlash(rel), file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The package is read by its list of names: at most 100 of them, methods included.
func TestFewNamesAreExported(t *testing.T) {
	var names []string
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Ext(f.Name()) != ".go" || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if receiver := receiverOf(d); d.Name.IsExported() && (receiver == "" || ast.IsExported(receiver)) {
					names = append(names, strings.TrimPrefix(receiver+"."+d.Name.Name, "."))
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						names = append(names, s.Name.Name)
					case *ast.ValueSpec:
						for _, n := range s.Names {
							names = append(names, n.Name)
						}
					}
				}
			}
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		_, last, of := strings.Cut(name, ".")
		return !of && !ast.IsExported(name) || of && !ast.IsExported(last)
	})
	if slices.Sort(names); len(names) > 100 || len(names) < 30 {
		t.Errorf("%d names are exported: %s", len(names), strings.Join(names, " "))
	}
}

// receiverOf is the type of a method's receiver; empty for a function.
func receiverOf(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	of := d.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if name, ok := of.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}
