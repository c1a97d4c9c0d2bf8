package engine

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// B1: a stored run whose log is damaged in its middle, or whose settings cannot be read, is listed as damaged with the steps before that,
// exported and deleted. Nothing of it is changed, and what was exported is a run again.
func TestDamagedRuns(t *testing.T) {
	whole := exported(t, short("grpo", 3))
	lines := bytes.SplitAfter(whole[runs.MetricsFile], []byte("\n"))
	for name, store := range map[string]runs.Store{"memory": newShelf(), "folder": runs.Paged{Folder: runs.Folder(t.TempDir())}} {
		t.Run(name, func(t *testing.T) {
			files := maps.Clone(whole)
			files[runs.MetricsFile] = slices.Concat(lines[0], []byte("{\"step\": 2, \n"), lines[1])
			garbled := map[string][]byte{runs.RunFile: []byte("{"), runs.MetricsFile: lines[0]}
			for id, files := range map[string]map[string][]byte{"grpo-1": files, "grpo-2": garbled} {
				if err := store.Save(t.Context(), id, files); err != nil {
					t.Fatal(err)
				}
			}
			s := startWith(t, Library{Store: store}, able(t), openHost)
			s.hasRuns()
			steps := map[string]int{"grpo-1": 1, "grpo-2": 0}
			if len(s.runs.Runs) != 2 || len(s.failures) > 0 {
				t.Fatalf("listed %+v, failures %v", s.runs.Runs, s.failures)
			}
			for _, r := range s.runs.Runs {
				id := r.Info.ID
				if r.Info.State != session.Damaged || r.Info.Step != steps[id] || r.Info.Note == "" {
					t.Errorf("listed as %+v", r.Info)
				}
				s.refused(session.ResumeRun{ID: id}, "is damaged; export it")
				s.refused(session.RenameRun{ID: id, Name: "x"}, "is damaged")
				if stored, err := store.Load(t.Context(), id); err != nil || id == "grpo-1" && !maps.EqualFunc(stored, files, bytes.Equal) || id == "grpo-2" && !maps.EqualFunc(stored, garbled, bytes.Equal) {
					t.Errorf("the damaged run %s was changed, %v", id, err)
				}
				s.must(session.ExportRun{ID: id})
				if damaged := s.files.Files[runs.MetricsFile+damagedEnd]; len(damaged) == 0 {
					t.Errorf("the export of %s lacks its damaged log", id)
				}
				if id == "grpo-1" {
					if !bytes.Equal(s.files.Files[runs.MetricsFile], lines[0]) || !strings.Contains(r.Info.Note, "ine 2 of the metrics") {
						t.Errorf("%q is exported, the note is %q", s.files.Files[runs.MetricsFile], r.Info.Note)
					}
					s.must(session.ImportRun{Name: "rest", Files: s.files.Files})
					if rest := s.runs.Runs[0].Info; rest.State != "paused" || rest.Step != 1 {
						t.Errorf("what was exported is imported as %+v", rest)
					}
				}
				s.must(session.ExportMetrics{IDs: []string{id}, Name: "all.csv"})
				s.must(session.DropRun{ID: id})
				if left := names(t, store, id); len(left) > 0 {
					t.Errorf("a dropped run leaves %q", left)
				}
			}
		})
	}
}

// listed waits until a run is listed in a state, or, with an empty state, no more.
func (s *screen) listed(id, state string) (step int) {
	s.Helper()
	is := func(any) bool {
		i := slices.IndexFunc(s.runs.Runs, func(r session.KeptRun) bool { return r.Info.ID == id })
		if i >= 0 {
			step = s.runs.Runs[i].Info.Step
		}
		return i < 0 && state == "" || i >= 0 && s.runs.Runs[i].Info.State == state
	}
	if !is(nil) {
		s.until(is)
	}
	return step
}

// B1: while one tab has a run, others list it as open elsewhere; they see where it is when it is released, and that it is deleted. So do the
// page and a program that share a folder.
func TestARunOpenElsewhere(t *testing.T) {
	for name, store := range map[string]runs.Store{"memory": newShelf(), "folder": runs.Paged{Folder: runs.Folder(t.TempDir())}} {
		t.Run(name, func(t *testing.T) {
			second := startWith(t, Library{Store: store}, able(t), openHost)
			first := startWith(t, Library{Store: store}, able(t), openHost)
			first.must(session.Begin{Settings: short("grpo", 4)})
			first.must(session.Advance{Steps: 1})
			id := first.run.Info.ID
			second.listed(id, session.Elsewhere)
			third := startWith(t, Library{Store: store}, able(t), openHost)
			third.listed(id, session.Elsewhere)
			third.refused(session.ResumeRun{ID: id}, "open in another tab")
			first.must(session.Advance{Steps: 1})
			first.leave()
			if step := second.listed(id, "paused"); step != 2 {
				t.Errorf("the released run is listed at step %d, want 2", step)
			}
			second.must(session.ResumeRun{ID: id})
			third.listed(id, session.Elsewhere)
			second.must(session.DropRun{ID: id})
			third.listed(id, "")
		})
	}
}

// Where the storage is denied, runs are listed and trained without it, and the list says so.
func TestStorageIsDenied(t *testing.T) {
	s := startWith(t, Library{Store: denied{newShelf()}}, able(t), openHost)
	s.hasRuns()
	if !strings.HasPrefix(s.runs.Closed, "Runs are not saved: ") || len(s.failures) > 0 {
		t.Errorf("the list says %q, failures %v", s.runs.Closed, s.failures)
	}
	s.must(session.Begin{Settings: short("grpo", 2)})
	s.must(session.Advance{})
	s.must(session.ExportRun{ID: s.run.Info.ID})
	if s.run.Kept != -1 || len(s.files.Files[runs.StateFile]) == 0 {
		t.Errorf("saved at step %d", s.run.Kept)
	}
	s.must(session.DropRun{ID: s.run.Info.ID})
}

// denied is a store that a browser denies.
type denied struct{ *runs.Memory }

func (denied) List(context.Context) ([]string, error) {
	return nil, errors.New("this browser's storage cannot be opened")
}

// W10: a log that ends in a part of a line is imported, and the visitor reads that the part is left out.
func TestImportOfACutLog(t *testing.T) {
	s := start(t, able(t), openHost)
	text := "\ufeff" + `{"step":1,"method":"grpo","seed":5,"loss":NaN}` + "\n" + `{"step":2,"method":"grpo","seed":5,"lo`
	s.must(session.ImportRun{Name: "mine", Files: map[string][]byte{runs.MetricsFile: []byte(text)}})
	if r := s.runs.Runs[0]; r.Settings.Seed != 5 || r.Info.Step != 1 || s.status.Text != "The last line of the log of mine was cut and is left out." {
		t.Errorf("%+v, seed %d, the visitor reads %q", r.Info, r.Settings.Seed, s.status.Text)
	}
	s.must(session.ImportRun{Name: "again", Files: map[string][]byte{runs.MetricsFile: []byte(text[:strings.Index(text, "\n")])}})
	if groups := session.GroupRepeats(s.runs.Runs); len(groups) != 2 || s.status.Text != "" {
		t.Errorf("the same log twice makes %d groups; of a whole log the visitor reads %q", len(groups), s.status.Text)
	}
}

// The log of another trainer is listed with its source and with what is not known of it; other imports are of their own.
func TestImportOfAForeignLog(t *testing.T) {
	s := start(t, able(t), openHost)
	files, err := runs.Foreign("trainer_state.json", []byte(`{"log_history": [{"step": 2, "rewards/correct/mean": 0.5}, {"step": 4, "rewards/correct/mean": 0.75}]}`))
	if err != nil {
		t.Fatal(err)
	}
	s.must(session.ImportRun{Name: "far", Files: files})
	s.must(session.ImportRun{Name: "own", Files: map[string][]byte{runs.MetricsFile: []byte(`{"step":1,"method":"grpo","seed":5}`)}})
	far, own := s.runs.Runs[0].Info, s.runs.Runs[1].Info
	if far.Name == "own" {
		far, own = own, far
	}
	if far.From != "imported from TRL" || !strings.Contains(far.Note, "Unknown") || far.Step != 2 || far.State != session.MetricsOnly || far.Measured != nil || own.From != "imported" {
		t.Errorf("%+v and %+v", far, own)
	}
}
