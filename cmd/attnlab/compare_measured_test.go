package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/figures"
	applab "attnlab/app/lab"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// A1: a run and its base are evaluated in the same way, at the temperature of the run. Where nothing is learnt there is no
// difference.
func TestCompareRunAndBaseAlike(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	var result struct {
		Measured, BaseMeasured runs.Measured
		Base                   struct{ Accuracy float64 }
		Evaluation             json.RawMessage
		BaseEvaluation         json.RawMessage `json:"base_evaluation"`
	}
	document(t, &result, "", "train", "--model", "chain-tiny", "--method", "grpo", "--temperature", "0.3", "--learning-rate", "1e-7", "--steps", "1", "--problems", "2", "--group", "2", "--probe", "40", "--eval", "40", "--out", dir)
	if string(result.Evaluation) != string(result.BaseEvaluation) || len(result.Evaluation) < 50 {
		t.Errorf("nothing was learnt, and base and run differ:\n%s\n%s", result.BaseEvaluation, result.Evaluation)
	}
	m := result.Measured
	if m.Temperature == nil || *m.Temperature != float64(float32(0.3)) && *m.Temperature != 0.3 || m.Stream != "eval" || *m.Problems != 40 || *m.Tokens == 0 || m.Updates == nil || len(m.Model) != 64 || len(m.Base) != 64 || m.Adapter == "" || m.Difficulty != "2-5" || m.Teacher != "verdict" {
		t.Errorf("measured %+v", m)
	}
	var c runs.Comparison
	document(t, &c, "", "compare", dir)
	row := c.Rows[0]
	if row.LengthChange != 0 || row.AES != 0 || row.Accuracy != c.Bases[0].Accuracy || len(c.Notes) != 0 || c.Bases[0].From != "evaluation" {
		t.Errorf("length %v, AES %v, accuracy %v of %v, notes %q", row.LengthChange, row.AES, row.Accuracy, c.Bases[0].Accuracy, c.Notes)
	}

	// A2: an evaluation of the base in another way is refused by name; one in the same way agrees.
	b := filepath.Join(t.TempDir(), "b.json")
	evaluate := func(args ...string) {
		t.Helper()
		code, stdout, stderr := call("", append([]string{"eval", "--json", "--backend", "host", "--model", "chain-tiny", "--problems", "40"}, args...)...)
		if code != 0 {
			t.Fatal(stderr)
		}
		if err := os.WriteFile(b, []byte(stdout), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []struct{ args, says string }{{"--temperature 1", "temperature"}, {"--temperature 0.3 --difficulty 2", "difficulty"}, {"--temperature 0.3 --teacher recompute", "teacher"}} {
		evaluate(strings.Fields(other.args)...)
		if code, _, stderr := call("", "compare", dir, "--base", b); code != 1 || !strings.Contains(stderr, "measured with "+other.says) {
			t.Errorf("a base with %s: %d, %s", other.args, code, stderr)
		}
	}
	evaluate("--temperature", "0.3")
	document(t, &c, "", "compare", dir, "--base", b)
	if len(c.Notes) != 0 || c.Bases[0].From != b || c.Rows[0].LengthChange != 0 {
		t.Errorf("a base measured alike: %q, %+v", c.Notes, c.Rows[0].LengthChange)
	}
	evaluate("--temperature", "0.3", "--seed", "9")
	document(t, &c, "", "compare", dir, "--base", b)
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "seed 9 of the base alone") {
		t.Errorf("a base of another seed: %q", c.Notes)
	}
}

// A3: runs are averaged over seeds only where all else is the same: how far they go, base, reflection model, probe.
func TestCompareRowsBySettings(t *testing.T) {
	root := t.TempDir()
	base := runs.Settings{Method: "grpo", Model: "base", Steps: 6, Probe: 64, Base: &runs.Identity{Name: "base", Weights: strings.Repeat("a", 64)}}
	for name, c := range map[string]struct {
		change func(s *runs.Settings, r *runs.Result)
		rows   int
		names  string
	}{
		"another seed alone":       {func(*runs.Settings, *runs.Result) {}, 1, "grpo"},
		"more steps":               {func(s *runs.Settings, _ *runs.Result) { s.Steps = 5 }, 2, "grpo steps=5; grpo steps=6"},
		"a budget":                 {func(s *runs.Settings, _ *runs.Result) { s.Steps, s.Budget = 0, 6000 }, 2, "grpo budget=6000; grpo steps=6"},
		"another reflection model": {func(s *runs.Settings, _ *runs.Result) { s.ReflectionModel = &runs.Identity{Weights: "b"} }, 2, "grpo; grpo reflection=b"},
		"another probe":            {func(s *runs.Settings, _ *runs.Result) { s.Probe = 65 }, 2, "grpo probe=64; grpo probe=65"},
		"a hyper-parameter":        {func(s *runs.Settings, _ *runs.Result) { s.Hyper = map[string]string{"kl": "0.1"} }, 2, "grpo; grpo kl=0.1"},
		"the same in other words":  {func(s *runs.Settings, _ *runs.Result) { s.Hyper = map[string]string{"kl": "0.0", "std": "population"} }, 1, "grpo"},
		"more problems": {func(_ *runs.Settings, r *runs.Result) {
			r.Evaluation = json.RawMessage(strings.Replace(string(r.Evaluation), `"problems":10`, `"problems":11`, 1))
		}, 2, "grpo problems=10; grpo problems=11"},
		"another adapter": {func(_ *runs.Settings, r *runs.Result) { r.Adapter = "other" }, 2, "grpo adapter=an adapter; grpo adapter=other"},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := filepath.Join(root, name, "a"), filepath.Join(root, name, "b")
			one, two := base, base
			one.Seed, two.Seed = 1, 2
			writeRun(t, a, one, 0.5, 20, 1)
			writeRun(t, b, two, 0.7, 30, 2, c.change)
			var d runs.Comparison
			document(t, &d, "", "compare", a, b)
			var names []string
			for _, r := range d.Rows {
				names = append(names, r.Method)
			}
			if len(d.Rows) != c.rows || strings.Join(names, "; ") != c.names {
				t.Errorf("rows %q, want %d: %s", names, c.rows, c.names)
			}
		})
	}
	// Bases of one name and other weights are different problems.
	a, b := filepath.Join(root, "x"), filepath.Join(root, "y")
	other := base
	other.Base, other.Seed = &runs.Identity{Name: "base", Weights: strings.Repeat("b", 64)}, 2
	writeRun(t, a, base, 0.5, 20, 1)
	writeRun(t, b, other, 0.5, 20, 1)
	if code, _, stderr := call("", "compare", a, b); code != 1 || !strings.Contains(stderr, "different weights") {
		t.Errorf("bases that differ: %d, %s", code, stderr)
	}
}

// A15: the base beside a row is the mean over the row's own seeds, and names them.
func TestCompareBasePerSeed(t *testing.T) {
	root := t.TempDir()
	in := func(name string) string { return filepath.Join(root, name) }
	for i, accuracy := range []float64{0.508, 0.497, 0.483} {
		for _, method := range []string{"grpo", "dapo"} {
			if method == "dapo" && i > 0 {
				continue
			}
			writeRun(t, in(fmt.Sprint(method, i)), runs.Settings{Method: method, Model: "base", Seed: runs.Seed(i + 1), Steps: 6}, 0.6, 20, 1, func(_ *runs.Settings, r *runs.Result) {
				r.BaseEvaluation = json.RawMessage(fmt.Sprintf(`{"problems":600,"accuracy":%g,"think_tokens":40,"labels":{"redundant":4,"essential":2}}`, accuracy))
			})
		}
	}
	var d runs.Comparison
	document(t, &d, "", "compare", in("grpo0"), in("grpo1"), in("grpo2"), in("dapo0"))
	for _, row := range d.Rows {
		want := map[string]float64{"grpo": (0.508 + 0.497 + 0.483) / 3, "dapo": 0.508}[row.Method]
		if math.Abs(float64(row.Base.Accuracy)-want) > 1e-12 || !slices.Equal(row.Base.Seeds, row.SeedList) {
			t.Errorf("%s: the base is %v with seeds %v, want %g with seeds %v", row.Method, row.Base.Accuracy, row.Base.Seeds, want, row.SeedList)
		}
	}
	if !slices.Equal(d.Bases[0].Seeds, []runs.Seed{1, 2, 3}) {
		t.Errorf("the common base is of seeds %v", d.Bases[0].Seeds)
	}
	if code, text, _ := call("", "compare", in("grpo0"), in("grpo1")); code != 0 || !strings.Contains(text, "seeds 1 2") {
		t.Errorf("as text: %d, %s", code, text)
	}
}

// A run of version 1 was evaluated at temperature 1 whatever it was trained at: that is named, and no difference is shown.
func TestCompareOldRunsMeasuredOtherwise(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	writeRun(t, dir, runs.Settings{Method: "grpo", Model: "base", Seed: 1, Hyper: map[string]string{"temperature": "0.3"}}, 0.705, 20, 1)
	var d runs.Comparison
	document(t, &d, "", "compare", dir)
	if row := d.Rows[0]; !math.IsNaN(float64(row.AES)) || !math.IsNaN(float64(row.LengthChange)) || len(d.Notes) != 1 || !strings.Contains(d.Notes[0], "temperature 1 and 0.3") {
		t.Errorf("AES %v, notes %q", row.AES, d.Notes)
	}
}

// B11: the shipped runs can be compared as they are.
func TestCompareShippedRuns(t *testing.T) {
	dirs, err := filepath.Glob("../../web/runs/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("%v, %v", dirs, err)
	}
	var d runs.Comparison
	document(t, &d, "", append([]string{"compare"}, dirs...)...)
	seeds := map[string]int{}
	for _, r := range d.Rows {
		seeds[r.Method] = r.Seeds
		if math.IsNaN(float64(r.AES)) || r.Measured[0].Stream == "" || r.GeneratedTokens.Mean < 300000 {
			t.Errorf("%s: AES %v, measured %+v", r.Method, r.AES, r.Measured)
		}
	}
	for _, r := range d.Rows {
		known := map[string]float64{"attnpo focus=position": 1, "attnpo focus=shuffle": 0}
		if want, has := known[r.Method]; has && !(math.Abs(float64(r.ScorePosition.Mean)-want) < 0.03) || r.Method == "grpo" && !math.IsNaN(float64(r.ScorePosition.Mean)) {
			t.Errorf("%s: scores have the rank correlation %v with place", r.Method, r.ScorePosition)
		}
	}
	if want := map[string]int{"grpo": 8, "tlmre": 8, "attnpo": 8, "attnpo focus-heads=0.2,2.3": 8, "attnpo focus=position": 8, "attnpo focus=shuffle": 8, "attnpo focus=random-heads": 8}; !maps.Equal(seeds, want) || len(d.LeftOut) > 0 {
		t.Errorf("rows %v, want %v; skipped %q", seeds, want, d.LeftOut)
	}
}

// A4, A5: the command line, the page's table and the page's figure group the same runs alike and name the groups alike.
func TestRunsAreGroupedAndNamedAlike(t *testing.T) {
	root := t.TempDir()
	base := runs.Settings{Method: "grpo", Model: "base", Steps: 6, Probe: 64, Base: &runs.Identity{Name: "base", Weights: strings.Repeat("a", 64)}}
	var dirs []string
	p := visitPage(t, &runs.Memory{})
	for name, change := range map[string]func(*runs.Settings){
		"a": func(*runs.Settings) {},
		"b": func(s *runs.Settings) { s.Seed = 2 },
		"c": func(s *runs.Settings) { s.Hyper = map[string]string{"kl": "1e-1"} },
		"d": func(s *runs.Settings) { s.Hyper, s.Seed = map[string]string{"kl": "0.1"}, 2 },
		"e": func(s *runs.Settings) { s.Method, s.FocusHeads = "attnpo", "0.0,0.1" },
		"f": func(s *runs.Settings) { s.Method, s.Paper = "attnpo", true },
		"g": func(s *runs.Settings) { s.Method, s.Paper, s.Hyper = "attnpo", true, map[string]string{"kl": "0.1"} },
		"h": func(s *runs.Settings) { s.Probe = 65 },
		"i": func(s *runs.Settings) { s.Steps, s.Budget = 0, 6000 },
		"j": func(s *runs.Settings) { s.ReflectionModel = &runs.Identity{Weights: strings.Repeat("b", 64)} },
	} {
		s := base
		s.Seed = 1
		change(&s)
		dir := filepath.Join(root, name)
		writeRun(t, dir, s, 0.5, 20, 1)
		dirs = append(dirs, dir)
		p.do(session.ImportRun{Name: name, Files: readFolder(t, dir)})
	}
	var c comparison
	document(t, &c, "", append([]string{"compare"}, dirs...)...)
	want := map[string]int{}
	for _, r := range c.Rows {
		want[r.Method] = r.Seeds
	}
	if len(want) != 8 || want["grpo kl=0.1 steps=6"] != 2 || want["attnpo paper=on steps=6"] != 1 {
		t.Errorf("the command line has the rows %v", want)
	}
	table := map[string]int{}
	for _, s := range applab.Standings(p.list.Runs) {
		table[s.Name] = len(s.Runs)
	}
	if !maps.Equal(table, want) {
		t.Errorf("the page's table has the rows %v, the command line %v", table, want)
	}
	all := applab.Standings(p.list.Runs)
	for _, some := range [][]int{{0, 1, 2, 3, 4, 5}, {2, 3, 4, 5, 6, 7}} { // a caption lists six
		var chosen []session.KeptRun
		var ids []string
		for _, i := range some {
			for _, r := range all[i].Runs {
				chosen, ids = append(chosen, r), append(ids, r.Info.ID)
			}
		}
		figure, err := figures.New("scatter")
		if err != nil {
			t.Fatal(err)
		}
		figure.Set("runs", strings.Join(ids, ","), time.Now())
		figure.Show(p.list, time.Now())
		for _, s := range applab.Standings(chosen) {
			named := "; " + s.Name + ": "
			if n := len(s.Runs); n > 1 {
				named = fmt.Sprintf("; %s, n = %d: ", s.Name, n)
			}
			if caption := figure.Caption(); !strings.Contains(caption, "6 groups") || !strings.Contains(caption, named) {
				t.Errorf("the figure lacks %q: %s", named, caption)
			}
		}
	}
}

// A base row is only above rows whose base was measured in its way, and every value in the text is of its own row.
func TestCompareBaseOfEachMeasurement(t *testing.T) {
	for what, change := range map[string]func(m *runs.Measured){
		"temperature":      func(m *runs.Measured) { m.Temperature = runs.To(0.3) },
		"longest response": func(m *runs.Measured) { m.MaxLength = runs.To(64) },
		"problems":         func(m *runs.Measured) { m.Problems = runs.To(900) },
	} {
		root := t.TempDir()
		words := []string{"compare"}
		for i, method := range []string{"grpo", "dapo", "tlmre"} {
			m := runs.Measured{Task: "chain", Teacher: "verdict", Difficulty: "2-3", Temperature: runs.To(1.0), MaxLength: runs.To(96), Problems: runs.To(600), Seed: runs.To(runs.Seed(1)), Stream: "eval", Tokens: runs.To(int64(9)), Updates: runs.To(3)}
			accuracy := 0.111
			if method == "dapo" {
				change(&m)
				accuracy = 0.333
			}
			dir := filepath.Join(root, fmt.Sprint(i))
			writeRun(t, dir, runs.Settings{Method: method, Model: "base", Seed: 1, Steps: 6}, 0.6, 20, 1, func(_ *runs.Settings, r *runs.Result) {
				r.Measured = &m
				r.BaseEvaluation = json.RawMessage(fmt.Sprintf(`{"problems":%d,"accuracy":%g,"think_tokens":40}`, *m.Problems, accuracy))
			})
			words = append(words, dir)
		}
		var d comparison
		document(t, &d, "", words...)
		if len(d.Bases) != 2 {
			t.Fatalf("%s: %d bases: %+v", what, len(d.Bases), d.Bases)
		}
		for _, b := range d.Bases {
			for _, i := range b.Of {
				if want := map[bool]float64{true: 0.333, false: 0.111}[d.Rows[i].Method == "dapo"]; math.Abs(float64(b.Accuracy)-want) > 1e-12 {
					t.Errorf("%s: %s is below a base of accuracy %v", what, d.Rows[i].Method, b.Accuracy)
				}
			}
		}
		_, text, _ := call("", append(words, "--markdown")...)
		if strings.Count(text, "The base of ") != 2 {
			t.Errorf("%s: as text\n%s", what, text)
		}
		at := func(s string) int { return strings.Index(text, s) }
		for i, r := range d.Rows {
			row := at("| " + mark(i) + " | " + r.Method + " | ")
			own, other := at(" | 0.111 | "), at(" | 0.333 | ")
			if r.Method == "dapo" {
				own, other = other, own
			}
			if row < 0 || own < 0 || other < 0 || own > row || other > own && other < row {
				t.Errorf("%s: the base above %s is not its own\n%s", what, r.Method, text)
			}
		}
	}
}

// How a row of several seeds was measured names every seed, and the range of what differs between them.
func TestCompareMeasuredOfAllSeeds(t *testing.T) {
	root := t.TempDir()
	words := []string{"compare"}
	for i, tokens := range []int64{9000, 11000, 10000} {
		dir := filepath.Join(root, fmt.Sprint(i))
		writeRun(t, dir, runs.Settings{Method: "grpo", Model: "base", Seed: runs.Seed(i + 1), Steps: 6}, 0.6, 20, 1, func(s *runs.Settings, r *runs.Result) {
			r.Measured = &runs.Measured{Model: strings.Repeat(fmt.Sprint(i), 64), Task: "chain", Seed: &s.Seed, Problems: runs.To(600), Tokens: runs.To(tokens), Updates: runs.To(40 + i)}
		})
		words = append(words, dir)
	}
	var d runs.Comparison
	document(t, &d, "", words...)
	if len(d.Rows) != 1 || len(d.Rows[0].Measured) != 3 || len(d.Bases[0].Measured) != 3 {
		t.Fatalf("rows %+v", d.Rows)
	}
	var raw any
	document(t, &raw, "", words...)
	has(t, raw, "runs.measured.seed", "runs.measured.top_p", "runs.measured_seeds.seed", "bases.measured.task") // the first is the contract's
	for i, m := range d.Rows[0].Measured {
		if *m.Seed != d.Rows[0].SeedList[i] {
			t.Errorf("measurement %d is of seed %v, want %v", i, *m.Seed, d.Rows[0].SeedList[i])
		}
	}
	_, text, _ := call("", append(words, "--markdown")...)
	for _, want := range []string{"| seed | 1, 2, 3 |", "| tokens so far | 9000 to 11000 |", "| updates so far | 40 to 42 |", "| model | 00000000…, 11111111…, 22222222… |"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
}

// Seeds are listed for each row: that they differ between rows is no Note.
func TestCompareHasNoNoteOfSeeds(t *testing.T) {
	root := t.TempDir()
	words := []string{"compare"}
	for i, method := range []string{"grpo", "dapo"} {
		dir := filepath.Join(root, method)
		writeRun(t, dir, runs.Settings{Method: method, Model: "base", Seed: runs.Seed(i + 1)}, 0.6, 20, 1)
		words = append(words, dir)
	}
	var d runs.Comparison
	document(t, &d, "", words...)
	if len(d.Rows) != 2 || len(d.Notes) != 0 {
		t.Errorf("%d rows, notes %q", len(d.Rows), d.Notes)
	}
}
