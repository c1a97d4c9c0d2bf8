// Package labtest has what the tests of the lab and of its page share: snapshots that follow from formulas, a fake screen,
// and the engine's end of a session.
package labtest

import (
	"math"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	"attnlab/rl/score"
)

// Trace is a trace with two layers of two heads whose numbers follow from a formula: 3 prompt tokens, 4 steps of 2 tokens,
// 3 tokens of answer.
func Trace() session.Trace {
	const L, H, K, delta, ranges = 2, 2, 4, 2, 6
	t := session.Trace{Number: 7, Task: "chain", Seed: 3, Gold: "4", PromptLength: 3, Think: [2]int{3, 11}, Answer: [2]int{11, 14},
		Complete: true, WellFormed: true, Correct: true, Layers: L, Heads: H, Delta: delta, Sampling: session.Sampling{Temperature: 0.6, TopP: 1, Seed: 1}}
	for i := range 14 {
		t.Tokens = append(t.Tokens, i%7)
		t.Text = append(t.Text, []string{"<bos>", "k", "8", ";", "\n", "b", "&k"}[i%7])
		t.LogProbs = append(t.LogProbs, -float32(i)/10)
		t.Entropy = append(t.Entropy, float32(i)/20)
		t.Received = append(t.Received, float32(14-i))
		t.Top = append(t.Top, []session.Choice{{Token: i % 7, Text: t.Text[i], Prob: 0.75}, {Token: 9, Text: "z", Prob: 0.25}})
	}
	labels := []string{"essential", "wrong", "correcting", "redundant"}
	for k := range K {
		t.Steps = append(t.Steps, session.StepView{Start: 3 + 2*k, End: 5 + 2*k, Label: labels[k], Text: "b &k 8"})
	}
	for h := range L * H {
		for j := range ranges {
			for k := range ranges {
				v := float32(0)
				if k <= j {
					v = float32(h+1) * float32(10*j+k) / 1000
				}
				t.All = append(t.All, v)
			}
		}
	}
	t.Attention, t.Of = t.All.Largest(ranges)
	t.FCI = make([]float64, K)
	for h := range L * H {
		for k := range K {
			sum := 0.0
			for j := k + 1 + delta; j < ranges && k > 0; j++ {
				sum += float64(t.All[(h*ranges+j)*ranges+k+1])
			}
			t.FCIHeads = append(t.FCIHeads, sum)
			t.Focus = append(t.Focus, 3*float64(t.All[(h*ranges+ranges-1)*ranges+k+1]))
			t.FCI[k] = max(t.FCI[k], sum)
		}
	}
	for i, s := range score.HeadScores {
		if s.ManyTraces || s.Name == score.FCI.Name || s.Name == score.Focus.Name {
			continue // the mean of FCIHeads or Focus
		}
		one := session.HeadValues{Name: s.Name}
		for h := range L * H {
			v := float64(i) + float64(h)/10
			one.Values = append(one.Values, &v)
		}
		t.HeadScores = append(t.HeadScores, one)
	}
	return t
}

// Sent waits for the next n messages that reached the engine.
func Sent(t *testing.T, engine *session.Port, n int) (all []any) {
	t.Helper()
	for range n {
		select {
		case m := <-engine.In:
			all = append(all, m)
		case <-time.After(5 * time.Second):
			t.Fatalf("only %d of %d messages came: %#v", len(all), n, all)
		}
	}
	return all
}

// KeptRun is a run whose metrics are those of the slices; NaN is none.
func KeptRun(id, method string, seed uint64, from string, columns map[string][]float64) session.KeptRun {
	r := session.KeptRun{Info: session.RunInfo{ID: id, Name: id, State: "done", From: from}, Settings: session.RunSettings{Method: method, Model: "small", Seed: runs.Seed(seed), Steps: 6}}
	if method != "" {
		r.Settings.Series = runs.Series{Method: method, Base: "small", Plan: "steps=6"}
	}
	for _, name := range []string{"step", "accuracy", "think_tokens", "generated_tokens"} {
		m := session.Metric{Name: name}
		for _, v := range columns[name] {
			var value *float64
			if !math.IsNaN(v) {
				value = &v
			}
			m.Values = append(m.Values, value)
		}
		if len(m.Values) > 0 {
			r.Metrics, r.Info.Step = append(r.Metrics, m), len(m.Values)
		}
	}
	return r
}

// Runs are two seeds of a method, one of another, and a lone file of metrics.
func Runs() session.Runs {
	steps := []float64{1, 2, 3, 4, 5, 6}
	return session.Runs{Number: 1, Runs: []session.KeptRun{
		KeptRun("a1", "attnpo", 1, "shipped", map[string][]float64{"step": steps, "accuracy": {0, 0.5, 0.5, 0.5, 0.5, 0.5}, "think_tokens": {99, 60, 60, 60, 60, 60}, "generated_tokens": {1e3, 2e3, 3e3, 4e3, 5e3, 6e3}}),
		KeptRun("a2", "attnpo", 2, "shipped", map[string][]float64{"step": steps, "accuracy": {0, 0.7, 0.7, 0.7, 0.7, 0.7}, "think_tokens": {99, 50, 50, 50, 50, 50}, "generated_tokens": {1e3, 2e3, 3e3, 4e3, 5e3, 8e3}}),
		KeptRun("g1", "grpo", 1, "this browser", map[string][]float64{"step": steps, "accuracy": {0, 0.6, math.NaN(), 0.6, 0.6, 0.6}}),
		KeptRun("m1", "", 0, "imported", map[string][]float64{"step": steps[:2], "accuracy": {0.1, 0.2}}),
	}}
}

// Methods is a catalogue of three methods, with a number, a whole number and a switch among their hyper-parameters.
func Methods() session.Methods {
	rate := hyper.Param{Name: "learning-rate", Symbol: "η", Meaning: "AdamW step size", Source: "a paper, section 3", Min: 1e-7, Max: 0.01, Step: 1e-7}.With(2e-6, 5e-4)
	group := hyper.Param{Name: "group", Symbol: "G", Meaning: "responses sampled for a problem", Source: "a script", Min: 2, Max: 64, Step: 1}.With(8, 8)
	return session.Methods{Trainers: []session.Trainer{{Name: "trl", Title: "TRL"}}, Methods: []session.Method{
		{Name: "tlmre", Title: "TLMRE", Summary: "Short responses earn more.", Source: "a paper", Steps: 40, Params: hyper.Table{rate, group}},
		{Name: "attnpo", Title: "ATTNPO", Summary: "TLMRE, then key-focus heads weigh the steps.", Source: "arXiv 2602.09953", Steps: 40, Params: hyper.Table{rate, group,
			hyper.Param{Name: "negative", Meaning: "cancel negative advantage on essential steps", Source: "ATTNPO, step rescaling", Choices: []string{"off", "on"}, Max: 1, Step: 1}.Choosing("on", "on"),
			hyper.Param{Name: "schedule", Symbol: "T", Meaning: "a group is attenuated after step T(1-p)", Source: "ATTNPO code", Max: 10000, Step: 1}.With(1000, 10),
		}},
		{Name: "pretrain", Title: "Pretraining", Summary: "From random weights.", Source: "ours", Steps: 1000, Teacher: true, Params: hyper.Table{
			hyper.Param{Name: "rate", Symbol: "η", Meaning: "highest learning rate", Source: "ours", Min: 1e-5, Max: 0.02, Step: 1e-5}.With(0.003, 0.003),
		}},
	}}
}

func Values(v ...float64) (p []*float64) {
	for i := range v {
		if math.IsNaN(v[i]) {
			p = append(p, nil)
		} else {
			p = append(p, &v[i])
		}
	}
	return p
}

// Run is a run of attnpo after three steps, with two groups of two rollouts.
func Run(state string) session.Run {
	return session.Run{Number: 3, Info: session.RunInfo{ID: "r1", Name: "attnpo, chain-small, seed 7", State: state, Step: 3, From: "this browser", Note: "made by a test"},
		Settings: session.RunSettings{Method: "attnpo", Model: "chain-small", Seed: 7, Steps: 40, Probe: 64, Hyper: hyper.Values{"group": hyper.Number(4), "negative": hyper.Choice("off")}},
		Base: []session.Metric{{Name: "accuracy", Values: Values(0.5)}, {Name: "think_tokens", Values: Values(60)}, {Name: "problems", Values: Values(64)},
			{Name: "redundant_steps", Values: Values(3.25)}, {Name: "standard_error.redundant_steps", Values: Values(0.1)}},
		Metrics: []session.Metric{
			{Name: "step", Values: Values(1, 2, 3)}, {Name: "accuracy", Values: Values(0.5, 0.25, 0.75)}, {Name: "think_tokens", Values: Values(60, 58, 51.5)},
			{Name: "redundant_steps", Values: Values(2.5, 2.4, 2.3)}, {Name: "redundant_removed", Values: Values(0, 0.1, 0.324)}, {Name: "essential_kept", Values: Values(1, 1.01, 0.987)},
			{Name: "reward", Values: Values(0.4, 0.5, 0.6)}, {Name: "credit_auc", Values: Values(math.NaN(), 0.8, 0.81)}, {Name: "generated_tokens", Values: Values(4000, 8000, 12345)},
			{Name: "groups.valid", Values: Values(9, 8, 11)}},
		Rollouts: []session.RolloutRow{
			{Group: 0, Prompt: "k 8 ; ? k", Gold: "8", Correct: true, Tokens: 12, Think: 10, Reward: 0.9, Advantage: 0.4, Trained: true},
			{Group: 0, Prompt: "k 8 ; ? k", Gold: "8", Tokens: 22, Think: 20, Advantage: -0.4, Trained: true},
			{Group: 4, Prompt: "o 1 ; ? o", Gold: "1", Correct: true, Tokens: 9, Think: 7, Reward: 1},
			{Group: 4, Kind: "revision", Prompt: "o 1 ; ? o", Gold: "1", Correct: true, Tokens: 5, Think: 3, Reward: 1}},
		Left: 754, Rate: 5234.4, Kept: 2}
}

// Credit explains a rollout of two steps and an answer.
func Credit(rollout int) session.Credit {
	return session.Credit{Number: 1, Rollout: rollout, Text: strings.Fields("so k 8 wait k 8 </think> 8"),
		Before: []float64{0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4}, After: []float64{0.4, 0.4, 0.4, 0.1, 0.1, 0.1, 0.4, 0.4},
		Steps: []session.CreditStep{
			{Start: 0, End: 3, Label: "essential", Scale: 1},
			{Start: 3, End: 6, Label: "redundant", Scale: 0.25, Terms: []session.Term{
				{Name: "S", Form: "mean over heads of Σ a(m → n) / |s|", Value: 0.02}, {Name: "S_base", Form: "κ p² |F| / (|q|+|o|)", Value: 0.08},
				{Name: "γ", Form: "p² S/S_base + 1 − p²", Value: 0.25, Source: "ATTNPO, step rescaling"}}}},
		Outcome: []session.Term{{Name: "reward", Form: "1[c] (1 − α σ(z))", Value: 0.9, Source: "TLMRE"}, {Name: "advantage", Form: "r − mean of the others", Value: 0.4}}}
}

// TokenLosses are the losses of the rollout of [Credit]: its first token is clipped.
func TokenLosses(rollout int) session.TokenLosses {
	l := runs.TokenLosses{Step: 3, Update: 1, Updates: []float64{-0.25, -0.5}, Weight: 0.125, ClipLow: 0.2, ClipHigh: 0.28, KL: 0.5, Correct: true}
	for i, text := range strings.Fields("so k 8 wait k 8 </think> 8") {
		t := runs.TokenLoss{Text: text, Old: -1, New: -1, Ratio: 1, Entropy: 0.5, Advantage: 0.4, Gradient: 0.05, Loss: -0.05}
		if i == 0 {
			t.New, t.Ratio, t.Clipped, t.KL, t.Gradient, t.Loss = -0.5, 1.649, true, 0.106, -0.0246, -0.0574
		}
		l.Tokens = append(l.Tokens, t)
	}
	return session.TokenLosses{Number: 1, Rollout: rollout, TokenLosses: l}
}

// Tree is a finished tree over the problem of [Trace]: one response that was branched into two more, and one that was
// not.
func Tree() session.Tree {
	right, wrong := 1.0, 0.0
	t := session.Tree{Number: 3, Problem: "<bos> k 8", Gold: "4", Seed: 1, Rule: session.TreeRule{Branch: "fci", Initial: 6, Points: 2, Rollouts: 2}, Temperature: 1, Prompt: 3, Done: true, Sampled: 1234, Charged: 45678,
		Points: []session.BranchView{{Tree: 0, Step: 1, Token: 6, Score: 0.125, Node: 1}}}
	t.Nodes = []session.TreeNode{
		{ID: 0, Parent: -1, Tree: -1, Start: 0, End: 3, Text: "<bos> k 8", Leaves: 4},
		{ID: 1, Parent: 0, Tree: 0, Start: 3, End: 6, Text: "b &k 8\n", Leaves: 3, Trained: true},
		{ID: 2, Parent: 1, Tree: 0, Start: 6, End: 14, Text: "b 0", Leaves: 1, Reward: &right, Trained: true},
		{ID: 3, Parent: 1, Tree: 0, Start: 6, End: 12, Text: "b 1", Leaves: 1, Reward: &wrong, Trained: true},
		{ID: 4, Parent: 1, Tree: 0, Start: 6, End: 13, Text: "j 0", Leaves: 1, Reward: &right, Trained: true},
		{ID: 5, Parent: 0, Tree: 1, Start: 3, End: 10, Text: "wait", Leaves: 1, Reward: &wrong},
	}
	values := []float64{1. / 2, 2. / 3, 1, 0, 1, 0}
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.Value = &values[i]; n.Parent < 0 {
			continue
		}
		n.Global, n.Local = values[i]-values[0], values[i]-values[n.Parent]
		if n.Trained {
			n.Advantage = (n.Global + n.Local) / math.Sqrt(float64(n.Leaves))
		}
	}
	return t
}

// Beside is a run by another method that trains in turn with that of [Run].
func Beside() session.Beside {
	r := Run("running")
	r.Number, r.Info.ID, r.Info.Name, r.Settings.Method, r.Settings.Hyper = 4, "r2", "tlmre, chain-small, seed 7", "tlmre", hyper.Values{"group": hyper.Number(4)}
	return session.Beside{Run: r}
}

// Pairs are rollouts of both runs: of three of the first, and two of the second, the first two differ and the next are the same.
func Pairs() session.PairedRollouts {
	one := func(correct bool, text string) session.PairedRollout {
		r := session.PairedRollout{Correct: correct, Reward: 0.5, Text: strings.Split(text, " ")}
		r.Steps = []session.StepView{{Start: 0, End: 3, Label: "essential", Text: "k 8"}}
		return r
	}
	return session.PairedRollouts{Number: 5, Step: 3, Problems: 4, Problem: 0, Prompt: "k 8 ; ? k", Gold: "8",
		First:  []session.PairedRollout{one(true, "k 8 \n </think> 8"), one(true, "k 8 \n </think> 8"), one(false, "k 9 \n </think> 9")},
		Second: []session.PairedRollout{one(false, "k 8 \n wait </think> 9"), one(true, "k 8 \n </think> 8")}}
}
