package rl

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestBranchPoints(t *testing.T) {
	steps := func(n, width int) (r [][2]int) {
		for k := range n {
			r = append(r, [2]int{100 + k*width, 100 + (k+1)*width})
		}
		return r
	}
	for _, c := range []struct {
		name    string
		fci     []float64
		spacing int
		share   float64
		want    []int
	}{
		{"the two earliest of the top, not the two highest", []float64{0, .1, .7, .1, .1, .8, .1, .1, .9, .1, .1}, 0, 0.2, []int{2, 5}},
		{"the first step never", []float64{9, .1, .2, .3, .4}, 0, 1, []int{1, 2}},
		{"threshold 0: smallest positive score", []float64{0, 0, 0, 0, 0, 0, 0, .2, 0, .1}, 0, 0.2, []int{7, 9}},
		{"one candidate: filled with the earliest", []float64{0, 0, 0, .5, 0, 0}, 0, 0.2, []int{1, 3}},
		{"none: the earliest two", []float64{0, 0, 0, 0}, 0, 0.2, []int{1, 2}},
		{"two steps: repeated", []float64{0, 0}, 0, 0.2, []int{1, 1}},
		{"one step", []float64{0}, 0, 0.2, nil},
		{"no step", nil, 0, 0.2, nil},
		{"spacing from the start of the prompt", []float64{0, .1, .2, .3, .4, .5}, 131, 1, []int{1, 4}}, // step 4 starts at 140; 1 fills up
		{"spacing between points", []float64{0, .1, .2, .3, .4, .5, .6, .7}, 20, 1, []int{1, 4}},        // [110,120) to 140
	} {
		rule := TreeRule{points: 2, topShare: c.share, spacing: c.spacing}
		if got := rule.branchPoints(c.fci, steps(len(c.fci), 10)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTreeCount(t *testing.T) {
	for form, want := range map[string][]int{
		"round": {6, 5, 4, 4, 3, 3, 2},
		"ceil":  {6, 6, 5, 4, 4, 3, 3},
		"all":   {6, 6, 6, 6, 6, 6, 6},
	} {
		rule := TreeRule{initial: 6, trees: form}
		for right, n := range want {
			if got := rule.treeCount(float64(right) / 6); got != n {
				t.Errorf("%s at %d/6: %d, want %d", form, right, got, n)
			}
		}
	}
	if got := NewTreeRule(AttnRL.Params.Paper()).leaves(); got != 30 {
		t.Errorf("a fully expanded problem has %d leaves, want 30", got)
	}
}

func TestExpanded(t *testing.T) {
	rule := TreeRule{initial: 6, trees: "round"}
	for right := range 7 {
		for seed := range uint64(20) {
			correct := make([]bool, 6)
			for _, i := range rand.New(rand.NewPCG(seed, 1)).Perm(6)[:right] {
				correct[i] = true
			}
			got := rule.expanded(correct, rand.New(rand.NewPCG(seed, 2)))
			want := rule.treeCount(float64(right) / 6)
			if len(got) != want || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != want {
				t.Fatalf("%d right: %v, want %d of them", right, got, want)
			}
			rare := right >= 3 // wrong ones are rare
			for i, ok := range correct {
				if right > 0 && right < 6 && ok != rare && !slices.Contains(got, i) {
					t.Fatalf("%d right, %v: rare response %d is not in %v", right, correct, i, got)
				}
			}
			if right == 6 && !slices.Equal(got, []int{0, 1}) {
				t.Fatalf("all right: %v, want the first ones", got)
			}
		}
	}
}

func TestEasyFilter(t *testing.T) {
	var f easyFilter
	batch, running, off := TreeRule{filter: "batch"}, TreeRule{filter: "running"}, TreeRule{filter: "off"}
	for _, c := range []struct {
		rule TreeRule
		in   []float64
		want []bool
	}{
		{batch, []float64{.1, .3, .2}, []bool{false, true, true}},
		{batch, []float64{.1, .1, .1}, []bool{true, true, true}},
		{batch, nil, []bool{}},
		{off, []float64{.1, .3}, []bool{true, true}},
	} {
		if got := f.keep(c.rule, c.in); !slices.Equal(got, c.want) {
			t.Errorf("%s %v: %v", c.rule.filter, c.in, got)
		}
	}
	f = easyFilter{}
	if got := f.keep(running, []float64{1, 3}); !slices.Equal(got, []bool{false, true}) {
		t.Errorf("first batch, mean 2: %v", got)
	}
	if got := f.keep(running, []float64{2, 2.5}); !slices.Equal(got, []bool{false, true}) {
		t.Errorf("second batch, running mean 2.125: %v", got)
	}
	f = easyFilter{}
	if got := f.keep(running, []float64{1}); got[0] {
		t.Error("a value equal to the running mean was kept")
	}
}

func TestNextBatch(t *testing.T) {
	paper := TreeRule{batch: "round", lambda: 0.9, validTarget: 1920}
	code := paper
	code.batch = "ceil"
	for _, c := range []struct{ batch, valid, paper, code int }{
		{64, 1200, 68, 68},
		{64, 1920, 64, 64},
		{100, 1920, 100, 100},
		{66, 1900, 66, 66}, // 59.4 + 6.6 is whole
		{64, 3840, 61, 61}, // 57.6 + 3.2
		{64, 1800, 64, 65}, // 57.6 + 6.827; 57.6 + 6.8
		{64, 0, 64, 64},
	} {
		if p, q := paper.nextBatch(c.batch, c.valid), code.nextBatch(c.batch, c.valid); p != c.paper || q != c.code {
			t.Errorf("batch %d, %d valid: %d and %d, want %d and %d", c.batch, c.valid, p, q, c.paper, c.code)
		}
	}
	// .9 × 13 + .1 × 3 is 12, though not in floating point.
	if got := (TreeRule{batch: "ceil", lambda: 0.9, validTarget: 3}).nextBatch(13, 13); got != 12 {
		t.Errorf("ceil of 12: %d", got)
	}
	if p, q := paper.nextBatch(500, 1), code.nextBatch(500, 1); p != 512 || q != 512 {
		t.Errorf("one valid sequence of 500 problems makes a batch of %d and %d, want the most there may be", p, q)
	}
	if got := (TreeRule{batch: "fixed"}).nextBatch(64, 10); got != 64 {
		t.Errorf("fixed: %d", got)
	}
}
