package rl

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// deepGRPO is DEEP-GRPO, Deep Dense Exploration via Pivot-Driven Resampling, arXiv 2602.14169: a wrong response is continued again, K times,
// from one deep state from which a right answer can still be reached.
//
//	r_t    = t / T                        place of the state before step t, of T
//	P(r_t) = σ(w r_t + b)                 chance that one of K continuations from there is right
//	w, b                                  logistic regression on the last W states that were continued: place, and 1[one of K is right]
//	Q(t)   ∝ P(r_t) r_t^γ                 the state that is continued, drawn once for each wrong response
//	A_i    = (r_i - mean) / (std + 1e-6)  of the G responses written from the start, as GRPO
//	A_i,k  likewise among the K continuations of one state, for their own tokens alone
//	J      = mean over responses + λ mean over continuations
//
// With K = 0 or λ = 0 it is GRPO. The paper was read by its abstract, by the authors' code of branching_strategy.py and the README beside it, and
// second-hand for J and for the values γ = 2, K = 8 and λ = 1; its tables were not read. A place counts steps, as in that code. Its regression
// has scikit-learn's ridge, begins once more than 10 states with both outcomes are known, and counts every state alike before.
//
// Departures: all states of a training step are drawn by the regression from before it. A response is never continued from its start, which would
// be another response. Where flat groups are dropped, responses and continuations are dropped apart: those of a problem whose G responses agree,
// and those of a state whose K agree.
var deepGRPO = Method{
	Name:    "deepgrpo",
	Title:   "DEEP-GRPO",
	Summary: "GRPO, and each wrong response is continued again from one deep state that can still be saved; the continuations are compared with each other and learn from their own tokens.",
	Source:  "arXiv 2602.14169",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(128, 16).From("DEEP-GRPO code, a later script"),
		hyper.Group.With(8, 8).From("DEEP-GRPO, second-hand"),
		hyper.Temperature.With(1, 1).From("unstated"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(1024, hyper.LabMaxLength).From("DEEP-GRPO code, a later script, prompt included"),
		hyper.LearningRate.With(1e-6, 5e-4).From("DEEP-GRPO code, a later script"),
		hyper.WarmUp.With(0, 0),
		hyper.MiniBatches.With(8, 2).From("DEEP-GRPO code, a later script: parts of 16 of 128 problems"),
		hyper.ClipLow.With(0.2, 0.2).From("PPO 3"),
		hyper.ClipHigh.With(0.28, 0.28).From("DEEP-GRPO code, a later script"),
		hyper.DualClip.With(0, 0).From("not in the paper"),
		hyper.KL.With(0.0001, 0).From("DEEP-GRPO code, a later script"),
		hyper.Entropy.With(0, 0).From("DEEP-GRPO code, a later script"),
		hyper.Aggregation.Choosing("sequence", "sequence").From("GRPO 4.1"),
		hyper.FlatGroups.Choosing("keep", "drop").From("GRPO 4.1 averages over all"),
		hyper.Std.Choosing("population", "population").From("GRPO 4.1"),
		hyper.StdEpsilon.With(1e-6, 1e-6).From("verl"),
		{Name: "branches", Symbol: "K", Meaning: "continuations of a wrong response from its pivot; 0 is GRPO", Source: "DEEP-GRPO, second-hand",
			Min: 0, Max: 64, Step: 1, Paper: hyper.Number(8), Lab: hyper.Number(8)},
		{Name: "depth", Symbol: "γ", Meaning: "exponent of a state's place in the chance that it is the pivot: the higher, the deeper; 0 prefers no place", Source: "DEEP-GRPO, second-hand",
			Min: 0, Max: 8, Step: 0.1, Paper: hyper.Number(2), Lab: hyper.Number(2)},
		{Name: "recoverability", Meaning: "whether the pivot is drawn by how often continuations from its place were right; off draws by depth alone", Source: "DEEP-GRPO code",
			Choices: []string{"off", "on"}, Max: 1, Step: 1, Paper: hyper.Choice("on"), Lab: hyper.Choice("on")},
		{Name: "window", Symbol: "W", Meaning: "states, newest first, that the regression of recoverability is fitted to", Source: "DEEP-GRPO code",
			Min: 11, Max: 10000, Step: 1, Paper: hyper.Number(10000), Lab: hyper.Number(1000)},
		branchWeight,
	}, hyper.Optimiser("unstated; the defaults of PyTorch without decay", 0.9, 0.999, 0, 1)),
	Takes: Takes{Branches: true, Keys: []string{"of", "at"}},
	New: func(h hyper.Values, s Setup) (Trainer, error) {
		c := &deep{grpo: newGRPO(h), branches: h.Int("branches"), depth: h.Number("depth"), recover: h.On("recoverability"), window: h.Int("window"),
			drop: h.Choice("flat-groups") == "drop"}
		if h.Number(branchWeight.Name) == 0 {
			c.branches = 0
		}
		if s.State != nil {
			return c, json.Unmarshal(s.State, &c.state)
		}
		return c, nil
	},
}

// branchWeight is the row of the weight of continuations in the loss, see lossConfig.weights.
var branchWeight = hyper.Param{Name: "branch-weight", Symbol: "λ", Meaning: "weight of continuations in the loss; the responses written from the start have 1; 0 is GRPO",
	Source: "DEEP-GRPO, second-hand", Min: 0, Max: 10, Step: 0.1, Paper: hyper.Number(1), Lab: hyper.Number(1)}

const ofDeepGRPO = "DEEP-GRPO, arXiv 2602.14169"

type deep struct {
	grpo
	branches int     // K
	depth    float64 // γ
	recover  bool
	window   int // W
	drop     bool
	state    deepState
}

// deepState is what a run of DEEP-GRPO saves.
type deepState struct {
	Tried []attempt `json:"tried"` // states that were continued, oldest first
}

// attempt is a state that was continued.
type attempt struct {
	Place float64 `json:"place"` // r_t
	Saved bool    `json:"saved"` // one of its continuations was right
}

// ---- Sample

func (c *deep) Sample(ctx context.Context, r *Run) ([]Group, error) {
	groups, err := r.sampleGroups(ctx, c.problems, c.size)
	if err != nil || c.branches == 0 {
		return groups, err
	}
	chance := c.chance()
	var from []pendingBranch
	var pivots []pivotState
	for i, g := range groups {
		for j, s := range g.Samples {
			if s.Correct {
				continue
			}
			p, found := c.pivot(s, chance, task.NewRandom(task.SeedOf("branch", r.seed, g.Index), uint64(j)))
			if !found {
				continue
			}
			p.group, p.of = i, j
			pivots = append(pivots, p)
			r.tally.branched(s, []int{p.at}, 1, r.pivot(g, j))
			for range c.branches {
				from = append(from, pendingBranch{problem: g.Problem, response: s.Response()[:p.at], old: s.Old[:p.at]})
			}
		}
	}
	continued, err := r.generate(ctx, from)
	if err != nil {
		return nil, err
	}
	r.tally.Branches, r.tally.Points = &GroupCount{}, &pointCount{}
	for _, p := range pivots {
		own := continued[:c.branches]
		continued = continued[c.branches:]
		if r.tally.Branches.add(Group{Samples: own}) {
			r.tally.Branches.Valid++
		}
		r.tally.Points.add(groups[p.group].Samples[p.of], p.at, own)
		saved := false
		for _, s := range own {
			s.Kind, s.Given, s.Of = "branch", p.at, p.of
			s.Inputs.Own = deepInputs{p.place, chance(p.place), p.drawn}
			groups[p.group].Samples = append(groups[p.group].Samples, s)
			saved = saved || s.Correct
		}
		c.state.Tried = append(c.state.Tried, attempt{p.place, saved})
	}
	c.state.Tried = c.state.Tried[max(0, len(c.state.Tried)-c.window):]
	return groups, nil
}

// pivotState is the state of a response that is continued.
type pivotState struct {
	group, of int     // which response
	at        int     // its tokens before the state
	place     float64 // r_t
	drawn     float64 // Q(t), the chance that it was drawn with
}

// pivot draws the state of a response that is continued; found is false where it has no step after the first.
func (c *deep) pivot(s Sample, chance func(float64) float64, random interface{ Float64() float64 }) (p pivotState, found bool) {
	starts := stepStarts(s)
	var utility []float64 // of the states after the first
	sum := 0.0
	for t := range starts[1:] {
		place := float64(t+1) / float64(len(starts))
		utility = append(utility, chance(place)*math.Pow(place, c.depth))
		sum += utility[t]
	}
	left := random.Float64() * sum
	for t, u := range utility {
		if left -= u; left < 0 || t == len(utility)-1 {
			return pivotState{at: starts[t+1], place: float64(t+1) / float64(len(starts)), drawn: u / sum}, true
		}
	}
	return p, false
}

// chance returns P as the states that were tried give it, or 1 for every place where they do not yet or must not.
func (c *deep) chance() func(place float64) float64 {
	saved := 0
	for _, a := range c.state.Tried {
		saved += int(stat.Indicator(a.Saved))
	}
	if !c.recover || len(c.state.Tried) <= 10 || saved == 0 || saved == len(c.state.Tried) {
		return func(float64) float64 { return 1 }
	}
	w, b := logistic(c.state.Tried)
	return func(place float64) float64 { return sigmoid(w*place + b) }
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// logistic returns the w and b that minimise w²/2 + Σ -log P(saved or not | place), by Newton's method. There must be attempts of both kinds.
func logistic(tried []attempt) (w, b float64) {
	loss := func(w, b float64) float64 {
		sum := w * w / 2
		for _, a := range tried {
			z := w*a.Place + b
			if !a.Saved {
				z = -z
			}
			sum += math.Log1p(math.Exp(-math.Abs(z))) - math.Min(z, 0)
		}
		return sum
	}
	for range 50 {
		gw, gb, hww, hwb, hbb := w, 0.0, 1.0, 0.0, 0.0
		for _, a := range tried {
			p := sigmoid(w*a.Place + b)
			d, h := p-stat.Indicator(a.Saved), p*(1-p)
			gw, gb = gw+d*a.Place, gb+d
			hww, hwb, hbb = hww+h*a.Place*a.Place, hwb+h*a.Place, hbb+h
		}
		det := hww*hbb - hwb*hwb
		dw, db := (hbb*gw-hwb*gb)/det, (hww*gb-hwb*gw)/det
		step := 1.0
		for before := loss(w, b); step > 1e-6 && !(loss(w-step*dw, b-step*db) <= before); {
			step /= 2
		}
		w, b = w-step*dw, b-step*db
		if math.Abs(dw)+math.Abs(db) < 1e-10 {
			break
		}
	}
	return w, b
}

// ---- Score: 1[correct]. Credit

// deepInputs is how the pivot of a continuation was drawn.
type deepInputs struct{ place, chance, drawn float64 }

func (c *deep) Credit(_ int, groups []Group) error {
	for _, g := range groups {
		correct, _ := g.verdicts()
		rewards := accuracyReward(correct)
		advantages := make([]float64, len(rewards))
		families := families(g)
		for _, f := range families {
			for i, a := range c.scale.advantages(pick(rewards, f)) {
				advantages[f[i]] = a
			}
		}
		g.credit(rewards, advantages, advantages)
		for i := range g.Samples {
			clear(g.Samples[i].Advantage[:g.Samples[i].Given])
		}
		if !c.drop || !g.valid() {
			continue
		}
		for _, f := range families {
			if stat.Constant(pick(rewards, f)) {
				for _, i := range f {
					g.Samples[i].Advantage = nil
				}
			}
		}
	}
	return nil
}

// families are the responses of a group that are compared with each other, by their numbers: those written from the start, and the continuations
// of each state.
func families(g Group) (all [][]int) {
	at := map[[2]int]int{}
	for i, s := range g.Samples {
		state := [2]int{s.Of, s.Given}
		if s.Given == 0 {
			state = [2]int{}
		}
		if _, known := at[state]; !known {
			at[state] = len(all)
			all = append(all, nil)
		}
		all[at[state]] = append(all[at[state]], i)
	}
	return all
}

// pick are the values of x at some places.
func pick[T any](x []T, at []int) []T {
	some := make([]T, len(at))
	for i, k := range at {
		some[i] = x[k]
	}
	return some
}

// ---- Loss: see lossConfig. Explain

func (c *deep) Explain(g Group, i int) Explanation {
	s := g.Samples[i]
	x := newExplanation(s)
	for t := range s.Given {
		x.Before[t] = 0
	}
	x.Outcome = []Term{{"r", "r = 1[correct]", s.Reward, ofDeepGRPO}}
	for _, f := range families(g) {
		if slices.Contains(f, i) {
			x.Outcome = append(x.Outcome, explainGroup(Group{Samples: pick(g.Samples, f)}, c.scale, s.Inputs.Advantage, ofDeepGRPO)...)
		}
	}
	if own, drawn := s.Inputs.Own.(deepInputs); drawn {
		x.Outcome = append(x.Outcome,
			Term{"r_t", fmt.Sprintf("place of the pivot: share of the steps of response %d before it; the continuation learns from there on", s.Of+1), own.place, ofDeepGRPO},
			Term{"P(r_t)", "chance that one of its continuations is right, as it was estimated from its place; 1 before there is an estimate", own.chance, ofDeepGRPO},
			Term{"Q(t)", "∝ P(r_t) r_t^γ: the chance with which this pivot was drawn", own.drawn, ofDeepGRPO})
	}
	return x
}

// ---- State

func (c *deep) State() (json.RawMessage, error) { return json.Marshal(c.state) }
