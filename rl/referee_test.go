package rl

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/examine"
	"attnlab/rl/hyper"
	"attnlab/rl/rltest/near"
	"attnlab/rl/score"
	"attnlab/rl/task"
	"attnlab/testdata"
	"attnlab/web"
)

// referee is testdata/referee.json: what TRL's trainer, and for ATTNPO PyTorch, give for fixed responses of chain-tiny.
type referee struct {
	Groups []refereeGroup `json:"groups"`
	Cases  []refereeCase  `json:"cases"`
}

type refereeGroup struct {
	Prompt    []int `json:"prompt"`
	Responses []struct {
		Tokens    []int     `json:"tokens"`
		Correct   bool      `json:"correct"` // drawn at random
		Old       []float32 `json:"old"`
		Reference []float32 `json:"reference"`
	} `json:"responses"`
}

type refereeCase struct {
	Method     string                     `json:"method"`
	Set        map[string]string          `json:"set"`   // hyper-parameters that differ from the method's paper
	Heads      [][2]int                   `json:"heads"` // layer and head
	Step       int                        `json:"step"`  // of training
	Rewards    []float64                  `json:"rewards"`
	Advantages [][]float64                `json:"advantages"` // a response: one, or one a token
	Loss       float64                    `json:"loss"`
	Gradients  map[string]refereeGradient `json:"gradients"` // by the tensor's name
}

// refereeGradient is what is left of the gradient of a tensor of n words.
type refereeGradient struct {
	Norm    float64   `json:"norm"`
	Cosines float64   `json:"cosines"` // the sum of g_i cos(i)
	Entries []float64 `json:"entries"` // at k n / len(entries)
}

// groups are the groups of a case. The verdicts are the file's; steps and answer are the task's.
func (r referee) groups(t *testing.T, c refereeCase, kind task.Task) (groups []Group, reference [][]float32) {
	t.Helper()
	for _, from := range r.Groups {
		p, err := kind.Parse(task.Text(kind, from.Prompt))
		if err != nil {
			t.Fatal(err)
		}
		g, refs := Group{Problem: p}, [][]float32{}
		for _, x := range from.Responses {
			s := Sample{Trace: kind.Judge(p, x.Tokens), Old: x.Old}
			if s.Correct = x.Correct; len(s.Response()) != len(x.Tokens) {
				t.Fatalf("a response has %d tokens of %d", len(s.Response()), len(x.Tokens))
			}
			g.Samples, refs = append(g.Samples, s), append(refs, x.Reference)
		}
		if c.Method == "dapo" && !g.mixed() { // dynamic sampling leaves these out
			continue
		}
		groups, reference = append(groups, g), append(reference, refs...)
	}
	return groups, reference
}

// values are the paper's hyper-parameters of a case with its own in their place.
func (c refereeCase) values(t *testing.T, m Method) hyper.Values {
	t.Helper()
	h := m.Params.Paper()
	for name, text := range c.Set {
		if err := m.Params.Set(h, name, text); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// Rewards, advantages, losses and gradients are those of TRL for GRPO, Dr. GRPO and DAPO, and those of a second writing in PyTorch for
// ATTNPO.
func TestReferee(t *testing.T) {
	data, err := fs.ReadFile(testdata.FS, "referee.json")
	if err != nil {
		t.Fatal(err)
	}
	var r referee
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Groups) != 4 || len(r.Cases) != 5 {
		t.Fatalf("%d groups and %d cases, want 4 and 5; run testdata/referee.py", len(r.Groups), len(r.Cases))
	}
	folder, err := web.Model("chain-tiny")
	if err != nil {
		t.Fatal(err)
	}
	base, err := hf.LoadFS(folder)
	if err != nil {
		t.Fatal(err)
	}
	kind, err := task.New("chain", "", "")
	if err != nil {
		t.Fatal(err)
	}
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		m, err := model.New(d, base.Config, base.Weights)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Release()
		for i, c := range r.Cases {
			if i > 0 && d.Info.Backend != gpu.Host { // an adapter takes one case: software needs a minute for all, and other tests compare its kernels
				break
			}
			t.Run(fmt.Sprintf("%d %s", i, c.Method), func(t *testing.T) { r.hold(t, c, m, kind) })
		}
		gputest.Count(d)
	})
}

// hold compares one case on one device.
func (r referee) hold(t *testing.T, c refereeCase, m *model.Model, kind task.Task) {
	method := methodOf(t, c.Method)
	h := c.values(t, method)
	groups, reference := r.groups(t, c, kind)
	if len(c.Heads) > 0 {
		scoreFocus(t, m, groups, c.Heads)
	}
	trainer, err := method.New(h, Setup{})
	if err != nil {
		t.Fatal(err)
	}
	if err := trainer.Credit(c.Step, groups); err != nil {
		t.Fatal(err)
	}
	var samples []Sample
	var lengths []int
	attenuated, protected := 0, 0 // steps
	for _, g := range groups {
		for _, s := range g.Samples {
			i := len(samples)
			for _, gamma := range s.Inputs.Scales {
				if gamma == 0 {
					protected++
				} else if gamma < 1 {
					attenuated++
				}
			}
			near.Want(t, "reward", []float64{s.Reward}, c.Rewards[i:i+1], 1e-6)
			want := c.Advantages[i]
			if len(want) == 1 { // one for the response
				want = make([]float64, len(s.Advantage))
				for k := range want {
					want[k] = c.Advantages[i][0]
				}
			}
			near.Want(t, "advantages", s.Advantage, want, 1e-6)
			samples, lengths = append(samples, s), append(lengths, len(s.Advantage))
		}
	}
	if len(samples) != len(c.Rewards) {
		t.Fatalf("%d responses, the file has %d", len(samples), len(c.Rewards))
	}

	if len(c.Heads) > 0 && (attenuated == 0 || protected == 0) {
		t.Errorf("%d steps attenuated and %d protected: the case does not test both", attenuated, protected)
	}

	loss := newLoss(h)
	tr, err := model.NewTrainer(m, 2048, model.Adam{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Release()
	tr.Policy = model.PolicyLoss{Low: float32(loss.clipLow), High: float32(loss.clipHigh), Dual: float32(loss.dualClip), KL: float32(loss.kl)}
	if err := tr.Step(0, policyPart(samples, reference, loss.tokenWeights(lengths), m.VocabSize)); err != nil {
		t.Fatal(err)
	}
	metrics, err := tr.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	near.Want(t, "loss", []float64{metrics[0].Loss}, []float64{c.Loss}, 1e-5)
	if metrics[0].ClipFraction == 0 {
		t.Error("no ratio was clipped: the case does not test the clip")
	}
	arena, err := tr.Gradients()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, p := range m.Params() {
		for _, tensor := range p.Tensors() {
			want, ok := c.Gradients[tensor.Name]
			if !ok {
				t.Fatalf("the file has no gradient of %s", tensor.Name)
			}
			want.hold(t, tensor.Name, arena[tensor.Offset:][:tensor.Size()])
			compared++
		}
	}
	if compared != len(c.Gradients) {
		t.Errorf("%d tensors compared, the file has %d", compared, len(c.Gradients))
	}
}

// hold compares a gradient: differences are relative to the tensor's norm.
func (want refereeGradient) hold(t *testing.T, name string, got []float32) {
	t.Helper()
	norm, cosines, n := 0.0, 0.0, len(got)
	for i, g := range got {
		norm += float64(g) * float64(g)
		cosines += float64(g) * math.Cos(float64(i))
	}
	entries := make([]float64, len(want.Entries))
	for k := range entries {
		entries[k] = float64(got[k*n/len(entries)])
	}
	if len(entries) != 16 || want.Norm == 0 {
		t.Fatalf("%s: the file has %d entries and norm %g", name, len(entries), want.Norm)
	}
	within := 1e-4 * want.Norm
	near.Want(t, "norm of the gradient of "+name, []float64{math.Sqrt(norm)}, []float64{want.Norm}, within)
	near.Want(t, "cosines of the gradient of "+name, []float64{cosines}, []float64{want.Cosines}, within)
	near.Want(t, "entries of the gradient of "+name, entries, want.Entries, within)
}

// scoreFocus measures S_k of every response.
func scoreFocus(t *testing.T, m *model.Model, groups []Group, heads [][2]int) {
	t.Helper()
	s, err := model.NewScorer(m, 1024)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	var of []score.Head
	for _, h := range heads {
		of = append(of, score.Head{Layer: h[0], Head: h[1]})
	}
	var traces []task.Trace
	for _, g := range groups {
		for i := range g.Samples {
			traces = append(traces, g.Samples[i].Trace)
		}
	}
	examined, err := examine.Examine(s, traces, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		for i := range g.Samples {
			g.Samples[i].Scores, examined = score.MeanOverHeads(examined[0].Focus, of), examined[1:]
		}
	}
}
