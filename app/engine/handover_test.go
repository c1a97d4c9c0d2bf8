package engine

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/handover"
	"attnlab/rl/runs"
)

// shippedWith is a library with shipped runs of the site, and their base where it is there.
func shippedWith(names ...string) Library {
	return Library{
		Runs: func(context.Context) ([]string, error) { return names, nil },
		RunFile: func(_ context.Context, name, file string) ([]byte, error) {
			return os.ReadFile(filepath.Join("../../web/runs", name, file))
		},
	}
}

// A shipped run is handed over with the base that it began from, of that checksum and no other. What cannot be handed over says why.
func TestHandOverShippedRun(t *testing.T) {
	small := map[string][]byte{}
	for _, name := range runs.ModelFiles {
		data, err := os.ReadFile(filepath.Join("../../web/models/chain-small", name))
		if err != nil {
			t.Fatal(err)
		}
		small[name] = data
	}
	bases := able(t)
	bases["chain-small"] = small
	s := startWith(t, shippedWith("tlmre-1", "attnpo-focus-shuffle-1"), bases, openHost)
	s.must(session.ImportRun{Name: "log", Files: map[string][]byte{runs.MetricsFile: []byte(`{"step":1,"loss":2}`)}})
	s.must(session.ExportRun{ID: shippedID + "tlmre-1", Part: handover.TRL})
	for _, name := range []string{"README.md", "train.py", "settings.json", "problems/train.parquet", "model/config.json", "model/model.safetensors", "model/tokenizer.json"} {
		if len(s.files.Files[name]) == 0 {
			t.Errorf("the project has no %s", name)
		}
	}
	settings := string(s.files.Files["settings.json"])
	if want := `"weights_sha256": "d2f62c06f123831c4f1b7e0bb350b4ebb781416f9287606bf25fdd8697786db9"`; !strings.Contains(settings, want) || !strings.Contains(settings, `"method": "tlmre"`) {
		t.Errorf("settings.json is %s", settings)
	}
	if s.files.Name != "tlmre, seed 1, trl" {
		t.Errorf("the project is called %q", s.files.Name)
	}
	s.refused(session.ExportRun{ID: shippedID + "tlmre-1", Part: handover.Verl}, "rewards one response at a time")
	s.refused(session.ExportRun{ID: shippedID + "attnpo-focus-shuffle-1", Part: handover.TRL}, "focus is shuffle")
	s.refused(session.ExportRun{ID: s.runs.Runs[0].Info.ID, Part: handover.TRL}, "does not say its method")

	other := startWith(t, shippedWith("tlmre-1"), parrots(t), openHost)
	other.refused(session.ExportRun{ID: shippedID + "tlmre-1", Part: handover.TRL}, "its weights differ")
	none := startWith(t, shippedWith("tlmre-1"), able(t), openHost)
	none.refused(session.ExportRun{ID: shippedID + "tlmre-1", Part: handover.TRL}, "began from the model chain-small, which is not here")
}
