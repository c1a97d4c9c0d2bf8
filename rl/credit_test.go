package rl

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/rl/hyper"
	"attnlab/rl/rltest/near"
)

func readGroup(t *testing.T, text string) (in GroupInput) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

const lineGroup = `{"prompt_length":10,"step":2000,"responses":[
	{"length":90,"correct":true,"answer_tokens":10,"focus":[0.05,0.2],"step_ranges":[[0,30],[30,80]],"reflections":1,"think_tokens":80},
	{"length":40,"correct":true,"answer_tokens":10,"focus":[0.01,0.2],"step_ranges":[[0,10],[10,30]]},
	{"length":60,"correct":false,"answer_tokens":5,"focus":[0.1,0.1],"step_ranges":[[0,10],[12,30]]},
	{"length":70,"correct":true,"answer_tokens":7,"focus":[0.1,0.1],"step_ranges":[[0,10],[10,30]],"reflections":2}],
	"revisions":[{"length":50,"correct":true,"reflections":1,"think_tokens":40},{"length":30,"correct":true,"think_tokens":20},
	{"length":30,"correct":false,"think_tokens":20},{"length":45,"correct":false,"think_tokens":20}]}`

const treeGroup = `{"tree":{"nodes":[{"id":0,"parent":-1,"reward":null},{"id":1,"parent":0,"reward":null},
	{"id":2,"parent":1,"reward":1},{"id":3,"parent":1,"reward":0},{"id":4,"parent":1,"reward":1},{"id":5,"parent":0,"reward":0}]}}`

func credit(t *testing.T, method, text string, h hyper.Values) GroupOutput {
	t.Helper()
	out, err := CreditGroup(method, readGroup(t, text), h)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCreditTree(t *testing.T) {
	for _, method := range hyper.TreeMethods {
		out := credit(t, method, treeGroup, nil)
		near.Want(t, method, out.NodeAdvantages, []float64{0, .19245, .83333, -1.16667, .83333, 0}, 5e-6)
		near.Want(t, method, out.Rewards, []float64{1, 0, 1, 0}, 0)
		near.Want(t, method, out.Advantages, []float64{.83333, -1.16667, .83333, 0}, 5e-6)
		if !out.Valid || out.Nodes[5].Trained {
			t.Errorf("%s: %+v", method, out)
		}
		kept := credit(t, method, treeGroup, hyper.Values{"unbranched": 1})
		near.Want(t, method, kept.NodeAdvantages[5:], []float64{-1}, 1e-12)
	}
	// On one tree AttnRL's credit is TreeRL's.
	a, b := credit(t, "treerl", treeGroup, nil), credit(t, "attnrl", treeGroup, nil)
	if a.Method = b.Method; !reflect.DeepEqual(a, b) {
		t.Errorf("treerl %+v\nattnrl %+v", a, b)
	}
}

func TestCreditLines(t *testing.T) {
	out := credit(t, "attnpo", lineGroup, nil)
	p := 0.75
	near.Want(t, "baseline", out.BaselineScore, []float64{p * p * 10 / 100, p * p * 10 / 50, p * p * 5 / 70, p * p * 7 / 80}, 1e-12)
	tlmre := credit(t, "tlmre", lineGroup, nil)
	near.Want(t, "advantages", out.Advantages, tlmre.Advantages, 0)
	if !(out.Advantages[1] > 0 && out.Advantages[2] < 0) {
		t.Fatalf("advantages %v", out.Advantages)
	}
	mix := p * p
	near.Want(t, "the short right response", out.StepScale[1], []float64{mix*.01/out.BaselineScore[1] + 1 - mix, 1}, 1e-12)
	near.Want(t, "the wrong response", out.StepScale[2], []float64{1, 1}, 0)
	for i, tokens := range out.TokenAdvantages {
		if len(tokens) != []int{90, 40, 60, 70}[i] {
			t.Errorf("response %d: %d tokens", i, len(tokens))
		}
	}
	near.Want(t, "tokens", []float64{out.TokenAdvantages[1][9], out.TokenAdvantages[1][10], out.TokenAdvantages[1][39]},
		[]float64{out.StepScale[1][0] * out.Advantages[1], out.Advantages[1], out.Advantages[1]}, 0)
}

func TestCreditREA(t *testing.T) {
	out := credit(t, "rearl", lineGroup, nil)
	if !slices.Equal(out.Copied, []bool{false, false, true, true}) || len(out.Rewards) != 8 {
		t.Fatalf("copied %v, rewards %v", out.Copied, out.Rewards)
	}
	near.Want(t, "copies", []float64{out.Rewards[6], out.Rewards[7], out.Advantages[7]}, []float64{out.Rewards[2], out.Rewards[3], out.Advantages[3]}, 0)
	// Correct lengths run from 30 to 90. Response 0 reflects once in 80 tokens, which is often enough; response 1 never;
	// response 3 twice in 70 - 7.
	near.Want(t, "rewards", out.Rewards[:6], []float64{1, 1 + 5./6 - 1, -1, 1 + 1./3, 1 + 2./3, 1 + 1 - 1}, 1e-12)
	if len(out.TokenAdvantages[7]) != 70 {
		t.Errorf("the copy of response 3 has %d tokens", len(out.TokenAdvantages[7]))
	}
}

// Each method is its baseline when its extra terms are off.
func TestCreditBaselines(t *testing.T) {
	same := func(name string, a, b GroupOutput) {
		t.Helper()
		near.Want(t, name, a.Advantages, b.Advantages, 0)
		near.Want(t, name, slices.Concat(a.TokenAdvantages...), slices.Concat(b.TokenAdvantages...), 0)
	}
	tlmre, grpo := credit(t, "tlmre", lineGroup, nil), credit(t, "grpo", lineGroup, nil)
	same("attnpo without attenuation", credit(t, "attnpo", lineGroup, hyper.Values{"positive": 0, "negative": 0}), tlmre)
	same("attnpo with a floor of 1", credit(t, "attnpo", lineGroup, hyper.Values{"floor": 1, "negative": 0}), tlmre)
	same("dapo without overlong shaping", credit(t, "dapo", lineGroup, hyper.Values{"overlong-buffer": 0}), grpo)
	same("grpo without std", credit(t, "grpo", lineGroup, hyper.Values{"std": 0}), credit(t, "drgrpo", lineGroup, nil))
	same("rearl without revisions and extra rewards",
		credit(t, "rearl", lineGroup, hyper.Values{"revise": 0, "length-weight": 0, "reflection-weight": 0}), grpo)

	flat := credit(t, "tlmre", lineGroup, hyper.Values{"alpha": 0})
	near.Want(t, "tlmre with α = 0 rewards as grpo", flat.Rewards, grpo.Rewards, 0)
}

func TestCreditGroupsOfOneOutcome(t *testing.T) {
	for _, correct := range []string{"true", "false"} {
		text := `{"responses":[{"length":9,"correct":C},{"length":9,"correct":C},{"length":9,"correct":C}]}`
		for _, method := range hyper.GroupMethods {
			out := credit(t, method, strings.ReplaceAll(text, "C", correct), nil)
			near.Want(t, method+" "+correct, out.Advantages, []float64{0, 0, 0}, 0)
			if out.Valid {
				t.Errorf("%s %s: a valid group", method, correct)
			}
		}
	}
	// DAPO drops a group that is all right even where lengths would tell its members apart.
	out := credit(t, "dapo", `{"responses":[{"length":20480,"correct":true},{"length":9,"correct":true}]}`, nil)
	near.Want(t, "dapo", out.Advantages, []float64{0, 0}, 0)
}

func TestCreditSumsToZeroAndFollowsOrder(t *testing.T) {
	in := readGroup(t, lineGroup)
	in.Revisions = nil
	swapped := in
	swapped.Responses = slices.Clone(in.Responses)
	slices.Reverse(swapped.Responses)
	for _, method := range hyper.GroupMethods {
		a, err1 := CreditGroup(method, in, nil)
		b, err2 := CreditGroup(method, swapped, nil)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		var sum float64
		for _, v := range a.Advantages {
			sum += v
		}
		near.Want(t, method+" sum", []float64{sum}, []float64{0}, 1e-9)
		slices.Reverse(b.TokenAdvantages)
		near.Want(t, method+" reversed", slices.Concat(b.TokenAdvantages...), slices.Concat(a.TokenAdvantages...), 1e-12)
	}
}

func TestCreditJSON(t *testing.T) {
	for _, method := range hyper.Sampling {
		text := lineGroup
		if slices.Contains(hyper.TreeMethods, method) {
			text = treeGroup
		}
		in := readGroup(t, text)
		out, err := CreditGroup(method, in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(in, readGroup(t, text)) {
			t.Errorf("%s changed its input", method)
		}
		data, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"rewards", "advantages", "step_scale", "baseline_score", "node_advantages", "token_advantages"} {
			if !strings.Contains(string(data), `"`+key+`":[`) {
				t.Errorf("%s: no list %q in %s", method, key, data)
			}
		}
	}
}

func TestCreditErrors(t *testing.T) {
	one := `{"length":9,"correct":true,"answer_tokens":2,"focus":[1],"step_ranges":[[0,7]]}`
	for _, c := range []struct{ method, text, complaint string }{
		{"ppo", `{}`, `method "ppo"`},
		{"sft", `{}`, `method "sft"`},
		{"grpo", `{}`, "0 responses"},
		{"grpo", `{"responses":[` + one + `]}`, "1 responses"},
		{"grpo", `{"responses":[` + one + `,{"length":-1}]}`, "response 1: length is -1"},
		{"grpo", `{"responses":[` + one + `,{"length":1000000000000}]}`, "length is 1000000000000"},
		{"grpo", `{"prompt_length":-2,"responses":[` + one + `,` + one + `]}`, "prompt_length is -2"},
		{"attnpo", `{"step":-2,"responses":[` + one + `,` + one + `]}`, "step is -2"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"answer_tokens":10}]}`, "answer_tokens is 10"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"step_ranges":[[0,9]]}]}`, "0 focus scores for 1 step ranges"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"focus":[-1],"step_ranges":[[0,9]]}]}`, "focus of step 0 is -1"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"focus":[1],"step_ranges":[[0,10]]}]}`, "range [0, 10)"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"focus":[1],"answer_tokens":3,"step_ranges":[[0,7]]}]}`, "range [0, 7)"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"focus":[1],"step_ranges":[[-1,7]]}]}`, "range [-1, 7)"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"focus":[1],"step_ranges":[[4,4]]}]}`, "range [4, 4)"},
		{"grpo", `{"responses":[` + one + `,{"length":9,"step_ranges":[[0,5],[4,7]]}]}`, "step 1 starts at 4, before step 0 ends at 5"},
		{"rearl", `{"responses":[` + one + `,` + one + `],"revisions":[` + one + `]}`, "1 revisions of 2 responses"},
		{"rearl", `{"responses":[` + one + `,` + one + `],"revisions":[` + one + `,{"length":3,"think_tokens":4}]}`, "revision 1: think_tokens is 4"},
		{"rearl", `{"responses":[` + one + `,{"length":3,"reflections":-1}]}`, "reflections is -1"},
		{"treerl", `{"responses":[` + one + `,` + one + `]}`, "no tree"},
		{"attnrl", `{"tree":{}}`, "no root"},
		{"attnrl", `{"tree":{"nodes":[{"id":0,"parent":-1},{"id":1,"parent":0,"reward":1}]}}`, "one leaf"},
		{"attnrl", `{"tree":{"nodes":[{"id":0,"parent":1},{"id":1,"parent":0}]}}`, "no root"},
	} {
		_, err := CreditGroup(c.method, readGroup(t, c.text), nil)
		if err == nil || !strings.Contains(err.Error(), c.complaint) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %s: error %v, want %q in it", c.method, c.text, err, c.complaint)
		}
	}
	in := readGroup(t, lineGroup)
	in.Responses[1].Focus[0] = math.NaN()
	if _, err := CreditGroup("attnpo", in, nil); err == nil || !strings.Contains(err.Error(), "response 1: the focus of step 0 is NaN") {
		t.Errorf("NaN focus: %v", err)
	}
	for name, h := range map[string]hyper.Values{
		`no hyper-parameter "delta"`: {"delta": 4},
		"kappa is NaN":               {"kappa": math.NaN()},
		"kappa is +Inf":              {"kappa": math.Inf(1)},
		"positive is 0.5":            {"positive": 0.5},
	} {
		if _, err := CreditGroup("attnpo", readGroup(t, lineGroup), h); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: error %v, want %q in it", h, err, name)
		}
	}
}

// Whatever the JSON holds, the answer is a result that can be printed or one
// sentence.
func FuzzCredit(f *testing.F) {
	for _, method := range hyper.Sampling {
		f.Add(method, lineGroup)
		f.Add(method, treeGroup)
	}
	f.Fuzz(func(t *testing.T, method, text string) {
		var in GroupInput
		if json.Unmarshal([]byte(text), &in) != nil {
			return
		}
		out, err := CreditGroup(method, in, nil)
		if err != nil {
			return
		}
		if _, err := json.Marshal(out); err != nil {
			t.Error(err)
		}
	})
}
