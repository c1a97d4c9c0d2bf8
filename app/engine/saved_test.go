package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

// exported is a run of two of three steps as the page exports it.
func exported(t *testing.T, settings session.RunSettings) map[string][]byte {
	t.Helper()
	s := startWith(t, Library{Store: newShelf()}, able(t), openHost)
	s.must(session.Begin{Settings: settings})
	s.must(session.Advance{Steps: 2})
	s.must(session.ExportRun{ID: s.run.Info.ID})
	return s.files.Files
}

// B7: whatever run.json, result.json and the log say, a visit imports, saves, and exports: every field of every struct, and
// keys that this version does not know. Only name and origin are the visit's own.
func TestAVisitKeepsEveryField(t *testing.T) {
	files := exported(t, short("grpo", 3))
	var doc map[string]any
	if err := json.Unmarshal(files[runs.RunFile], &doc); err != nil {
		t.Fatal(err)
	}
	// A value in every field that the reader accepts.
	for name, value := range map[string]any{"model": "chain-tiny", "teacher": "verdict", "focus_heads": "0.1", "reflection": "/a/folder", "paper": true, "steps": 7, "budget": 123456, "report_every": 3,
		"held_out": 5, "save_rollouts": 0.25, "held_out_every": 700, "evaluate": 9, "start": "x", "storage": "bf16", "note": "n", "sample": "s", "seed": "18446744073709551615", "probe": 41,
		"wording":          map[string]any{"step_rule": "line", "chat": "chatml", "system": "s", "shots": 3.0, "context": 512.0, "problem_file": "/a/file", "colour": "red"},
		"reflection_model": map[string]any{"name": "r", "weights_sha256": "00", "colour": "red"}, "unknown": []any{1.0, map[string]any{"a": nil}}} {
		doc[name] = value
	}
	known := map[string]bool{}
	settings := reflect.TypeFor[runs.Settings]()
	for i := range settings.NumField() {
		if name, _, _ := strings.Cut(settings.Field(i).Tag.Get("json"), ","); name != "" {
			known[name] = true
			if value, ok := doc[name]; !ok || reflect.ValueOf(value).IsZero() && name != "hyper" {
				if name != "difficulty" && name != "base" {
					t.Errorf("field %s has no value in this test: %v", name, value)
				}
			}
		}
	}
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	files = maps.Clone(files)
	files[runs.RunFile] = data
	files[runs.ResultFile] = []byte(`{"step":2,"adapter":"a","base":{"accuracy":0.5},"after":null,"evaluation":{"accuracy":0.25,"by_difficulty":[{"difficulty":2,"extra":1}]},"seconds":3,"colour":"blue"}`)
	log := strings.ReplaceAll(string(files[runs.MetricsFile]), `{"step"`, `{"colour":"green","step"`)
	files[runs.MetricsFile] = []byte(log)

	store := newShelf()
	s := startWith(t, Library{Store: store}, able(t), openHost)
	s.must(session.ImportRun{Name: "mine", Files: files})
	id := s.runs.Runs[0].Info.ID
	s.leave()
	again := startWith(t, Library{Store: store}, able(t), openHost)
	again.must(session.ExportRun{ID: id})
	for _, name := range []string{runs.RunFile, runs.ResultFile} {
		var want, got map[string]any
		if json.Unmarshal(files[name], &want) != nil || json.Unmarshal(again.files.Files[name], &got) != nil {
			t.Fatalf("%s is %s", name, again.files.Files[name])
		}
		if name == runs.RunFile {
			want["name"], want["from"] = "mine", "imported"
		}
		for key := range want {
			if w, g := text(t, want[key]), text(t, got[key]); w != g && !(key == "values") {
				t.Errorf("%s: %s is %s, want %s", name, key, g, w)
			}
		}
	}
	if got := string(again.files.Files[runs.MetricsFile]); got != log {
		t.Errorf("the log is\n%s\nwant\n%s", got, log)
	}
	for name, data := range files {
		if name != runs.RunFile && name != runs.ResultFile && string(again.files.Files[name]) != string(data) {
			t.Errorf("%s is not what was imported", name)
		}
	}
}

// B8: a run that one tab trains cannot be resumed, deleted or saved by another, which reports that in one sentence; it can after the
// first tab is closed.
func TestTwoTabsOneRun(t *testing.T) {
	store := newShelf()
	first := startWith(t, Library{Store: store}, able(t), openHost)
	first.must(session.Begin{Settings: short("grpo", 4)})
	first.must(session.Advance{Steps: 1})
	id := first.run.Info.ID
	second := startWith(t, Library{Store: store}, able(t), openHost)
	second.refused(session.ResumeRun{ID: id}, "open in another tab")
	second.must(session.Advance{Run: id}) // follows a Resume; a second error would hide the first
	second.refused(session.DropRun{ID: id}, "open in another tab")
	first.must(session.Advance{Steps: 1})
	first.leave()
	second.must(session.ResumeRun{ID: id})
	second.must(session.Advance{})
	if second.run.Info.Step != 4 || second.run.Kept != 4 || len(second.run.Metrics[0].Values) != 4 {
		t.Errorf("the second tab continues to %+v with %d lines", second.run.Info, len(second.run.Metrics[0].Values))
	}
	third := startWith(t, Library{Store: store}, able(t), openHost)
	third.refused(session.ResumeRun{ID: id}, "open in another tab")
	second.must(session.DropRun{ID: id})
	if names := names(t, store, id); len(names) > 0 {
		t.Errorf("a dropped run leaves %q", names)
	}
}

// B7: a run of the command line goes as far as its budget of tokens.
func TestABudgetOfTokens(t *testing.T) {
	files := maps.Clone(exported(t, short("grpo", 3)))
	log, err := runs.ReadLog(files[runs.MetricsFile])
	if err != nil {
		t.Fatal(err)
	}
	budget := 2*log.Tokens() - 1
	var doc map[string]any
	if err := json.Unmarshal(files[runs.RunFile], &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc, "steps")
	doc["budget"] = budget
	if files[runs.RunFile], err = json.Marshal(doc); err != nil {
		t.Fatal(err)
	}
	s := startWith(t, Library{Store: newShelf()}, able(t), openHost)
	s.must(session.ImportRun{Name: "mine", Files: files})
	if r := s.runs.Runs[0]; r.Info.State != "paused" || r.Settings.Budget != budget || r.Settings.Steps < 3 || r.Settings.Steps > 5 {
		t.Errorf("imported: %+v, %+v", r.Info, r.Settings)
	}
	s.must(session.ResumeRun{ID: s.runs.Runs[0].Info.ID})
	s.must(session.Advance{})
	tokens := runs.Columns(s.run.Metrics).Of("generated_tokens")
	if n := len(tokens); s.run.Info.State != "done" || tokens[n-1] < float64(budget) || tokens[n-2] >= float64(budget) {
		t.Errorf("%+v after %v tokens of %d", s.run.Info, tokens, budget)
	}
}

// B5: a run is not resumed with another base or reflection model than it began with.
func TestOtherModelsAreRefused(t *testing.T) {
	bases := able(t)
	base, err := hf.LoadFiles(bases["chain-tiny"])
	if err != nil {
		t.Fatal(err)
	}
	reflector, err := rl.BeginReflection(chain(t), base, 1)
	if err != nil {
		t.Fatal(err)
	}
	bases["chain-tiny/reflection"] = filesOf(t, reflector)
	settings := short("rearl", 3)
	settings.Hyper["cut"], settings.Hyper["kl"] = hyper.Choice("normal"), hyper.Number(0.1)
	store := newShelf()
	first := startWith(t, Library{Store: store}, bases, openHost)
	first.must(session.Begin{Settings: settings})
	first.must(session.Advance{Steps: 1})
	id := first.run.Info.ID
	first.leave()

	other := maps.Clone(bases)
	reflector.Weights[0]++
	other["chain-tiny/reflection"] = filesOf(t, reflector)
	second := startWith(t, Library{Store: store}, other, openHost)
	second.refused(session.ResumeRun{ID: id}, "not the one that this run began with")
	second.leave()
	other = maps.Clone(bases)
	base.Weights[0]++
	other["chain-tiny"] = filesOf(t, base)
	third := startWith(t, Library{Store: store}, other, openHost)
	third.refused(session.ResumeRun{ID: id}, "not the one that this run began with")
	third.leave()

	// An imported run that names a reflection model of its own, by a version that recorded no checksum, is not given the shipped one.
	files := map[string][]byte{}
	loaded, err := store.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(files, loaded)
	var doc map[string]any
	if err := json.Unmarshal(files[runs.RunFile], &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc, "reflection_model")
	doc["reflection"] = "/home/someone/reflection"
	if files[runs.RunFile], err = json.Marshal(doc); err != nil {
		t.Fatal(err)
	}
	fourth := startWith(t, Library{Store: newShelf()}, bases, openHost)
	fourth.must(session.ImportRun{Name: "theirs", Files: files})
	fourth.refused(session.ResumeRun{ID: fourth.runs.Runs[0].Info.ID}, "/home/someone/reflection, which is not here")
}

// evictable is a store that the browser may evict.
type evictable struct {
	*runs.Memory
	asked  chan bool
	agrees bool
}

func (s evictable) Persist(context.Context) bool {
	s.asked <- true
	return s.agrees
}

// B10: the engine asks for lasting storage once, at the first save, and a refusal stays visible.
func TestLastingStorage(t *testing.T) {
	for _, agrees := range []bool{true, false} {
		t.Run(fmt.Sprint(agrees), func(t *testing.T) {
			store := evictable{newShelf(), make(chan bool, 9), agrees}
			s := startWith(t, Library{Store: store}, able(t), openHost)
			if len(store.asked) > 0 {
				t.Error("asked before there is a run")
			}
			s.must(session.Begin{Settings: short("grpo", 3)})
			s.must(session.Advance{Steps: 1})
			<-store.asked
			s.must(session.Advance{})
			if len(store.asked) > 0 || strings.Contains(s.runs.Storage, "may delete saved runs") == agrees {
				t.Errorf("asked %d times more, the note is %q", len(store.asked), s.runs.Storage)
			}
		})
	}
}

// Runs that were saved by earlier versions are listed, resumed and exported.
func TestRunsOfVersion1(t *testing.T) {
	files := maps.Clone(exported(t, short("grpo", 3)))
	state, err := hf.LoadState(files)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(files[runs.RunFile], &doc); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"version", "values", "base", "measured"} {
		delete(doc, key)
	}
	if files[runs.RunFile], err = json.Marshal(doc); err != nil {
		t.Fatal(err)
	}
	store := newShelf()
	if err := store.Save(t.Context(), "grpo-old", files); err != nil {
		t.Fatal(err)
	}
	s := startWith(t, Library{Store: store}, able(t), openHost)
	s.hasRuns()
	if len(s.runs.Runs) != 1 || s.runs.Runs[0].Info.State != "paused" || s.runs.Runs[0].Info.Step != state.Train.Schedule {
		t.Fatalf("listed %+v", s.runs.Runs)
	}
	s.must(session.ResumeRun{ID: "grpo-old"})
	s.must(session.Advance{})
	if s.run.Info.State != "done" || s.run.Info.Step != 3 {
		t.Errorf("resumed to %+v", s.run.Info)
	}
	if names := names(t, store, "grpo-old"); !slices.Contains(names, runs.StateFile) {
		t.Errorf("files %q", names)
	}
}

// A new name is saved with the run: a later visit has it, with a number where another run has it too. Without a name, with one that
// is too long, and for a shipped run the command fails and changes nothing.
func TestRenameRun(t *testing.T) {
	store := newShelf()
	s := startWith(t, Library{Store: store}, able(t), openHost)
	s.must(session.ImportRun{Name: "one", Files: exported(t, short("grpo", 3))})
	s.must(session.ImportRun{Name: "two", Files: exported(t, short("grpo", 3))})
	one, two := s.runs.Runs[1].Info.ID, s.runs.Runs[0].Info.ID
	s.must(session.RenameRun{ID: one, Name: "  long  steps "})
	s.must(session.RenameRun{ID: two, Name: "long steps"})
	s.leave()
	again := startWith(t, Library{Store: store}, able(t), openHost)
	again.hasRuns()
	names := map[string]string{}
	for _, r := range again.runs.Runs {
		names[r.Info.ID] = r.Info.Name
	}
	if names[one] != "long steps" || names[two] != "long steps (2)" {
		t.Errorf("after a reload the runs are named %v", names)
	}
	for _, name := range []string{"", "   ", strings.Repeat("x", session.MaxName+1)} {
		again.refused(session.RenameRun{ID: one, Name: name}, "name")
	}
}
