package engine

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl/hyper"
	"attnlab/rl/rltest"
	"attnlab/rl/runs"
)

// overText are settings of a short run of the current model of free text, with adapters of rank 4.
func overText(method string, steps int, wording *session.Wording) session.RunSettings {
	s := short(method, steps)
	s.Model, s.Difficulty, s.Probe, s.Wording = "", "1", 2, wording
	s.Hyper["max-length"], s.Hyper["lora"], s.Hyper["learning-rate"] = hyper.Number(24), hyper.Number(4), hyper.Number(0.01)
	return s
}

// aChain is few-shot chain with one example.
var aChain = &session.Wording{Task: "few-shot-chain", Rule: "line", Shots: 1}

// frozen is a screen of an engine that has the rambler on the device in BF16, to run forward only.
func frozen(t *testing.T, library Library, backend string) *screen {
	t.Helper()
	s := startWith(t, library, parrots(t), session.Open{Backend: backend})
	s.open("rambler", filesOf(t, rltest.Rambler()), "bf16")
	return s
}

// open opens a model of others in a storage.
func (s *screen) open(name string, files map[string][]byte, storage string) {
	s.Helper()
	s.must(s.look(name, hf.Memory(files)))
	s.must(session.OpenModel{Storage: storage, Context: s.offer.Context})
	s.must(session.NewProblem{Seed: 1, Wording: aChain})
}

// Adapters are trained over a model that lies on the device to run forward, by each of the methods that the page offers for it; the run is
// measured, followed, saved, lost with its device, resumed to the bit, exported in PEFT's form, and used on the Trace page.
func TestTrainAdaptersOverAFrozenModel(t *testing.T) {
	for _, backend := range []string{gpu.Host, gpu.WebGPU} {
		t.Run(backend, func(t *testing.T) {
			needs(t, backend)
			store := newShelf()
			s := frozen(t, Library{Store: store}, backend)
			plan := s.able.Model.Adapters
			if !s.able.Model.Frozen || plan == nil || len(plan.Attention) != 8 || plan.Attention[0] >= plan.Attention[1] || plan.Attention[0] >= plan.All[0] || plan.Weights == 0 {
				t.Fatalf("%+v, plan %+v", s.able.Model, plan)
			}
			weights := overText("grpo", 2, aChain)
			delete(weights.Hyper, "lora")
			s.refused(session.Begin{Settings: weights}, "give lora a rank")

			settings := overText("tlmre", 3, aChain)
			settings.Hyper["reward-kl"] = hyper.Number(0.05)
			s.must(session.Begin{Settings: settings})
			s.must(session.Advance{Steps: 2})
			if s.run.Info.Step != 2 || s.run.Settings.Task != "few-shot-chain" || s.run.Settings.Wording.Shots != 1 || len(s.followed.Answers) == 0 || len(s.run.Rollouts) == 0 {
				t.Fatalf("%+v, followed %+v", s.run, s.followed)
			}
			id := s.run.Info.ID
			s.must(session.ExportRun{ID: id, Part: session.Adapter})
			early := s.files.Files
			s.must(session.Advance{})
			whole := timeless(s.run.Metrics)
			s.must(session.ExportRun{ID: id, Part: session.Adapter})
			if maps.EqualFunc(early, s.files.Files, slices.Equal) || len(s.files.Files) != len(hf.AdapterFiles) {
				t.Fatalf("the adapters of step 3 are those of step 2: %v", slices.Collect(maps.Keys(s.files.Files)))
			}
			config := rltest.Rambler().Config
			adapters, err := hf.LoadAdapters(config, s.files.Files)
			if err != nil || adapters.Rank != 4 || adapters.All || !slices.ContainsFunc(adapters.Words, func(x float32) bool { return x != 0 }) {
				t.Fatalf("%+v, %v", adapters.LoRA, err)
			}

			// The trained model on the Trace page is the merged one.
			s.must(session.ExportRun{ID: id, Part: session.Merged})
			merged, err := hf.LoadFiles(s.files.Files)
			if err != nil {
				t.Fatal(err)
			}
			s.must(session.UseModel{Name: runModel + id})
			s.must(session.NewProblem{Seed: 1, Wording: aChain})
			s.must(all)
			trained := s.trace
			s.refused(session.Begin{Settings: settings}, "adapters in its weights")
			s.must(session.ExportRun{ID: id})
			files := s.files.Files
			if files[adapterFolder+"adapter_config.json"] == nil || files[runs.WeightsFile] != nil || files[runs.TokenizerFile] == nil {
				t.Errorf("the run's folder has %v", slices.Sorted(maps.Keys(files)))
			}
			s.open("merged", filesOf(t, merged), "f32")
			s.must(all)
			for i, x := range s.trace.LogProbs {
				if len(s.trace.Tokens) != len(trained.Tokens) || math.Abs(float64(x-trained.LogProbs[i])) > 1e-3 {
					t.Fatalf("token %d has the log-probability %g merged and %g with adapters; %v and %v", i, x, trained.LogProbs[i], s.trace.Tokens, trained.Tokens)
				}
			}

			// Another visit lists the run, asks for its model, and continues it.
			again := startWith(t, Library{Store: newShelf()}, parrots(t), session.Open{Backend: backend})
			again.must(session.Begin{Settings: short("grpo", 1)}) // a run of another model, which stays possible
			s = frozen(t, Library{Store: newShelf()}, backend)
			s.must(session.Begin{Settings: settings})
			s.must(session.Advance{Steps: 1})
			s.must(session.LoseDevice{})
			s.must(session.ExportRun{ID: s.run.Info.ID})
			part := s.files.Files
			resumed := startWith(t, Library{Store: newShelf()}, parrots(t), session.Open{Backend: backend})
			resumed.must(session.ImportRun{Name: "r", Files: part})
			id = resumed.runs.Runs[len(resumed.runs.Runs)-1].Info.ID
			resumed.refused(session.ResumeRun{ID: id}, "open that model first")
			other := rltest.Rambler()
			other.Weights[0]++
			resumed.open("rambler", filesOf(t, other), "bf16")
			resumed.refused(session.ResumeRun{ID: id}, "weights of the model in use are others")
			resumed.open("rambler", filesOf(t, rltest.Rambler()), "bf16")
			resumed.must(session.ResumeRun{ID: id})
			resumed.must(session.UseModel{Name: "chain-small"}) // the run has the files of its base meanwhile
			resumed.must(session.Advance{})
			if got := timeless(resumed.run.Metrics); !reflect.DeepEqual(got, whole) {
				t.Errorf("resumed: %v\nat once: %v", got, whole)
			}
		})
	}
}

// Methods over a model of free text, with adapters over its weights in memory, or of all weights.
func TestTrainFreeText(t *testing.T) {
	for _, c := range []struct {
		method string
		lora   float64
		on     string
	}{{"grpo", 0, "attention"}, {"grpo", 4, "all"}, {"attnpo", 8, "attention"}, {"attnrl", 4, "attention"}, {"treerl", 4, "attention"}} {
		t.Run(fmt.Sprintf("%s %g %s", c.method, c.lora, c.on), func(t *testing.T) {
			s := startWith(t, Library{Store: newShelf()}, map[string]map[string][]byte{"rambler": filesOf(t, rltest.Rambler())}, openHost)
			settings := overText(c.method, 2, aChain)
			settings.Hyper["lora"], settings.Hyper["lora-on"] = hyper.Number(c.lora), hyper.Choice(c.on)
			switch c.method {
			case "treerl", "attnrl":
				delete(settings.Hyper, "group")
				settings.Hyper["initial"] = hyper.Number(3)
			case "attnpo": // no head looks at needed steps here
				settings.FocusHeads = "0.0,0.1"
			}
			s.must(session.Begin{Settings: settings})
			s.must(session.Advance{Steps: 1})
			if c.lora > 0 { // a shipped base is not saved with the run: it is loaded again
				id := s.run.Info.ID
				s.must(session.Begin{Settings: overText("grpo", 1, aChain)})
				s.must(session.ResumeRun{ID: id})
				s.must(session.ExportRun{ID: id, Part: session.Adapter})
			} else {
				s.refused(session.ExportRun{ID: s.run.Info.ID, Part: session.Adapter}, "trains all weights")
			}
			s.must(session.Advance{})
			if s.run.Info.State != "done" {
				t.Errorf("%+v", s.run.Info)
			}
			whole := startWith(t, Library{}, map[string]map[string][]byte{"rambler": filesOf(t, rltest.Rambler())}, openHost)
			whole.must(session.Begin{Settings: settings})
			whole.must(session.Advance{})
			if got, want := timeless(s.run.Metrics), timeless(whole.run.Metrics); !reflect.DeepEqual(got, want) {
				t.Errorf("resumed: %v\nat once: %v", got, want)
			}
		})
	}
	s := startWith(t, Library{}, map[string]map[string][]byte{"rambler": filesOf(t, rltest.Rambler())}, openHost)
	s.refused(session.Begin{Settings: overText("rearl", 1, aChain)}, "free text has none")
	s.refused(session.Begin{Settings: overText("grpo", 1, &session.Wording{Task: "text"})}, "no problems to train on")
	s.refused(session.Begin{Settings: overText("grpo", 1, &session.Wording{Task: "problems", Problems: `{"prompt": "a = ?", "answer": "5"}`})}, "each part needs one")
}

// Own problems are saved with the run, in its folder.
func TestTrainOnOwnProblems(t *testing.T) {
	var lines []string
	for n := range 60 {
		lines = append(lines, fmt.Sprintf(`{"prompt": "%c = %d ; %c = ?", "answer": "5"}`, 'a'+n%26, n%16, 'a'+n%26))
	}
	s := startWith(t, Library{Store: newShelf()}, map[string]map[string][]byte{"rambler": filesOf(t, rltest.Rambler())}, openHost)
	settings := overText("grpo", 3, &session.Wording{Task: "problems", Problems: strings.Join(lines, "\n")})
	settings.Difficulty = ""
	s.must(session.Begin{Settings: settings})
	s.must(session.Advance{Steps: 2})
	s.must(session.ExportRun{ID: s.run.Info.ID})
	files := s.files.Files
	if strings.Count(string(files[runs.ProblemsFile]), "\n") != 60 || !strings.Contains(string(files[runs.RunFile]), `"problem_file": "problems.jsonl"`) {
		t.Fatalf("the run's folder has %v", slices.Sorted(maps.Keys(files)))
	}
	s.must(session.ImportRun{Name: "again", Files: files})
	s.must(session.ResumeRun{ID: s.runs.Runs[0].Info.ID})
	s.must(session.Advance{})
	if s.run.Info.State != "done" || s.run.Settings.Wording.Task != "problems" || s.run.Settings.Wording.Problems != "" {
		t.Errorf("%+v, %+v", s.run.Info, s.run.Settings.Wording)
	}
}
