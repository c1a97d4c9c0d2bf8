package rl

import (
	"encoding/json"
	"os"
	"testing"
)

// A run that was saved before the table had the names of choices, and before a trainer had a state of its own, resumes exactly as
// the program of then did. testdata/version1 has the state after step 1 and that program's report of steps 2 and 3.
func TestRunsOfVersion1Resume(t *testing.T) {
	for _, method := range []string{"attnrl", "attnpo", "rearl"} {
		t.Run(method, func(t *testing.T) {
			c := diceRun(t, method, map[string]string{"max-length": "40"})
			begun := open(t, nil, c)
			steps(t, begun, 1)
			saved, err := begun.Checkpoint()
			if err != nil {
				t.Fatal(err)
			}
			saved.Train.Method = read(t, "testdata/version1/"+method+".json")
			c.Hyper, c.Seed = nil, 0
			var want []StepReport
			if err := json.Unmarshal(read(t, "testdata/version1/"+method+".steps.json"), &want); err != nil {
				t.Fatal(err)
			}
			if got := steps(t, open(t, saved, c), 2); text(t, got) != text(t, want) {
				t.Errorf("resumed %s\nwanted  %s", text(t, got), text(t, want))
			}
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
