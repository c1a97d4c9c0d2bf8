package engine

import (
	"context"
	"io/fs"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/runs"
)

// A run answers one problem before its first step, as it goes, and after the last; the answers are compared token by token with the
// base, and are saved, exported and imported with the run.
func TestARunIsFollowed(t *testing.T) {
	store := newShelf()
	s := startWith(t, Library{Store: store}, able(t), openHost)
	settings := short("grpo", 4)
	s.must(session.Begin{Settings: settings})
	if len(s.followed.Answers) != 0 {
		t.Errorf("before the first step: %+v", s.followed)
	}
	s.must(session.Advance{Steps: 2})
	s.must(session.Advance{})
	got := s.followed
	var at []int
	for _, a := range got.Answers {
		at = append(at, a.Step)
	}
	if !slices.Equal(at, []int{0, 1, 2, 3, 4}) || got.ID != s.run.Info.ID || got.Problem == "" || got.Gold == "" {
		t.Fatalf("answers of steps %v to %q, right %q", at, got.Problem, got.Gold)
	}
	first, last := got.Answers[0], got.Answers[4]
	for i, d := range first.Change {
		if d != 0 || first.OnFirst[i] != 0 {
			t.Fatalf("the base differs from itself by %v at token %d", d, i)
		}
	}
	if len(last.Change) != len(last.Text) || len(last.OnFirst) != len(first.Text) || slices.Max(last.OnFirst)-slices.Min(last.OnFirst) == 0 {
		t.Errorf("%d changes of %d tokens, %d of the first answer's %d", len(last.Change), len(last.Text), len(last.OnFirst), len(first.Text))
	}

	s.must(session.ExportRun{ID: got.ID})
	files := s.files.Files
	r, err := runs.Read(files)
	if err != nil || r.Followed == nil {
		t.Fatalf("the export has no answers (error %v)", err)
	}
	trained, base := r.Followed.Answers[4], r.Followed.Answers[0]
	near(t, "trained on its own answer", trained.LogProbs, logProbsOf(t, r.Checkpoint, r.Followed.Prompt, trained.Response))
	near(t, "trained on the base's answer", trained.OnFirst, logProbsOf(t, r.Checkpoint, r.Followed.Prompt, base.Response))
	near(t, "base on the trained answer", trained.Base, logProbsOf(t, able(t)["chain-tiny"], r.Followed.Prompt, trained.Response))
	for i, d := range last.Change {
		if want := float64(trained.LogProbs[i]) - float64(trained.Base[i]); math.Abs(d-want) > 1e-4 {
			t.Errorf("token %d changed by %v, want %v", i, d, want)
		}
	}

	s.leave()
	again := startWith(t, Library{Store: store}, able(t), openHost)
	again.must(session.FollowRun{ID: got.ID})
	if !reflect.DeepEqual(again.followed.Answers, got.Answers) {
		t.Errorf("after a reload the answers are %+v, want %+v", again.followed.Answers, got.Answers)
	}
	other := startWith(t, Library{Store: newShelf()}, able(t), openHost)
	other.must(session.ImportRun{Name: "mine", Files: files})
	other.must(session.FollowRun{ID: other.runs.Runs[0].Info.ID})
	if !reflect.DeepEqual(other.followed.Answers, got.Answers) {
		t.Error("an imported run has other answers")
	}
	other.refused(session.FollowRun{ID: "nobody"}, "there is no run")
}

// Of a run whose answers were not recorded, such as one of an older command line, the two ends answer; so they do to a problem that is
// typed, which changes nothing of the run.
func TestTheEndsOfARunAnswer(t *testing.T) {
	store := newShelf()
	s := startWith(t, Library{Store: store}, able(t), openHost)
	s.must(session.Begin{Settings: short("grpo", 3)})
	id := s.run.Info.ID
	s.refused(session.FollowRun{ID: id, Text: "a 1 ; ? a"}, "no step yet")
	s.must(session.Advance{})
	recorded := s.followed.Answers
	s.must(session.ExportRun{ID: id})
	files := s.files.Files
	delete(files, runs.FollowedFile)

	other := startWith(t, Library{Store: newShelf()}, able(t), openHost)
	other.must(session.ImportRun{Name: "mine", Files: files})
	info := other.runs.Runs[0].Info
	if !info.Answers {
		t.Error("the list says that the imported run has no answers")
	}
	other.must(session.FollowRun{ID: info.ID})
	got := other.followed
	if len(got.Answers) != 2 || got.Typed || !reflect.DeepEqual(got.Answers[0], recorded[0]) || !reflect.DeepEqual(got.Answers[1], recorded[3]) {
		t.Errorf("the ends answer %+v, recorded were %+v and %+v", got.Answers, recorded[0], recorded[3])
	}

	other.must(session.FollowRun{ID: info.ID, Text: "k 8 ; b &k * &k ; ? b"})
	typed := other.followed
	if !typed.Typed || len(typed.Answers) != 2 || typed.Answers[1].Step != 3 || typed.Gold != "4" || !strings.Contains(typed.Problem, "k 8") {
		t.Errorf("the typed problem is answered by %+v", typed)
	}
	other.refused(session.FollowRun{ID: info.ID, Text: "nonsense"}, "nonsense")
	other.must(session.FollowRun{ID: info.ID})
	if again := other.followed; again.Typed || !reflect.DeepEqual(again.Answers, got.Answers) {
		t.Errorf("after a typed problem the run answers %+v", again)
	}

	shipped := map[string][]byte{runs.RunFile: files[runs.RunFile], runs.MetricsFile: files[runs.MetricsFile], runs.FollowedFile: []byte(`{"prompt":[0]}`)}
	library := Library{Runs: func(context.Context) ([]string, error) { return []string{"one"}, nil }, RunFile: fileOf(shipped)}
	third := startWith(t, library, able(t), openHost)
	third.refused(session.FollowRun{ID: "shipped-one"}, "no answer")
	library.RunFile = fileOf(map[string][]byte{runs.RunFile: shipped[runs.RunFile], runs.MetricsFile: shipped[runs.MetricsFile]})
	fourth := startWith(t, library, able(t), openHost)
	fourth.refused(session.FollowRun{ID: "shipped-one"}, "only its metrics")
}

// fileOf reads the files of one shipped run.
func fileOf(files map[string][]byte) func(ctx context.Context, run, file string) ([]byte, error) {
	return func(_ context.Context, run, file string) ([]byte, error) {
		if files[file] == nil {
			return nil, fs.ErrNotExist
		}
		return files[file], nil
	}
}

// logProbsOf are the log-probabilities of a response under a checkpoint, on the host.
func logProbsOf(t *testing.T, files map[string][]byte, prompt, response []int) []float32 {
	t.Helper()
	c, err := hf.LoadFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New(gpu.OpenHost(), c.Config, c.Weights)
	if err != nil {
		t.Fatal(err)
	}
	scorer, err := model.NewScorer(m, c.Config.MaxContext)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := scorer.Score([]model.ScoreRequest{{Tokens: slices.Concat(prompt, response)}})
	if err != nil {
		t.Fatal(err)
	}
	return scores[0].LogProbs[len(prompt):]
}
