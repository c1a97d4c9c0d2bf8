package rl

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"slices"
	"testing"
)

// A run that was saved before the table had the names of choices, and before a trainer had a state of its own, resumes as the
// program of then did, but for rounding: kernels may sum in another order. testdata/version1 has the state after step 1 and that
// program's report of steps 2 and 3.
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
			resumed := steps(t, open(t, saved, c), 2)
			for i := range resumed { // version 1 did not report these
				resumed[i].ScorePosition, resumed[i].EarliestOverlap, resumed[i].Quantiles = nil, nil, quantiles{}
				if resumed[i].Compute != nil {
					t.Error("the compute of a run is known though that of its first step is not")
				}
				resumed[i].Points, resumed[i].ValidSequences, resumed[i].ValidRate = nil, 0, nil
				resumed[i].RewardParts, resumed[i].CutOff, resumed[i].FinishedTokens, resumed[i].AdvantageSpread = nil, nil, nil, nil
			}
			got, old := any(nil), any(nil)
			for _, one := range []struct {
				text string
				to   *any
			}{{text(t, resumed), &got}, {text(t, want), &old}} {
				if err := json.Unmarshal([]byte(one.text), one.to); err != nil {
					t.Fatal(err)
				}
			}
			if !alike(got, old) {
				t.Errorf("resumed %s\nwanted  %s", text(t, got), text(t, want))
			}
		})
	}
}

// alike compares two JSON values, numbers to four digits.
func alike(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, alike)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, alike)
	case float64:
		b, ok := b.(float64)
		return ok && math.Abs(a-b) <= 1e-4*math.Abs(b)
	}
	return a == b
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
