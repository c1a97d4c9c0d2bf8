package rl

import (
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/rl/task"
)

func TestBranchAtTheHighest(t *testing.T) {
	steps := func(n int) (ranges [][2]int) {
		for k := range n {
			ranges = append(ranges, [2]int{100 + 10*k, 110 + 10*k})
		}
		return ranges
	}
	for _, c := range []struct {
		name    string
		fci     []float64
		spacing int
		share   float64
		want    []int
	}{
		{"the two highest of the top", []float64{0, .1, .7, .1, .1, .8, .1, .1, .9, .1, .1}, 0, 0.3, []int{5, 8}},
		{"the first step never", []float64{9, .1, .2, .3, .4}, 0, 1, []int{3, 4}},
		{"one candidate: filled with the next", []float64{0, .1, .2, .9, .3, 0}, 0, 0.01, []int{3, 4}},
		{"none: the earliest two", []float64{0, 0, 0, 0}, 0, 0.2, []int{1, 2}},
		{"spacing to both sides", []float64{0, .6, .7, .8, .9, .7, .6, .5}, 20, 1, []int{1, 4}}, // 4 is [140,150); 1 ends at 120
		{"one step", []float64{0}, 0, 0.2, nil},
	} {
		rule := TreeRule{points: 2, topShare: c.share, spacing: c.spacing, highest: true}
		if got := rule.branchPoints(c.fci, steps(len(c.fci))); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// The readings of FCI differ from each other in what they choose, and a run reports how far each is place, and how often it branches
// where "earliest" does.
func TestReadingsReportPlace(t *testing.T) {
	chosen := map[string]string{}
	for _, fci := range []string{"sum", "mean", "over-uniform"} {
		for _, take := range []string{"earliest", "highest"} {
			c := diceRun(t, "attnrl", map[string]string{"fci": fci, "take": take, "delta": "1", "quantile": "0.8", "pipeline": "off"})
			a, b := open(t, nil, c), open(t, nil, c)
			got, again := steps(t, a, 1)[0], steps(t, b, 1)[0]
			if text(t, got) != text(t, again) {
				t.Errorf("%s %s twice: %s and %s", fci, take, text(t, got), text(t, again))
			}
			if r, e := got.ScorePosition, got.EarliestOverlap; r == nil || e == nil || *r < -1 || *r > 1 || *e < 0 || *e > 1 {
				t.Fatalf("%s %s: %s", fci, take, text(t, got))
			}
			key := text(t, []float64{*got.ScorePosition, *got.EarliestOverlap})
			if other, seen := chosen[key]; seen && fci != "sum" { // in so short traces the highest sums are the earliest steps
				t.Errorf("%s %s reports what %s does: %s", fci, take, other, key)
			}
			chosen[key] = fci + " " + take
		}
	}
	earliest := open(t, nil, diceRun(t, "attnrl", map[string]string{"branch": "earliest", "filter": "off"}))
	if got := steps(t, earliest, 1)[0]; got.EarliestOverlap == nil || *got.EarliestOverlap != 1 || got.ScorePosition != nil {
		t.Errorf("earliest: %s", text(t, got))
	}
}

// pivotal is dice that call the second of three or more steps the pivot.
type pivotal struct{ dice }

func (pivotal) Pivot(_ task.Problem, t task.Trace) (int, bool) { return 1, len(t.Steps) > 2 }

// The oracle branches at the pivot alone, every rule reports how often it hits it, and a task without one is refused before anything is sampled.
func TestBranchAtThePivot(t *testing.T) {
	for _, method := range []string{"attnrl", "treerl"} {
		for branch, want := range map[string][2]float64{"pivot": {1, 1}, "earliest": {1, 1}, "random": {0, .99}, "fci": {0, 1}, "entropy": {0, 1}} {
			r := openTask(t, pivotal{}, diceRun(t, method, map[string]string{"branch": branch, "pipeline": "off"}))
			if got := steps(t, r, 1)[0]; got.PivotHit == nil || *got.PivotHit < want[0] || *got.PivotHit > want[1] || branch == "pivot" && got.Leaves == 0 {
				t.Errorf("%s --branch %s: %s", method, branch, text(t, got))
			}
		}
		c := diceRun(t, method, map[string]string{"branch": "pivot"})
		if _, err := NewRun(gpu.OpenHost(), dice{}, diceBase(t), nil, c); err == nil || !strings.Contains(err.Error(), "task dice knows no pivot") {
			t.Errorf("%s on dice: %v", method, err)
		}
	}
	if got := steps(t, open(t, nil, diceRun(t, "attnrl", nil)), 1)[0]; got.PivotHit != nil {
		t.Errorf("dice know no pivot: %s", text(t, got))
	}
}

// All points of a response lie at the first token of its pivot. The first step is never one, and a response without a pivot is not branched.
func TestPivotPoints(t *testing.T) {
	s := Sample{Trace: task.Trace{PromptLength: 5, Steps: []task.Step{{Start: 5, End: 8}, {Start: 8, End: 12}, {Start: 12, End: 14}}}}
	rule := TreeRule{branch: "pivot", points: 2}
	for pivot, want := range map[int][]int{2: {7, 7}, 1: {3, 3}, 0: {}, noPivot: {}} {
		if got := rule.pointsOf(s, make([]float64, 3), pivot, nil); !slices.Equal(got, want) {
			t.Errorf("pivot %d: %v, want %v", pivot, got, want)
		}
	}
}

// A branch point inside a step counts for that step.
func TestBranchedStep(t *testing.T) {
	s := Sample{Trace: task.Trace{PromptLength: 5, Steps: []task.Step{{Start: 5, End: 8}, {Start: 8, End: 12}, {Start: 12, End: 14}, {Start: 14, End: 20}}}}
	var got tally
	got.branched(s, []int{0, 2, 3, 6, 7, 9, 15}, 2, noPivot) // steps 0, 0, 1, 1, 2, 3 and none
	if want := []float64{0, 0, 1, 1, 1, 0, 0}; !slices.Equal(got.early, want) {
		t.Errorf("%v, want %v", got.early, want)
	}
	if got.pivots != nil {
		t.Errorf("without a pivot %v hits were counted", got.pivots)
	}
	got.branched(s, []int{3, 9}, 2, 1)
	got.branched(s, []int{3, 9}, 2, 2)
	got.branched(s, []int{9, 9}, 2, 3)
	got.branched(s, nil, 2, 3) // not branched
	if want := []float64{1, 0, 1}; !slices.Equal(got.pivots, want) {
		t.Errorf("hits of the pivot %v, want %v", got.pivots, want)
	}
}

// The control of lateness keeps each point's place in the mean, draws every step within reach alike, never the first, and has as many points.
func TestAsLate(t *testing.T) {
	const later, draws = 11, 40_000
	random := task.NewRandom(task.SeedOf("late", 1, 0), 0)
	for _, c := range []struct{ step, low, high int }{{1, 1, 1}, {4, 1, 7}, {6, 1, 11}, {9, 7, 11}, {11, 11, 11}} {
		seen, sum := map[int]int{}, 0
		for range draws {
			k := asLate([]int{c.step}, later, random)[0]
			seen[k]++
			sum += k
		}
		if mean := float64(sum) / draws; math.Abs(mean-float64(c.step)) > .1 {
			t.Errorf("points in place of step %d lie at %.2f in the mean", c.step, mean)
		}
		for k := range later + 1 {
			share, want := float64(seen[k])/draws, 0.
			if k >= c.low && k <= c.high {
				want = 1 / float64(c.high-c.low+1)
			}
			if math.Abs(share-want) > .02 {
				t.Errorf("step %d is drawn in place of step %d with probability %.3f, want %.3f", k, c.step, share, want)
			}
		}
	}
	rule := TreeRule{branch: "late", points: 2, topShare: 1, highest: true}
	s := Sample{Trace: task.Trace{PromptLength: 5}}
	for k := range 9 {
		s.Steps = append(s.Steps, task.Step{Start: 5 + 3*k, End: 8 + 3*k})
	}
	fci := []float64{0, 0, 0, 0, 9, 0, 0, 0, 8} // steps 4 and 8; the last has no other in reach
	places := map[int]bool{}
	for range 200 {
		at := rule.pointsOf(s, fci, noPivot, random)
		if len(at) != 2 || at[1] != 24 || at[0] < 3 || at[0] > 21 || at[0]%3 != 0 {
			t.Fatalf("branched after tokens %v", at)
		}
		places[at[0]] = true
	}
	if len(places) != 7 {
		t.Errorf("%d places in place of step 4, want 7", len(places))
	}
	if got := rule.pointsOf(Sample{Trace: task.Trace{PromptLength: 5, Steps: s.Steps[:1]}}, fci[:1], noPivot, random); len(got) != 0 {
		t.Errorf("one step: %v", got)
	}
}

// A branch point is live where one of its rollouts ends otherwise than the response that was branched, and costs what its rollouts write themselves.
func TestLivePoints(t *testing.T) {
	of := func(correct bool, tokens int) Sample {
		return Sample{Trace: task.Trace{Tokens: make([]int, 5+tokens), PromptLength: 5, Correct: correct}}
	}
	planned := plannedTree{Group: Group{Samples: []Sample{of(true, 10), of(false, 10), of(true, 10)}}, Points: [][]int{{2, 6}, {4}, nil}}
	var got pointCount
	TreeRule{rollouts: 2}.count(&got, planned, []Sample{of(true, 8), of(true, 9), of(true, 9), of(false, 9), of(false, 5), of(false, 10)})
	if want := (pointCount{Total: 3, Live: 1, Tokens: 6 + 7 + 3 + 3 + 1 + 6}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for method, pipeline := range map[string]string{"attnrl": "on", "treerl": "off"} {
		r := open(t, nil, diceRun(t, method, map[string]string{"pipeline": pipeline}))
		if p := steps(t, r, 1)[0].Points; p == nil || p.Total == 0 || p.Live > p.Total || p.Tokens < int64(p.Total) {
			t.Errorf("%s reports %+v", method, p)
		}
	}
}
