package engine

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

func init() { heldOut.Problems = 10 }

// newShelf is a store in memory.
func newShelf() *runs.Memory { return &runs.Memory{} }

// names are those of a run's files.
func names(t testing.TB, s runs.Store, id string) []string {
	t.Helper()
	names, err := s.Names(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// short are settings of a run that takes no time.
func short(method string, steps int) session.RunSettings {
	n := hyper.Number
	h := hyper.Values{"problems": n(3), "max-length": n(96)}
	switch method {
	case "attnrl":
		h["initial"], h["batch"] = n(3), hyper.Choice("fixed") // else the batch grows
	case "rearl":
		h["group"], h["revision-tokens"] = n(3), n(16)
	default:
		h["group"] = n(4)
	}
	return session.RunSettings{Method: method, Model: "chain-tiny", Difficulty: "2", Seed: 3, Steps: steps, Hyper: h, Probe: 40}
}

// able is a base that gets some problems right, with steps that matter and others:
// the smallest shipped one.
func able(t testing.TB) map[string]map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join("../../web/models/chain-tiny", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	return map[string]map[string][]byte{"chain-tiny": files}
}

// timeless are a run's metrics without those that tell the time.
func timeless(columns []session.Metric) map[string][]*float64 {
	of := map[string][]*float64{}
	for _, c := range columns {
		if !strings.Contains(c.Name, "seconds") && c.Name != "tokens_per_second" {
			of[c.Name] = c.Values
		}
	}
	return of
}

func text(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func sameMetrics(t testing.TB, got, want []session.Metric) {
	t.Helper()
	if g, w := text(t, timeless(got)), text(t, timeless(want)); g != w || len(want) < 10 {
		t.Errorf("metrics\n%s\nwant\n%s", g, w)
	}
}

// Screens that send several commands and wait see one end of them all, whether another run was there before or not.
func TestCommandsInARowHaveOneEnd(t *testing.T) {
	s := startWith(t, Library{Store: newShelf()}, able(t), openHost)
	for n := range 2 {
		s.send(session.Begin{Settings: short("grpo", 2)})
		s.do(session.Advance{})
		if s.run.Info.State != "done" || len(s.runs.Runs) != n+1 || len(s.failures) > 0 {
			t.Fatalf("run %d rests at %+v with %d runs, %v", n+1, s.run.Info, len(s.runs.Runs), s.failures)
		}
	}
}

// Steps that wait behind a run that cannot begin are not taken by another run.
func TestAFailedBeginTakesNoSteps(t *testing.T) {
	s := start(t, able(t), openHost)
	s.must(session.Begin{Settings: short("grpo", 3)})
	s.must(session.Advance{Steps: 1})
	wrong := short("grpo", 3)
	wrong.Model = "chain-huge"
	s.send(session.Begin{Settings: wrong})
	s.do(session.Advance{})
	if len(s.failures) != 1 || s.run.Info.State != "paused" || s.run.Info.Step != 1 {
		t.Fatalf("%+v after %v", s.run.Info, s.failures)
	}
	s.failures = nil
	s.must(session.Advance{})
	if s.run.Info.Step != 3 {
		t.Errorf("the run before is at %+v", s.run.Info)
	}
}

// The page trains as "attnlab train" does: by rl.Run with the same configuration.
func TestARunIsWhatRlSays(t *testing.T) {
	for _, method := range []string{"grpo", "attnpo", "attnrl", "rearl"} {
		t.Run(method, func(t *testing.T) {
			bases := able(t)
			s := start(t, bases, openHost)
			settings := short(method, 2)
			s.must(session.Begin{Settings: settings})
			if s.run.Info.State != "new" || s.run.Info.ID == "" || len(s.run.Metrics) != 0 {
				t.Fatalf("%+v", s.run.Info)
			}
			s.must(session.Advance{})
			if s.run.Info.State != "done" || s.run.Info.Step != 2 || s.run.Kept != -1 || s.status.Text != "The run is complete." {
				t.Errorf("%+v, %+v", s.run.Info, s.status)
			}

			m, err := methodOf(method)
			if err != nil {
				t.Fatal(err)
			}
			hyper, err := hyperOf(method, settings.Hyper)
			if err != nil {
				t.Fatal(err)
			}
			task, err := task.New("chain", "", "2")
			if err != nil {
				t.Fatal(err)
			}
			base, err := hf.LoadFiles(bases["chain-tiny"])
			if err != nil {
				t.Fatal(err)
			}
			run, err := rl.NewRun(gpu.OpenHost(), task, base, nil, rl.RunConfig{Method: m, Hyper: hyper, Seed: 3, Probe: 40, HeldOut: heldOut})
			if err != nil {
				t.Fatal(err)
			}
			var want runs.Log
			for range 2 {
				report, err := run.Step(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				line, err := json.Marshal(report)
				if err != nil {
					t.Fatal(err)
				}
				if err := want.Add(line); err != nil {
					t.Fatal(err)
				}
			}
			sameMetrics(t, s.run.Metrics, want.Shown())
			if got := runs.Columns(s.run.Base).Last("accuracy"); got != run.Base().Accuracy {
				t.Errorf("the base has accuracy %g, want %g", got, run.Base().Accuracy)
			}
			samples := 0
			for _, g := range run.Last().Groups {
				samples += len(g.Samples)
			}
			if len(s.run.Rollouts) != samples || samples == 0 {
				t.Errorf("%d rollouts, want %d", len(s.run.Rollouts), samples)
			}
			s.must(session.Advance{})
			if !strings.Contains(s.status.Text, "all its 2 steps") {
				t.Errorf("more of a complete run: %+v", s.status)
			}
		})
	}
}

// A run that is saved and resumed in another engine gives the same numbers as one that never stopped; so does a run whose device
// is lost.
func TestResumedEqualsUninterrupted(t *testing.T) {
	for _, method := range []string{"attnpo", "attnrl"} {
		t.Run(method, func(t *testing.T) {
			bases := able(t)
			whole := start(t, bases, openHost)
			whole.must(session.Begin{Settings: short(method, 4)})
			whole.must(session.Advance{})
			want := whole.run.Metrics

			store := newShelf()
			first := startWith(t, Library{Store: store}, bases, openHost)
			first.must(session.Begin{Settings: short(method, 4)})
			first.must(session.Advance{Steps: 2})
			if first.run.Info.State != "paused" || first.run.Kept != 2 {
				t.Fatalf("after 2 steps: %+v, saved %d", first.run.Info, first.run.Kept)
			}

			first.leave()
			again := startWith(t, Library{Store: store}, bases, openHost)
			again.hasRuns()
			if len(again.runs.Runs) != 1 || again.runs.Runs[0].Info.State != "paused" || again.runs.Runs[0].Info.Step != 2 {
				t.Fatalf("a new engine finds %+v", again.runs.Runs)
			}
			sameMetrics(t, again.runs.Runs[0].Metrics, first.run.Metrics)
			again.must(session.ResumeRun{ID: first.run.Info.ID})
			again.must(session.Advance{Steps: 1})
			again.must(session.LoseDevice{}) // at rest
			again.must(session.Advance{})
			sameMetrics(t, again.run.Metrics, want)
			whole.must(session.ExportRun{ID: whole.run.Info.ID})
			again.must(session.ExportRun{ID: again.run.Info.ID})
			if got, want := again.files.Files[runs.RolloutsFile], whole.files.Files[runs.RolloutsFile]; len(want) == 0 || string(got) != string(want) {
				t.Errorf("the rollouts are %d bytes, without a stop %d, and they differ", len(got), len(want))
			}
			if again.run.Info.State != "done" || again.run.Kept != 4 {
				t.Errorf("%+v, saved %d", again.run.Info, again.run.Kept)
			}

			unlucky := start(t, bases, openHost)
			unlucky.must(session.Begin{Settings: short(method, 4)})
			unlucky.send(session.Advance{})
			unlucky.until(func(m any) bool { status, ok := m.(session.Status); return ok && status.Done == 2 })
			unlucky.texts = nil
			unlucky.send(session.LoseDevice{})
			unlucky.until(func(m any) bool { run, ok := m.(session.Run); return ok && run.Info.State == "done" })
			sameMetrics(t, unlucky.run.Metrics, want)
			if !slices.ContainsFunc(unlucky.texts, func(text string) bool { return strings.Contains(text, "the run are restored") }) {
				t.Errorf("texts %q", unlucky.texts)
			}
			unlucky.send(session.ExportRun{ID: unlucky.run.Info.ID})
			unlucky.until(func(m any) bool { _, ok := m.(session.RunFiles); return ok })
			if string(unlucky.files.Files[runs.RolloutsFile]) != string(whole.files.Files[runs.RolloutsFile]) {
				t.Error("after a lost device the rollouts are others")
			}
			if len(unlucky.failures) > 0 {
				t.Error(unlucky.failures)
			}
		})
	}
}

// Pausing keeps the run; others go first between two steps; the model can be used.
func TestTrainingMakesRoom(t *testing.T) {
	s := start(t, able(t), openHost, session.NewProblem{Seed: 7})
	s.must(session.Begin{Settings: short("grpo", 100000)})
	s.send(session.Advance{})
	s.until(func(m any) bool { run, ok := m.(session.Run); return ok && run.Info.Step > 0 })
	s.send(all)
	s.until(func(m any) bool { trace, ok := m.(session.Trace); return ok && trace.Complete })
	step := s.run.Info.Step
	s.until(func(m any) bool { run, ok := m.(session.Run); return ok && run.Info.Step > step }) // it continues by itself
	s.send(session.ShowCredit{Rollout: 1})
	s.until(func(m any) bool { _, ok := m.(session.Credit); return ok })
	s.send(session.Cancel{Command: "Advance"})
	s.until(func(m any) bool { run, ok := m.(session.Run); return ok && run.Info.State == "paused" })
	s.rests()
	if !slices.ContainsFunc(s.texts, func(text string) bool { return strings.HasPrefix(text, "Paused after step") }) || len(s.failures) > 0 {
		t.Errorf("%q, failures %v", s.texts, s.failures)
	}
	name := runModel + s.run.Info.ID
	if !slices.Contains(s.able.Bases, name) {
		t.Fatalf("bases %q", s.able.Bases)
	}
	s.must(session.UseModel{Name: name})
	if s.able.Model.Name != name {
		t.Errorf("the current model is %q", s.able.Model.Name)
	}
	before := s.run.Info.ID
	s.must(session.Begin{Settings: session.RunSettings{Method: "grpo", Steps: 1, Hyper: short("grpo", 1).Hyper, Probe: 8, Difficulty: "2"}})
	s.must(session.Advance{})
	if s.run.Settings.Model != name || len(s.runs.Runs) != 2 || s.runs.Runs[1].Info.ID != before {
		t.Errorf("begun from %q, runs %+v", s.run.Settings.Model, s.runs.Runs)
	}
	s.must(session.ResumeRun{ID: before})
	s.must(session.Advance{Steps: 1})
	s.must(session.DropRun{ID: before})
	if s.run.Info.ID != "" || len(s.runs.Runs) != 1 {
		t.Errorf("after it was dropped: %+v", s.run.Info)
	}
	s.refused(session.Advance{}, "no run yet")
}

func TestExportAndImport(t *testing.T) {
	store := newShelf()
	s := startWith(t, Library{Store: store}, able(t), openHost)
	settings := short("grpo", 3)
	settings.Hyper["kl"] = hyper.Number(0.1)
	settings.Hyper["std"] = hyper.Choice("off")
	s.must(session.Begin{Settings: settings})
	s.must(session.Advance{Steps: 2})
	id := s.run.Info.ID
	s.must(session.ExportRun{ID: id})
	for _, name := range append(slices.Clone(hf.CheckpointFiles), runs.RunFile, runs.MetricsFile) {
		if len(s.files.Files[name]) == 0 {
			t.Errorf("no %s among the files", name)
		}
	}
	s.must(session.Advance{})
	want := s.run.Metrics
	s.must(session.ImportRun{Name: "mine", Files: s.files.Files})
	imported := s.runs.Runs[0]
	if imported.Info.Name != "mine" || imported.Info.From != "imported" || imported.Info.State != "paused" || text(t, imported.Settings) != text(t, s.run.Settings) {
		t.Errorf("%+v, settings %+v", imported.Info, imported.Settings)
	}
	s.must(session.ResumeRun{ID: imported.Info.ID})
	s.must(session.Advance{})
	sameMetrics(t, s.run.Metrics, want)

	s.must(session.ImportRun{Name: "curves", Files: map[string][]byte{runs.MetricsFile: s.files.Files[runs.MetricsFile]}})
	curves := s.runs.Runs[0]
	if curves.Info.State != session.MetricsOnly || curves.Info.Step != 2 || curves.Settings.Method != "grpo" {
		t.Errorf("%+v", curves)
	}
	s.refused(session.ResumeRun{ID: curves.Info.ID}, "only its metrics")
	s.refused(session.ImportRun{Files: map[string][]byte{"notes.txt": []byte("x")}}, "no metrics.jsonl")
	s.refused(session.ImportRun{Files: map[string][]byte{runs.MetricsFile: {}}}, "no line of metrics")
	s.refused(session.ImportRun{Files: map[string][]byte{runs.MetricsFile: []byte("x\ny\n")}}, "line 1")
	s.refused(session.ImportRun{Files: map[string][]byte{runs.MetricsFile: []byte(`{"step":2}` + "\n" + `{"step":1}` + "\n{}\n")}}, "step 1 comes after step 2; to import the steps before it, delete that line")
	broken := maps.Clone(s.files.Files)
	broken[runs.RunFile] = []byte(`{"method":"ppo"}`)
	s.refused(session.ImportRun{Files: broken}, "ppo")
	if len(s.runs.Runs) != 3 {
		t.Errorf("%d runs after refused imports", len(s.runs.Runs))
	}
	s.must(session.ImportRun{Name: "from elsewhere", Files: map[string][]byte{runs.MetricsFile: []byte(`{"step":1,"loss":2}`)}})

	shipped := map[string][]byte{runs.RunFile: s.files.Files[runs.RunFile], runs.MetricsFile: s.files.Files[runs.MetricsFile]}
	s.leave()
	again := startWith(t, Library{Store: store, Runs: func(context.Context) ([]string, error) { return []string{"reference"}, nil }, RunFile: fileOf(shipped)}, able(t), openHost)
	again.hasRuns()
	var states []string
	for _, r := range again.runs.Runs {
		states = append(states, r.Info.From+" "+r.Info.State)
	}
	saved := []string{"shipped metrics only", "imported metrics only", "imported metrics only", "imported done", "this browser done"}
	slices.Sort(states)
	slices.Sort(saved)
	if !slices.Equal(states, saved) || len(again.failures) > 0 {
		t.Errorf("another visit finds %q, failures %v", states, again.failures)
	}
}

func TestTheStorageRefuses(t *testing.T) {
	store := newShelf()
	store.Fail = errors.New("the browser has no room left")
	s := startWith(t, Library{Store: store}, able(t), openHost)
	s.must(session.Begin{Settings: short("grpo", 3)})
	s.do(session.Advance{Steps: 1})
	s.must(session.Advance{}) // said once
	if len(s.failures) != 1 || !strings.Contains(s.failures[0].Text, "no room left") || s.run.Kept != -1 || s.run.Info.Step != 3 {
		t.Errorf("failures %v, saved %d, step %d", s.failures, s.run.Kept, s.run.Info.Step)
	}
}

func TestPretrainingInTheLab(t *testing.T) {
	settings := session.RunSettings{Method: runs.Pretrain, Model: "tiny", Difficulty: "2", Seed: 2, Steps: 20, Hyper: hyper.Values{"tokens": hyper.Number(512)}}
	whole := start(t, able(t), openHost)
	whole.must(session.Begin{Settings: settings})
	whole.must(session.Advance{})
	m := runs.Columns(whole.run.Metrics)
	if m.Rows() != 2 || m.Last("step") != 20 || m.Last("tokens") == 0 || *m[1].Values[0] <= m.Last("loss") || !strings.HasPrefix(whole.run.Sample, "<bos>") {
		t.Fatalf("metrics %s, sample %q", text(t, m), whole.run.Sample)
	}

	store := newShelf()
	first := startWith(t, Library{Store: store}, able(t), openHost)
	first.must(session.Begin{Settings: settings})
	first.must(session.Advance{Steps: 10})
	first.leave()
	again := startWith(t, Library{Store: store}, able(t), openHost)
	again.must(session.ResumeRun{ID: first.run.Info.ID})
	again.must(session.Advance{})
	if got, want := text(t, timeless(again.run.Metrics)), text(t, timeless(whole.run.Metrics)); got != want {
		t.Errorf("resumed %s\nwhole   %s", got, want)
	}
	again.must(session.UseModel{Name: runModel + again.run.Info.ID})
}

func TestBeginRefusesWithASentence(t *testing.T) {
	s := start(t, able(t), openHost)
	s.refused(session.Advance{}, "no run yet")
	for _, c := range []struct {
		change func(*session.RunSettings)
		want   string
	}{
		{func(s *session.RunSettings) { s.Method = "ppo" }, "no method"},
		{func(s *session.RunSettings) { s.Steps = 0 }, "1 to 100000"},
		{func(s *session.RunSettings) { s.Model = "huge" }, "no shipped base"},
		{func(s *session.RunSettings) { s.Model = "run:x" }, "no run"},
		{func(s *session.RunSettings) { s.Task = "countdown" }, "task"},
		{func(s *session.RunSettings) { s.Difficulty = "9-1" }, ""},
		{func(s *session.RunSettings) { s.Hyper = hyper.Values{"kappa": hyper.Number(1)} }, "kappa"},
		{func(s *session.RunSettings) { s.Hyper = hyper.Values{"group": hyper.Number(2.5)} }, "whole"},
		{func(s *session.RunSettings) { s.Hyper = hyper.Values{"std": hyper.Number(7)} }, "std"},
		{func(s *session.RunSettings) { s.Method, s.Hyper = "rearl", hyper.Values{"cut": hyper.Choice("normal")} }, "reflection model"},
		{func(s *session.RunSettings) { s.Probe = -1 }, "probing"},
	} {
		settings := short("grpo", 2)
		c.change(&settings)
		s.refused(session.Begin{Settings: settings}, c.want)
	}
	s.must(session.Begin{Settings: short("grpo", 2)})
	s.send(session.ShowCredit{Rollout: 0})
	s.until(func(m any) bool { f, ok := m.(session.Failure); return ok && f.Command == "ShowCredit" })
	s.rests()
	s.refused(session.ResumeRun{ID: "x"}, "no run")
	s.refused(session.Advance{Steps: -1}, "1 or more")
	if s.run.Info.State != "new" {
		t.Errorf("%+v", s.run.Info)
	}
}

// A run is measured on as many held-out problems as its settings ask for, and as often; on none where they say so.
func TestHeldOutOfARun(t *testing.T) {
	for _, c := range []struct {
		problems, want int
		gap            int64
	}{{0, 0, 0}, {6, 2, 1}, {6, 0, session.MaxTokens}} {
		s := start(t, able(t), openHost)
		settings := short("grpo", 2)
		settings.HeldOut, settings.HeldOutGap = &c.problems, c.gap
		s.must(session.Begin{Settings: settings})
		s.must(session.Advance{})
		columns, got := runs.Columns(s.run.Metrics), 0
		for _, n := range columns.Of("held_out.problems") {
			if n == float64(c.problems) {
				got++
			}
		}
		if base := columns.Of("held_out_base.problems"); got != c.want || (base != nil) != (c.problems > 0) {
			t.Errorf("%d problems every %d tokens: measured %d times, want %d; base %v", c.problems, c.gap, got, c.want, base)
		}
		if v := s.run.Settings; v.HeldOut == nil || *v.HeldOut != c.problems || c.gap > 0 && v.HeldOutGap != c.gap {
			t.Errorf("the run says %+v of its settings", v)
		}
		if columns.Of("quantiles.reward.p50") == nil {
			t.Error("the run has no quantiles")
		}
	}
	s := start(t, able(t), openHost)
	tooMany := session.MaxProblems + 1
	settings := short("grpo", 2)
	settings.HeldOut = &tooMany
	s.refused(session.Begin{Settings: settings}, "held-out problems")
}
