package rl

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

func TestEveryMethodSteps(t *testing.T) {
	for _, method := range Names(Methods) {
		t.Run(method, func(t *testing.T) {
			c := diceRun(t, method, nil)
			a, b := open(t, nil, c), open(t, nil, c)
			first, second := steps(t, a, 2), steps(t, b, 2)
			if text(t, first) != text(t, second) || !slices.Equal(weights(t, a), weights(t, b)) {
				t.Errorf("two runs of one seed differ:\n%s\n%s", text(t, first), text(t, second))
			}
			last := first[1]
			if last.Step != 2 || last.Updates < 2 || last.Generated == 0 || last.Trained == 0 || last.GradNorm == 0 || last.Entropy == 0 {
				t.Errorf("report %s", text(t, last))
			}
			if slices.Equal(weights(t, a), diceShape.Init(3)) {
				t.Error("the weights did not change")
			}
			if method != "sft" && (last.Groups.Valid == 0 || last.CreditAUC == nil) {
				t.Errorf("no group was trained on: %s", text(t, last))
			}
			c.Seed++
			if other := steps(t, open(t, nil, c), 2); text(t, other[1].Accuracy) == text(t, last.Accuracy) && other[1].Entropy == last.Entropy {
				t.Error("another seed samples the same")
			}
		})
	}
}

func TestResumeEqualsUninterrupted(t *testing.T) {
	for _, method := range append(Names(Methods), "grpo with adapters") {
		t.Run(method, func(t *testing.T) {
			method, adapted := strings.CutSuffix(method, " with adapters")
			c := diceRun(t, method, nil)
			if adapted {
				c = diceRun(t, method, map[string]string{"lora": "4"})
			}
			whole := open(t, nil, c)
			want := steps(t, whole, 3)[2]

			begun := open(t, nil, c)
			steps(t, begun, 1)
			dir := t.TempDir()
			kept, err := begun.Checkpoint()
			if err != nil {
				t.Fatal(err)
			}
			if err := kept.Save(dir); err != nil {
				t.Fatal(err)
			}
			if (kept.Train.LoRA != nil) != adapted {
				t.Errorf("the run trained %+v", kept.Train.LoRA)
			}
			if kept, err = hf.Load(dir); err != nil {
				t.Fatal(err)
			}
			c.Hyper, c.Seed = nil, 0
			resumed := open(t, kept, c)
			got := steps(t, resumed, 2)[1]
			if text(t, got) != text(t, want) {
				t.Errorf("resumed  %s\nunbroken %s", text(t, got), text(t, want))
			}
			if !slices.Equal(weights(t, resumed), weights(t, whole)) {
				t.Error("the weights differ")
			}
		})
	}
}

func TestATTNPOWithoutScalingIsTLMRE(t *testing.T) {
	plain := open(t, nil, diceRun(t, "tlmre", nil))
	off := open(t, nil, diceRun(t, "attnpo", map[string]string{"positive": "off", "negative": "off"}))
	on := open(t, nil, diceRun(t, "attnpo", map[string]string{"schedule": "0", "kappa": "4"}))
	want, got, scaled := steps(t, plain, 3), steps(t, off, 3), steps(t, on, 3)
	for i := range got {
		got[i].Method = "tlmre"
	}
	if !reflect.DeepEqual(got, want) || !slices.Equal(weights(t, off), weights(t, plain)) {
		t.Errorf("attnpo %s\ntlmre  %s", text(t, got), text(t, want))
	}
	if slices.Equal(weights(t, on), weights(t, plain)) {
		t.Error("with scaling on it is the same as well")
	}
	uniform := true
	for i := range want {
		if *want[i].CreditAUC != 0.5 {
			t.Errorf("uniform credit has AUC %g", *want[i].CreditAUC)
		}
		uniform = uniform && *scaled[i].CreditAUC == 0.5
	}
	if uniform {
		t.Error("scaled credit is uniform")
	}
}

func TestAttnRLWithoutADSIsTreeRLWithFCI(t *testing.T) {
	same := map[string]string{"branch": "fci", "clip-high": "0.28", "dual-clip": "3", "pipeline": "on"}
	tree := open(t, nil, diceRun(t, "treerl", same))
	same["filter"], same["trees"], same["batch"] = "off", "all", "fixed"
	attn := open(t, nil, diceRun(t, "attnrl", same))
	want, got := steps(t, tree, 2), steps(t, attn, 2)
	for i := range got {
		got[i].Method = "treerl"
	}
	if text(t, got) != text(t, want) {
		t.Errorf("attnrl %s\ntreerl %s", text(t, got), text(t, want))
	}
}

func TestPipelineTakesOneCallAStep(t *testing.T) {
	fixed := map[string]string{"filter": "off", "trees": "all", "batch": "fixed", "branch": "earliest"}
	for pipeline, calls := range map[string]int{"on": 1, "off": 2} {
		fixed["pipeline"] = pipeline
		r := open(t, nil, diceRun(t, "attnrl", fixed))
		steps(t, r, 1)
		before := r.Calls
		got := steps(t, r, 3)
		if n := got[2].Calls - before; n != 3*calls {
			t.Errorf("pipeline %s: %d calls for 3 steps, want %d", pipeline, n, 3*calls)
		}
		// Every problem has 3 responses, each at most 2 points with 2 rollouts.
		for _, report := range got {
			b := *report.Branches
			if all := b.AllCorrect + b.AllWrong + b.Valid; all == 0 || all != b.Total || all > 4 || report.Leaves > 4*3*5 || report.Groups.Valid == 0 {
				t.Errorf("pipeline %s: %d leaves, %d valid", pipeline, report.Leaves, report.Groups.Valid)
			}
		}
		problems := uint64(4 * 4)
		if pipeline == "on" {
			problems += 4 // begun for the step to come
		}
		if got[2].Problems != problems {
			t.Errorf("pipeline %s: %d problems drawn, want %d", pipeline, got[2].Problems, problems)
		}
	}
}

func TestBranchesKeepPrefixesAndTheirLogProbs(t *testing.T) {
	for _, branch := range score.BranchNames() {
		r := openTask(t, pivotal{}, diceRun(t, "treerl", map[string]string{"branch": branch, "unbranched": "keep"}))
		c := NewTreeRule(r.Hyper)
		branched := 0
		for seed := range uint64(4) {
			b := r.Policy.NewTree(c, dice{}.Problem(seed))
			for !b.Done() {
				if err := b.Round(t.Context(), r.Policy, len(b.points)); err != nil {
					t.Fatal(err)
				}
			}
			g, err := b.Built()
			if err != nil {
				t.Fatal(err)
			}
			branched += len(g.Points)
			for i, s := range g.Leaves {
				if len(s.Old) != len(s.Response()) {
					t.Fatalf("%s: %d log-probabilities of %d tokens", branch, len(s.Old), len(s.Response()))
				}
				initial := g.Leaves[slices.IndexFunc(g.Leaf, func(leaf int) bool { return g.Tree.Nodes[leaf].Tree == g.Tree.Nodes[g.Leaf[i]].Tree })]
				keep := g.Tree.Nodes[g.Leaf[i]].Start
				if !slices.Equal(s.Response()[:keep], initial.Response()[:keep]) {
					t.Errorf("%s: leaf %d does not begin as its tree", branch, i)
				}
			}
			// The sampler's log-probabilities are the scorer's.
			which := make([]int, len(g.Leaves))
			for i := range which {
				which[i] = i
			}
			scored, err := r.logprobs(r.Scorer, g.Leaves, which)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range g.Leaves {
				for k := range s.Old {
					if math.Abs(float64(s.Old[k]-scored[i][k])) > 1e-4 {
						t.Fatalf("%s: leaf %d token %d: %g, scored %g", branch, i, k, s.Old[k], scored[i][k])
					}
				}
			}
		}
		if branched == 0 {
			t.Errorf("%s: nothing branched", branch)
		}
	}
}

// cancelAfter ends after Err was asked n times.
type cancelAfter struct {
	context.Context
	left int
}

func (c *cancelAfter) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestCancelLeavesTheRunAsItWas(t *testing.T) {
	for _, method := range []string{"attnpo", "attnrl", "rearl"} {
		c := diceRun(t, method, nil)
		whole, r := open(t, nil, c), open(t, nil, c)
		want := steps(t, whole, 2)
		steps(t, r, 1)
		cancelled := 0
		for n := range 8 {
			if _, err := r.Step(&cancelAfter{t.Context(), n}); err == nil {
				break
			} else if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			cancelled++
			if kept, err := r.Checkpoint(); err != nil || kept.Train.Step != want[0].Updates {
				t.Fatalf("%s: after %d questions: %v", method, n, err)
			}
			if n == 2 {
				break
			}
		}
		if cancelled == 0 {
			t.Fatalf("%s: never cancelled", method)
		}
		if got := steps(t, r, 1); text(t, got[0]) != text(t, want[1]) {
			t.Errorf("%s: after a cancelled step\n%s\nwithout\n%s", method, text(t, got[0]), text(t, want[1]))
		}
	}
}

func TestGroupsWithoutSpreadDoNothing(t *testing.T) {
	r := open(t, nil, diceRun(t, "grpo", nil))
	before := weights(t, r)
	groups := r.draw(3)
	if err := r.rollouts(t.Context(), groups, 4); err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		equal := []float64{1, 1, 1, 1}
		a := newGroupScale(r.Hyper).advantages(equal)
		g.credit(equal, a, a)
	}
	if err := r.learn(groups); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, weights(t, r)) || r.Trainer.Steps != 0 || r.tally.Groups.Valid != 0 {
		t.Error("equal rewards changed something")
	}
}

func TestRolloutsAreOnPolicy(t *testing.T) {
	// With ratio 1 everywhere nothing is clipped and KL to the sampler is 0, at any temperature.
	for _, temperature := range []string{"1", "0.7"} {
		r := open(t, nil, diceRun(t, "grpo", map[string]string{"temperature": temperature, "minibatches": "1"}))
		report := steps(t, r, 1)[0]
		if report.ClipFraction != 0 || math.Abs(report.KL) > 1e-6 {
			t.Errorf("temperature %s: clip fraction %g, KL %g", temperature, report.ClipFraction, report.KL)
		}
	}
}

func TestKLNeedsAReference(t *testing.T) {
	c := diceRun(t, "grpo", map[string]string{"kl": "0.1", "minibatches": "1", "learning-rate": "0.01"})
	r := open(t, nil, c)
	reports := steps(t, r, 3)
	if reports[0].KL > 1e-6 || reports[2].KL < 1e-5 {
		t.Errorf("KL to the base: %g, then %g", reports[0].KL, reports[2].KL)
	}
}

func TestDynamicSamplingFillsTheBatch(t *testing.T) {
	r := open(t, nil, diceRun(t, "dapo", map[string]string{"group": "2", "problems": "6"}))
	report := steps(t, r, 1)[0]
	if report.Groups.Valid != 6 || report.Problems <= 6 || report.Calls < 2 {
		t.Errorf("%d valid groups of %d problems in %d calls", report.Groups.Valid, report.Problems, report.Calls)
	}
}

func TestRevisions(t *testing.T) {
	c := diceRun(t, "rearl", nil)
	r := open(t, nil, c)
	groups := r.draw(4)
	if err := r.rollouts(t.Context(), groups, 4); err != nil {
		t.Fatal(err)
	}
	rule := r.trainer.(*rearl)
	revisions, err := rule.revisions(t.Context(), r, groups)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range revisions {
		own := groups[i/4].Samples[i%4]
		cutAt := s.ThinkEnd
		if s.Tokens[cutAt] != task.EndThink || !slices.Equal(s.Tokens[:cutAt], own.Tokens[:cutAt]) {
			t.Fatalf("revision %d: %v of %v", i, s.Tokens, own.Tokens)
		}
		if len(s.Old) != len(s.Response()) || len(s.Response())-(cutAt-s.PromptLength)-1 > rule.revisionTokens {
			t.Errorf("revision %d: %d tokens, %d log-probabilities", i, len(s.Response()), len(s.Old))
		}
		if forced := s.Old[cutAt-s.PromptLength]; forced >= 0 {
			t.Errorf("revision %d: the forced token has log-probability %g", i, forced)
		}
	}
}

func TestRunErrors(t *testing.T) {
	host := gpu.OpenHost()
	base := diceBase(t)
	for name, try := range map[string]func() error{
		"no method": func() error { _, err := NewRun(host, dice{}, base, nil, RunConfig{}); return err },
		"no reflection model": func() error {
			_, err := NewRun(host, dice{}, base, nil, diceRun(t, "rearl", map[string]string{"cut": "normal"}))
			return err
		},
		"no such head": func() error {
			c := diceRun(t, "attnpo", nil)
			c.Heads = []score.Head{{Layer: 4, Head: 0}}
			_, err := NewRun(host, dice{}, base, nil, c)
			return err
		},
		"a checkpoint without training state": func() error {
			_, err := NewRun(host, dice{}, base, base, diceRun(t, "grpo", nil))
			return err
		},
		"another task's model": func() error {
			task, _ := task.New("chain", "", "")
			_, err := NewRun(host, task, base, nil, diceRun(t, "grpo", nil))
			return err
		},
	} {
		if err := try(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	r := open(t, nil, diceRun(t, "grpo", nil))
	steps(t, r, 1)
	kept, err := r.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]RunConfig{
		"another method": diceRun(t, "tlmre", nil),
		"another value":  diceRun(t, "grpo", map[string]string{"group": "3"}),
		"another seed":   {Method: GRPO, Seed: 77},
	} {
		if _, err := NewRun(host, dice{}, base, kept, c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEveryMethodStepsOnEveryTask(t *testing.T) {
	for _, name := range []string{"chain", "countdown"} {
		task, _ := task.New(name, "", "")
		shape := diceShape
		shape.VocabSize, shape.MaxContext = len(task.Vocabulary()), 256
		base := &hf.Checkpoint{Config: shape, Weights: shape.Init(1)}
		for _, m := range Methods {
			method := m.Name
			c := RunConfig{Method: m, Hyper: m.Params.Lab(), Seed: 1, Probe: 4, Slots: 8, Tokens: 512}
			if m.Takes.Heads {
				c.Heads = []score.Head{{Layer: 0, Head: 1}}
			}
			for name, text := range map[string]string{"problems": "2", "group": "2", "initial": "2", "max-length": "24", "dynamic": "off", "overlong-buffer": "8", "revision-tokens": "24", "valid": "100"} {
				if c.Hyper.Has(name) {
					set(t, m, c.Hyper, map[string]string{name: text})
				}
			}
			r, err := NewRun(gpu.OpenHost(), task, base, nil, c)
			if err != nil {
				t.Fatal(err)
			}
			if report := steps(t, r, 1)[0]; report.Generated == 0 {
				t.Errorf("%s on %s: %s", method, name, text(t, report))
			}
			r.Release()
		}
	}
}

func TestMemoryStaysFlat(t *testing.T) {
	for _, method := range []string{"grpo", "attnpo", "attnrl"} {
		r := open(t, nil, diceRun(t, method, nil))
		steps(t, r, 2)
		before := r.Model.Device.Counters
		steps(t, r, 6)
		if after := r.Model.Device.Counters; after.Buffers != before.Buffers || after.Bytes > before.Bytes+before.Bytes/4 {
			t.Errorf("%s: %d buffers of %d bytes, later %d of %d", method, before.Buffers, before.Bytes, after.Buffers, after.Bytes)
		}
	}
}

func TestWarmUp(t *testing.T) {
	r := open(t, nil, diceRun(t, "grpo", map[string]string{"warm-up": "4", "learning-rate": "0.001"}))
	for step, want := range []float64{.00025, .0005, .00075, .001, .001} {
		r.state.Step = step
		if got := float64(r.rate()); math.Abs(got-want) > 1e-9 {
			t.Errorf("step %d has the rate %g, want %g", step+1, got, want)
		}
	}
	if r := open(t, nil, diceRun(t, "grpo", nil)); float64(r.rate()) != float64(float32(5e-4)) {
		t.Errorf("without warm-up the first rate is %g", r.rate())
	}
}

// Fault A10: AdamW's constants and the clip of the gradient are hyper-parameters, and each does something.
func TestOptimiserIsOfTheTable(t *testing.T) {
	usual := map[string]string{"minibatches": "1", "learning-rate": "0.01"}
	plain := open(t, nil, diceRun(t, "grpo", usual))
	steps(t, plain, 2)
	for name, text := range map[string]string{"adam-beta1": "0.5", "adam-beta2": "0.9", "adam-epsilon": "0.001", "weight-decay": "0.5", "gradient-clip": "0.01"} {
		change := map[string]string{name: text}
		for k, v := range usual {
			change[k] = v
		}
		r := open(t, nil, diceRun(t, "grpo", change))
		steps(t, r, 2)
		if slices.Equal(weights(t, r), weights(t, plain)) {
			t.Errorf("--%s %s changes nothing", name, text)
		}
	}
	if got := adam(paper(t, "dapo", nil)); got.WeightDecay != 0.1 || got.Beta2 != 0.999 || got.MaxNorm != 1 {
		t.Errorf("dapo's optimiser %+v", got)
	}
}

// Fault A14: the next batch follows from problems and valid sequences of one step, also where the pipeline has drawn another batch
// in between.
func TestBatchSizeIsOfOneStep(t *testing.T) {
	for _, pipeline := range []string{"on", "off"} {
		c := diceRun(t, "attnrl", map[string]string{"pipeline": pipeline, "lambda": "0", "valid": "60", "problems": "3"})
		r := open(t, nil, c)
		state := func() treeState { return r.trainer.(*treeTrainer).state }
		trained := 3 // problems of the trees that the next step trains on
		differs := false
		for step := range 5 {
			drawnInBetween := state().Batch
			report := steps(t, r, 1)[0]
			want := trained
			if report.Leaves > 0 {
				want = min(max(1, int(math.Round(60*float64(trained)/float64(report.Leaves)))), 512)
			}
			if got := state().Batch; got != want {
				t.Errorf("pipeline %s, step %d: %d valid sequences of %d problems make a batch of %d, want %d", pipeline, step+1, report.Leaves, trained, got, want)
			}
			if pipeline == "on" {
				differs = differs || trained != drawnInBetween
				trained = drawnInBetween // those drawn at this step
			} else {
				trained = want
			}
		}
		if pipeline == "on" && !differs {
			t.Error("both batches had one size at every step, so nothing is tested")
		}
	}
}

// A run records, and measures by, the longest response that its context allows.
func TestRunRecordsTheCapThatHolds(t *testing.T) {
	for given, want := range map[string]int{"8": 8, "40": 40, "9999": diceShape.MaxContext - 1} {
		r := open(t, nil, diceRun(t, "grpo", map[string]string{"max-length": given}))
		if r.MaxLength != want || r.Hyper.Number("max-length") == 0 {
			t.Errorf("max-length %s: the policy writes at most %d tokens, want %d", given, r.MaxLength, want)
		}
	}
}

// A head that is named twice is refused.
func TestHeadNamedTwiceIsRefused(t *testing.T) {
	c := diceRun(t, "attnpo", nil)
	c.Heads = []score.Head{{Layer: 0, Head: 1}, {Layer: 0, Head: 0}}
	if err := c.check(diceShape); err != nil {
		t.Fatal(err)
	}
	c.Heads = append(c.Heads, score.Head{Layer: 0, Head: 1})
	if err := c.check(diceShape); err == nil || !strings.Contains(err.Error(), "head 1 in layer 0 is named twice") {
		t.Errorf("error %v", err)
	}
}
