package rl

import (
	"math"
	"slices"
	"testing"

	"attnlab/rl/hyper"
	"attnlab/rl/rltest/near"
	"attnlab/rl/task"
)

// Three responses, and two continuations of the third from its token 4: each part has its own mean, and the given tokens get nothing.
func TestDeepCredit(t *testing.T) {
	in, err := ReadGroup(deepGRPO, []byte(`{"responses":[
		{"length":3,"correct":true},{"length":6,"correct":false},
		{"length":6,"correct":true,"branch":{"of":1,"at":4}},{"length":5,"correct":false,"branch":{"of":1,"at":4}},
		{"length":6,"correct":false,"branch":{"of":1,"at":5}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for flat, rest := range map[string][]float64{"keep": make([]float64, 6), "drop": nil} {
		out, err := CreditGroup(deepGRPO, in, hyper.Values{"flat-groups": hyper.Choice(flat)})
		if err != nil || !out.Valid {
			t.Fatalf("%+v, %v", out, err)
		}
		want := [][]float64{{1, 1, 1}, {-1, -1, -1, -1, -1, -1}, {0, 0, 0, 0, 1, 1}, {0, 0, 0, 0, -1}, rest}
		for i := range want {
			near.Want(t, flat, out.TokenAdvantages[i], want[i], 5e-6)
		}
	}
	for _, bad := range []branched{{Of: 2, At: 4}, {Of: -1, At: 4}, {Of: 1, At: 0}, {Of: 1, At: 6}, {Of: 0, At: 3}} {
		in.Responses[2].Branch = &bad
		if _, err := CreditGroup(deepGRPO, in, nil); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	if _, err := ReadGroup(deepGRPO, []byte(`{"responses":[{"length":3,"correct":true},{"length":6,"correct":false,"branch":{"of":0}}]}`)); err == nil {
		t.Error("a branch without its place is read")
	}
}

// The mean over continuations is apart from that over responses, over the tokens that are their own, and weighs λ.
func TestDeepWeights(t *testing.T) {
	of := func(length, given int) Sample { return Sample{Advantage: make([]float64, length), Given: given} }
	samples := []Sample{of(4, 0), of(10, 8), of(5, 0), of(12, 8), of(9, 4)}
	c := lossConfig{aggregation: "sequence", branchWeight: 0.5}
	near.Want(t, "sequence", c.weights(samples), []float64{1. / 8, .5 / 6, 1. / 10, .5 / 12, .5 / 15}, 1e-15)
	c.aggregation = "token"
	near.Want(t, "token", c.weights(samples), []float64{1. / 9, .5 / 11, 1. / 9, .5 / 11, .5 / 11}, 1e-15)
}

// Without continuations it trains GRPO's weights, bit for bit; with them others.
func TestDeepOffIsGRPO(t *testing.T) {
	trained := func(method string, change map[string]string) []float32 {
		r := open(t, nil, diceRun(t, method, change))
		steps(t, r, 3)
		return weights(t, r)
	}
	grpo := trained("grpo", nil)
	for _, off := range []map[string]string{{"branches": "0"}, {"branch-weight": "0"}} {
		if !slices.Equal(trained("deepgrpo", off), grpo) {
			t.Errorf("DEEP-GRPO with %v trains otherwise than GRPO", off)
		}
	}
	seen := [][]float32{grpo}
	for _, change := range []map[string]string{{}, {"depth": "0"}, {"branch-weight": "0.5"}} {
		change["branches"] = "2" // of eight dice one is almost always right
		w := trained("deepgrpo", change)
		if slices.ContainsFunc(seen, func(other []float32) bool { return slices.Equal(w, other) }) {
			t.Errorf("DEEP-GRPO with %v trains as another row does", change)
		}
		seen = append(seen, w)
	}
}

// Given tokens change nothing: neither their credit nor, with a KL term, their weight counts.
func TestDeepGivenTokensDoNotTrain(t *testing.T) {
	r := open(t, nil, diceRun(t, "deepgrpo", map[string]string{"kl": "0.1", "minibatches": "1"}))
	report := steps(t, r, 1)[0]
	own, given := int64(0), 0
	for i, g := range r.last {
		for j, s := range g.Samples {
			if s.Advantage == nil || !g.valid() {
				continue
			}
			own += int64(len(s.Advantage) - s.Given)
			if s.Given == 0 {
				continue
			}
			if s.Kind != "branch" || g.Samples[s.Of].Given > 0 || g.Samples[s.Of].Correct || !slices.Equal(s.Response()[:s.Given], g.Samples[s.Of].Response()[:s.Given]) {
				t.Fatalf("sample %d of group %d does not continue a wrong response", j, i)
			}
			losses, err := r.TokenLosses(i, j)
			if err != nil {
				t.Fatal(err)
			}
			if len(losses.Tokens) == 0 {
				continue
			}
			for k, x := range losses.Tokens {
				if before := k < s.Given; before && (x.Loss != 0 || x.Gradient != 0) {
					t.Fatalf("given token %d of %d: %+v", k, s.Given, x)
				}
			}
			given++
		}
	}
	if given == 0 || report.Trained != own || report.Charged <= report.Generated || report.Branches == nil || report.Branches.Total == 0 || report.Points.Total != report.Branches.Total || report.Points.Live == 0 {
		t.Errorf("%d continuations, %d tokens are their own, report %s", given, own, text(t, report))
	}
}

// Each wrong response with a second step has one pivot; with the depth the pivots lie deeper, and a place where nothing was saved is avoided.
func TestDeepPivots(t *testing.T) {
	const n = 2000
	s := Sample{Trace: task.Trace{Tokens: make([]int, 12), Steps: []task.Step{{Start: 0, End: 3}, {Start: 3, End: 6}, {Start: 6, End: 9}, {Start: 9, End: 12}}}}
	counts := func(c *deep) map[int]float64 {
		share := map[int]float64{}
		for i := range n {
			p, found := c.pivot(s, c.chance(), task.NewRandom(uint64(i), 0))
			if !found || p.at != int(p.place*12) {
				t.Fatalf("pivot %+v", p)
			}
			share[p.at] += 1. / n
		}
		return share
	}
	for _, c := range []struct {
		depth float64
		want  []float64 // ∝ place^γ, places 1/4, 2/4, 3/4
	}{{0, []float64{1. / 3, 1. / 3, 1. / 3}}, {2, []float64{1. / 14, 4. / 14, 9. / 14}}} {
		got := counts(&deep{depth: c.depth, recover: true})
		near.Want(t, "shares", []float64{got[3], got[6], got[9]}, c.want, 0.05)
	}
	c := &deep{depth: 2, recover: true}
	for range 200 {
		c.state.Tried = append(c.state.Tried, attempt{.25, true}, attempt{.5, true}, attempt{.75, false})
	}
	if got := counts(c); got[9] > 0.4 || got[6] < 0.45 {
		t.Errorf("where the deepest was never saved the pivots are %v", got)
	}
	c.recover = false
	if got := counts(c); got[9] < 0.55 {
		t.Errorf("without the estimate the pivots are %v", got)
	}
	s.Steps = s.Steps[:1]
	s.Steps[0].End = 12
	if _, found := c.pivot(s, c.chance(), task.NewRandom(1, 0)); found {
		t.Error("a response of one step has a pivot")
	}
}

// At the minimum the gradient is 0: Σ (P - saved) = 0, and Σ (P - saved) place = -w.
func TestDeepLogistic(t *testing.T) {
	for _, tried := range [][]attempt{
		{{.1, true}, {.2, true}, {.3, false}, {.5, true}, {.7, false}, {.9, false}},
		{{.5, true}, {.5, true}, {.5, true}, {.5, false}},
		slices.Concat(slices.Repeat([]attempt{{.2, true}}, 5000), slices.Repeat([]attempt{{.9, false}}, 5000)), // apart: the ridge alone holds w
	} {
		w, b := logistic(tried)
		gw, gb := w, 0.0
		for _, a := range tried {
			d := sigmoid(w*a.Place + b)
			if a.Saved {
				d--
			}
			gw, gb = gw+d*a.Place, gb+d
		}
		if math.Abs(gw) > 1e-6 || math.Abs(gb) > 1e-6 || math.IsNaN(w+b) {
			t.Errorf("w %g, b %g: gradient %g, %g", w, b, gw, gb)
		}
	}
	w, b := logistic([]attempt{{.5, true}, {.5, true}, {.5, true}, {.5, false}})
	near.Want(t, "one place", []float64{sigmoid(w*.5 + b)}, []float64{.75}, 1e-9)
}
