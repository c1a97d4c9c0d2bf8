package main

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// What inside prints about a response of chain-small adds up, follows the flags, and agrees with trace and with itself.
func TestInside(t *testing.T) {
	on := []string{"inside", "--model", "chain-small", "--seed", "7", "--greedy"}
	var v map[string]any
	document(t, &v, "", on...)
	has(t, v, "tokens", "token", "targets.text", "lens.logprobs", "lens.best.text", "shares.heads", "shares.feed_forward", "head.reads.scaled", "storage")
	var d insideDocument
	document(t, &d, "", append(on, "--head", "2.1", "--patch", "1=o &b 9 + &p 7 = o 5", "--ablate", "0.3,2.3", "--problems", "12")...)
	if d.Token != len(d.Tokens)-2 || d.Targets[0].Text != "5" || d.Targets[1].Token == d.Targets[0].Token || len(d.Lens) != 4 || d.Lens[3].Best != d.Targets[0] {
		t.Fatalf("token %d, targets %v, lens %+v", d.Token, d.Targets, d.Lens)
	}
	for n, sum := range d.Shares.Sum() {
		if math.Abs(sum-d.Shares.Logits[n]) > 1e-4 {
			t.Errorf("all parts add %g to the logit of %q, which is %g", sum, d.Targets[n].Text, d.Shares.Logits[n])
		}
	}
	if odds := d.Shares.Logits[0] - d.Shares.Logits[1]; math.Abs(odds-(d.Lens[3].LogProbs[0]-d.Lens[3].LogProbs[1])) > 1e-4 {
		t.Errorf("the logits differ by %g, the log-probabilities by %g", odds, d.Lens[3].LogProbs[0]-d.Lens[3].LogProbs[1])
	}
	var weights, share float64
	for _, r := range d.Head.Reads {
		weights, share = weights+r.Weight, share+r.Logits[0]
	}
	if len(d.Head.Reads) != d.Token || math.Abs(weights-1) > 1e-9 || math.Abs(share-d.Shares.Heads[2][1][0]) > 1e-4 {
		t.Errorf("head 2.1 reads %d tokens of %d with weights of %g, and adds %g, want %g", len(d.Head.Reads), d.Token, weights, share, d.Shares.Heads[2][1][0])
	}
	p := d.Patching
	if len(p.Back) != 3 || len(p.Back[0]) != len(p.Ranges) || math.Abs(float64(p.Back[0][1])-1) > 0.05 || math.Abs(float64(p.Back[0][0])) > 1e-6 || math.Abs(float64(p.Gained[0][1])-p.LogProbs[0]+p.LogProbs[1]) > 0.05 || p.From <= 0 || p.To >= 0 {
		t.Errorf("patching is %+v", p)
	}
	if a := d.Ablation; a.Traces != 12 || len(a.Each) != 1 || len(a.Each[0].Heads) != 2 || a.Each[0].LogProb.Mean > -1 || a.By != "zero" || float64(a.Each[0].Right.Low) < -1 {
		t.Errorf("ablation is %+v", a)
	}
	for _, c := range []struct{ args, want string }{
		{"--head 3.0", "there is no head 3.0"}, {"--head x", "no head such as 1.2"}, {"--ablate 0.9", "there is no head 0.9"}, {"--by luck", "choose zero or mean"},
		{"--token 999", "token 999 cannot be opened"}, {"--token 0", "token 0 cannot be opened"}, {"--against 5", "compared with itself"}, {"--against zebra", "not a token"}, {"--patch 99=x", "no step 99"}, {"--patch 3=", "the same answer"}, {"--problems 0", "--problems"},
		{"--patch 1=a --patch 2=b", "give --patch once"}, {"--patch another --patch 2=b", "give --patch once"}, {"--patch another", "all the same"}, {"--ablate 0.3,1.2,0.3", "head 0.3 is listed twice"}, {"--head 0.3,1.2", "one head is opened"}, {"--by mean", "--by belongs to --ablate"}, {"--problems 5", "--problems belongs to --ablate"},
		{"--ablate 0.3 --problems 5 --prompt x", "--prompt is one problem"},
	} {
		if code, _, stderr := call("", append(append(on, "--backend", "host"), strings.Fields(c.args)...)...); code == 0 || !strings.Contains(stderr, c.want) || strings.Count(stderr, "attnlab: ") != 1 {
			t.Errorf("inside %s exits with %d and says %s", c.args, code, stderr)
		}
	}
	code, text, _ := call("", append(on, "--backend", "host", "--ablate", "each", "--problems", "3", "--by", "mean", "--token", "40", "--patch", "1=o &b 9 + &p 7 = o 5")...)
	if hyphens := regexp.MustCompile(`\s\(?-[0-9].*`).FindAllString(text, -1); hyphens != nil || strings.Count(text, "−") < 10 {
		t.Errorf("negative numbers have a minus sign, not a hyphen: %q", hyphens)
	}
	if code != 0 || strings.Count(text, "\nhead ") != 13 || !strings.Contains(text, "replaced by mean") || !strings.Contains(text, "token 40") {
		t.Errorf("for people inside prints\n%s", text)
	}
}

// Page and command line measure the same: heads of the same problems, and states of the same two responses.
func TestInsideIsThatOfThePage(t *testing.T) {
	p := visitPage(t, &runs.Memory{})
	p.do(session.UseModel{Name: "chain-small"})
	p.do(session.NewProblem{Seed: 7})
	p.do(session.Generate{Unit: "all", Sampling: session.Sampling{Temperature: 1, Seed: 7}})
	p.do(session.PatchStates{Into: session.PatchAnother})
	p.do(session.Ablate{Heads: [][2]int{{0, 3}, {2, 3}}, By: "mean", Problems: 8})
	var d insideDocument
	document(t, &d, "", "inside", "--model", "chain-small", "--backend", "host", "--seed", "7", "--patch", "another")
	if !slices.Equal(d.Tokens, p.trace.Tokens) || *d.Patching.Seed != uint64(p.back.Seed) || d.Patching.Response != p.back.Response {
		t.Fatalf("seed %d writes %q, on the page %d %q", *d.Patching.Seed, d.Patching.Response, p.back.Seed, p.back.Response)
	}
	same := func(what string, number number, page *float64) {
		t.Helper()
		if x := float64(number); math.IsNaN(x) != (page == nil) || page != nil && math.Abs(x-*page) > 1e-5 {
			t.Errorf("%s is %v, on the page %v", what, number, page)
		}
	}
	for l, row := range d.Patching.Back {
		for k := range row {
			same("what comes back", row[k], p.back.Back[l][k])
			same("what the log-probability gains", d.Patching.Gained[l][k], p.back.Gained[l][k])
		}
	}
	document(t, &d, "", "inside", "--model", "chain-small", "--backend", "host", "--ablate", "0.3,2.3", "--by", "mean", "--problems", "8")
	a, row := d.Ablation, p.cut.Rows[0]
	if a.Traces != p.cut.Traces {
		t.Fatalf("%d responses, on the page %d", a.Traces, p.cut.Traces)
	}
	same("the log-probability", a.LogProb, &p.cut.LogProb.Value)
	same("the share of right answers", a.Right, &p.cut.Right.Value)
	same("its change", a.Each[0].LogProb.Mean, &row.LogProb.Value)
	same("the error of the change", a.Each[0].LogProb.Error, row.LogProb.SE)
	same("the change of right answers", a.Each[0].Right.Mean, &row.Right.Value)
	same("its interval", a.Each[0].Right.Low, &row.Right.Interval.Low)
}
