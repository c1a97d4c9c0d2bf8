package engine

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/model/hf/safetensors"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

// trained are the weights and moments of a run in a storage.
func trained(t testing.TB, s runs.Store, id string) []safetensors.Array {
	t.Helper()
	files, err := s.Load(t.Context(), id, runs.StateFile)
	if err != nil || len(files[runs.StateFile]) == 0 {
		t.Fatalf("run %s has no state in the storage: %v", id, err)
	}
	state, err := safetensors.Read(files[runs.StateFile])
	if err != nil {
		t.Fatal(err)
	}
	return state.Arrays
}

// alone trains a run to its end.
func alone(t testing.TB, bases map[string]map[string][]byte, settings session.RunSettings) (metrics []session.Metric, state []safetensors.Array) {
	t.Helper()
	store := newShelf()
	s := startWith(t, Library{Store: store}, bases, openHost)
	defer s.leave()
	s.must(session.Begin{Settings: settings})
	s.must(session.Advance{})
	return s.run.Metrics, trained(t, store, s.run.Info.ID)
}

// Two runs that train in turn are, bit for bit, the runs that train alone: through a pause, a second run that begins later, and one that is
// taken away and set beside the first again.
func TestTwoRunsInTurnAreThoseAlone(t *testing.T) {
	bases := able(t)
	first, other := short("grpo", 3), short("attnpo", 3)
	first.Hyper["std"] = hyper.Choice("off") // which attnpo lacks
	first.Hyper["learning-rate"], other.Hyper["learning-rate"] = hyper.Number(2e-4), hyper.Number(2e-4)
	wantFirst, weightsFirst := alone(t, bases, first)
	wantSecond, weightsSecond := alone(t, bases, other)

	store := newShelf()
	s := startWith(t, Library{Store: store}, bases, openHost)
	s.must(session.Begin{Settings: first})
	s.must(session.Advance{Steps: 1})
	s.must(session.TrainBeside{Method: "attnpo"})
	if s.second.Info.State != "new" || s.second.Settings.Seed != s.run.Settings.Seed || s.second.Settings.Model != s.run.Settings.Model || s.pairs.Step != 0 {
		t.Fatalf("the second run is %+v by %+v, pairs of step %d", s.second.Info, s.second.Settings, s.pairs.Step)
	}
	id := s.second.Info.ID
	s.must(session.Advance{Steps: 1}) // of the run that is behind
	if s.run.Info.Step != 1 || s.second.Info.Step != 1 {
		t.Fatalf("after a step the runs are at %d and %d, want 1 and 1", s.run.Info.Step, s.second.Info.Step)
	}
	s.must(session.Advance{Steps: 1})
	if s.run.Info.Step != 2 || s.second.Info.Step != 2 || s.run.Info.State != "paused" || s.second.Info.State != "paused" {
		t.Fatalf("after a step of both they are %+v and %+v", s.run.Info, s.second.Info)
	}
	if p := s.pairs; p.Step != 2 || p.Problems != 3 || len(p.First) != 4 || len(p.Second) != 4 || p.Prompt != s.run.Rollouts[0].Prompt || p.Prompt != s.second.Rollouts[0].Prompt {
		t.Fatalf("step %d pairs %d problems, %d and %d rollouts to %q", p.Step, p.Problems, len(p.First), len(p.Second), p.Prompt)
	}
	s.must(session.TrainBeside{})
	if s.second.Info.ID != "" || len(s.pairs.First) != 0 {
		t.Fatalf("the first trains alone, and beside it is %+v", s.second.Info)
	}
	if i := slices.IndexFunc(s.runs.Runs, func(r session.KeptRun) bool { return r.Info.ID == id }); i < 0 || s.runs.Runs[i].Info.State != "paused" {
		t.Fatalf("the second run is not among the saved ones: %+v", s.runs.Runs)
	}
	s.must(session.TrainBeside{ID: id})
	s.must(session.Advance{})
	if s.run.Info.State != "done" || s.second.Info.State != "done" || s.status.Text != "Both runs are complete." {
		t.Fatalf("%+v and %+v, %q", s.run.Info, s.second.Info, s.status.Text)
	}
	sameMetrics(t, s.run.Metrics, wantFirst)
	sameMetrics(t, s.second.Metrics, wantSecond)
	if !reflect.DeepEqual(trained(t, store, s.run.Info.ID), weightsFirst) || !reflect.DeepEqual(trained(t, store, id), weightsSecond) {
		t.Error("the weights and moments are not those of runs that train alone")
	}
	if reflect.DeepEqual(weightsFirst, weightsSecond) {
		t.Error("both methods lead to the same weights, so that the test shows nothing")
	}
}

// Before their first step both runs have the same model, so the rollouts of the first step have the same tokens.
func TestPairedRollouts(t *testing.T) {
	s := start(t, able(t), openHost)
	s.must(session.Begin{Settings: short("grpo", 2)})
	s.must(session.TrainBeside{Method: "tlmre"})
	s.must(session.Advance{Steps: 1})
	same := func(a, b session.PairedRollout) bool { return slices.Equal(a.Text, b.Text) }
	if p := s.pairs; p.Step != 1 || len(p.First) == 0 || !slices.EqualFunc(p.First, p.Second, same) {
		t.Fatalf("at step %d the rollouts of one model differ: %+v and %+v", p.Step, p.First, p.Second)
	}
	s.must(session.ShowPair{Problem: 2})
	if p := s.pairs; p.Problem != 2 || p.Prompt != s.run.Rollouts[len(s.run.Rollouts)-1].Prompt {
		t.Errorf("problem %d is %q", p.Problem, p.Prompt)
	}
	s.refused(session.ShowPair{Problem: 3}, "no problem 3")
	p := s.pairs.First[0]
	if n := len(p.Steps); n == 0 || p.Steps[n-1].End > len(p.Text) || !strings.HasPrefix(strings.Join(p.Text[p.Steps[0].Start:p.Steps[0].End], " "), p.Steps[0].Text) {
		t.Errorf("steps %+v of %q", p.Steps, p.Text)
	}
	s.must(session.LoseDevice{})
	s.must(session.Advance{})
	if s.run.Info.State != "done" || s.second.Info.State != "done" {
		t.Errorf("after the loss of the device the runs end as %+v and %+v", s.run.Info, s.second.Info)
	}
}

// A run that does not draw the same problems cannot stand beside another, and what ends a pair saves both.
func TestWhatMayTrainBeside(t *testing.T) {
	s := startWith(t, Library{Store: newShelf()}, able(t), openHost)
	s.refused(session.TrainBeside{Method: "grpo"}, "no run yet")
	other := short("tlmre", 2)
	other.Seed = 4
	s.must(session.Begin{Settings: other})
	s.must(session.Advance{Steps: 1})
	id := s.run.Info.ID
	s.must(session.Begin{Settings: short("grpo", 2)})
	first := s.run.Info.ID
	s.refused(session.TrainBeside{ID: id}, "the seed of")
	s.refused(session.TrainBeside{ID: "gone"}, "no run")
	s.refused(session.TrainBeside{Method: "nonsense"}, "nonsense")
	s.refused(session.TrainBeside{Method: runs.Pretrain}, "no rollouts")
	s.must(session.TrainBeside{Method: "tlmre"})
	second := s.second.Info.ID
	s.must(session.Advance{Steps: 1})
	s.must(session.ResumeRun{ID: second})
	if s.run.Info.ID != second || s.second.Info.ID != "" || s.run.Info.Step != 1 {
		t.Fatalf("the second run is resumed as %+v beside %+v", s.run.Info, s.second.Info)
	}
	s.must(session.TrainBeside{ID: first})
	s.must(session.DropRun{ID: first})
	if s.second.Info.ID != "" || s.run.Info.ID != second {
		t.Fatalf("after its deletion beside %+v is %+v", s.run.Info, s.second.Info)
	}
	s.must(session.Advance{})
	if s.run.Info.State != "done" {
		t.Errorf("the run that is left ends as %+v", s.run.Info)
	}
}

// What waits behind a run that cannot begin is not done with the run before: neither a second run nor steps. What comes after them is.
func TestAFailedBeginHasNoRunBeside(t *testing.T) {
	in := &inbox{e: &Engine{}, ctx: t.Context()}
	for _, c := range []session.Command{session.Begin{}, session.TrainBeside{Method: "tlmre"}, session.Advance{}, session.TrainBeside{Method: "grpo"}, session.Advance{}} {
		in.add(c)
	}
	in.finish(failed)
	for i, skipped := range []bool{true, true, false, false} {
		if j := in.queue[i]; (j.do != nil) != skipped {
			t.Errorf("%s, number %d, is skipped: %v", session.Kind(j.Command), i, j.do != nil)
		}
	}
}
