package runs

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// Tokens to half of the gain are read from the held-out measurements, wherever in the log these are.
func TestTokensToHalf(t *testing.T) {
	var r Run
	for step := 1; step <= 8; step++ {
		line := fmt.Sprintf(`{"step":%d,"generated_tokens":%d`, step, 1000*step)
		if step == 1 {
			line += `,"held_out_base":{"accuracy":0.4,"standard_error":0.02}`
		}
		if step%2 == 0 {
			line += fmt.Sprintf(`,"held_out":{"accuracy":%g}`, 0.4+0.05*float64(step))
		}
		if err := r.Log.Add([]byte(line + "}")); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.tokensToHalf(); math.Abs(got-4000) > 1e-6 { // .6 of .4 to .8
		t.Errorf("half of the gain at %g tokens", got)
	}
	if got := r.whileTraining(); !math.IsNaN(got) {
		t.Errorf("a run without a budget has %v while training", got)
	}
	for budget, want := range map[int64]float64{5000: .525, 8000: .6} { // it rises by .05 in a thousand tokens
		r.Settings.Budget = budget
		if got := r.whileTraining(); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v in the mean over %d tokens, want %v", got, budget, want)
		}
	}
	if got := (Run{}).tokensToHalf(); !math.IsNaN(got) {
		t.Errorf("without measurements %g", got)
	}
}

// A name tells apart every two rows whose series differ, and two rows of one series by their origin or by a number.
func TestNamesTellRowsApart(t *testing.T) {
	base := Title{Series: Series{Method: "grpo", Base: "x", Task: "chain", Teacher: "verdict", Difficulty: "2-5", Probe: 64, Plan: "steps=40"}, Model: "chain-small", From: "shipped", Step: 40}
	for what, c := range map[string]struct {
		change func(*Title)
		want   [2]string
	}{
		"nothing":                 {func(*Title) {}, [2]string{"grpo", "grpo number=2"}},
		"the method":              {func(t *Title) { t.Method = "dapo" }, [2]string{"grpo", "dapo"}},
		"a hyper-parameter":       {func(t *Title) { t.Hyper = "kl=0.1 std=off" }, [2]string{"grpo", "grpo kl=0.1 std=off"}},
		"the heads":               {func(t *Title) { t.FocusHeads = "0.1" }, [2]string{"grpo", "grpo focus-heads=0.1"}},
		"the length":              {func(t *Title) { t.Plan = "budget=9" }, [2]string{"grpo steps=40", "grpo budget=9"}},
		"the base":                {func(t *Title) { t.Base, t.Model = "y", "chain-tiny" }, [2]string{"grpo base=chain-small", "grpo base=chain-tiny"}},
		"the weights of the base": {func(t *Title) { t.Base = "y" }, [2]string{"grpo base=chain-small weights=x", "grpo base=chain-small weights=y"}},
		"the task":                {func(t *Title) { t.Task = "countdown" }, [2]string{"grpo task=chain", "grpo task=countdown"}},
		"the teacher":             {func(t *Title) { t.Teacher = "plain" }, [2]string{"grpo teacher=verdict", "grpo teacher=plain"}},
		"the difficulty":          {func(t *Title) { t.Difficulty = "2" }, [2]string{"grpo difficulty=2-5", "grpo difficulty=2"}},
		"the probe":               {func(t *Title) { t.Probe = 8 }, [2]string{"grpo probe=64", "grpo probe=8"}},
		"the reflection model":    {func(t *Title) { t.Reflection = strings.Repeat("ab", 32) }, [2]string{"grpo", "grpo reflection=abababab"}},
		"the steps taken":         {func(t *Title) { t.Step = 30 }, [2]string{"grpo step=40", "grpo step=30"}},
		"the origin":              {func(t *Title) { t.From = "imported" }, [2]string{"grpo from=shipped", "grpo from=imported"}},
	} {
		other := base
		c.change(&other)
		if got := Names([]Title{base, other}); !slices.Equal(got, c.want[:]) {
			t.Errorf("%s differs: %q, want %q", what, got, c.want)
		}
	}
	other := base
	other.Hyper = "kl=0.1"
	if got := Names([]Title{{}, other, other}); !slices.Equal(got, []string{"", "grpo", "grpo number=2"}) {
		t.Errorf("shared settings and a run of unknown ones: %q", got)
	}
	if got := other.Label(); got != "grpo kl=0.1" {
		t.Errorf("alone: %q", got)
	}
}

// The end of a run is its last steps that have a number; one number alone has no spread.
func TestRecent(t *testing.T) {
	for _, c := range []struct {
		values   []float64
		mean, sd float64
		n        int
	}{
		{nil, nan, nan, 0}, {[]float64{nan, nan}, nan, nan, 0}, {[]float64{3, nan}, 3, nan, 1}, {[]float64{1, nan, 3, nan}, 2, math.Sqrt2, 2},
		{[]float64{100, 3, 4, math.Inf(1), 5, 6, nan, 7}, 5, math.Sqrt(2.5), 5},
	} {
		got := Recent(c.values, RecentSteps)
		same := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 || math.IsNaN(a) && math.IsNaN(b) }
		if !same(float64(got.Mean), c.mean) || !same(float64(got.SD), c.sd) || got.N != c.n {
			t.Errorf("recent of %v: %+v, want %+v", c.values, got, c)
		}
	}
}

// A row measured in another way is named after the condition that differs, whichever it is, and after no other.
func TestNamesNameTheConditionThatDiffers(t *testing.T) {
	like := Measured{Base: "x", Task: "chain", Teacher: "verdict", Difficulty: "2-5", Temperature: To(1.0), TopP: To(1.0), MaxLength: To(96), Problems: To(600), Stream: "eval", Adapter: "host"}
	for name, c := range map[string]struct {
		change func(*Measured)
		want   [2]string
	}{
		"base":               {func(m *Measured) { m.Base = "y" }, [2]string{"grpo base=x", "grpo base=y"}},
		"task":               {func(m *Measured) { m.Task = "countdown" }, [2]string{"grpo task=chain", "grpo task=countdown"}},
		"teacher":            {func(m *Measured) { m.Teacher = "recompute" }, [2]string{"grpo teacher=verdict", "grpo teacher=recompute"}},
		"difficulty":         {func(m *Measured) { m.Difficulty = "2" }, [2]string{"grpo difficulty=2-5", "grpo difficulty=2"}},
		"temperature":        {func(m *Measured) { m.Temperature = To(0.3) }, [2]string{"grpo temperature=1", "grpo temperature=0.3"}},
		"top-p":              {func(m *Measured) { m.TopP = To(0.9) }, [2]string{"grpo top-p=1", "grpo top-p=0.9"}},
		"longest response":   {func(m *Measured) { m.MaxLength = To(64) }, [2]string{"grpo max-length=96", "grpo max-length=64"}},
		"number of problems": {func(m *Measured) { m.Problems = To(40) }, [2]string{"grpo problems=600", "grpo problems=40"}},
		"stream of problems": {func(m *Measured) { m.Stream = "probe" }, [2]string{"grpo stream=eval", "grpo stream=probe"}},
		"adapter":            {func(m *Measured) { m.Adapter = "" }, [2]string{"grpo adapter=host", "grpo"}},
	} {
		other := like
		c.change(&other)
		if len(Differences(like, other, []string{name})) != 1 {
			t.Fatalf("%s does not differ", name)
		}
		rows := []Title{{Series: Series{Method: "grpo"}, Measured: &like}, {Series: Series{Method: "grpo"}, Measured: &other}}
		if got := Names(rows); !slices.Equal(got, c.want[:]) {
			t.Errorf("%s differs: %q, want %q", name, got, c.want)
		}
	}
	for _, name := range likeSeeds {
		if !slices.ContainsFunc(conditions, func(c condition) bool { return c.name == name && c.label != "" }) {
			t.Errorf("%s has no label", name)
		}
	}
}
