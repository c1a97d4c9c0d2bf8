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
	in, err := ReadGroup(GRPO, []byte(text)) // which needs the fewest keys
	if err != nil {
		t.Fatal(err)
	}
	for i := range in.Responses { // a score for every token, for methods that weigh tokens
		for t := range max(0, min(in.Responses[i].Length, 100)) {
			in.Responses[i].TokenScores = append(in.Responses[i].TokenScores, float64(37*t%101))
		}
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

func credit(t *testing.T, method, text string, change map[string]string) GroupOutput {
	t.Helper()
	m := methodOf(t, method)
	out, err := CreditGroup(m, readGroup(t, text), set(t, m, hyper.Values{}, change))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// likeATTNPO makes TLMRE what ATTNPO is without its rescaling.
var likeATTNPO = map[string]string{"alpha": "0.2", "whiten": "off"}

// trees and groupMethods are the methods that credit trees and groups.
func trees() []Method        { return With(Methods, "initial") }
func groupMethods() []Method { return With(Methods, "group") }

func TestCreditTree(t *testing.T) {
	for _, method := range Names(trees()) {
		out := credit(t, method, treeGroup, nil)
		near.Want(t, method, out.NodeAdvantages, []float64{0, .19245, .83333, -1.16667, .83333, 0}, 5e-6)
		near.Want(t, method, out.Rewards, []float64{1, 0, 1, 0}, 0)
		near.Want(t, method, out.Advantages, []float64{.83333, -1.16667, .83333, 0}, 5e-6)
		if !out.Valid || out.Nodes[5].Trained {
			t.Errorf("%s: %+v", method, out)
		}
		kept := credit(t, method, treeGroup, map[string]string{"unbranched": "keep"})
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
	tlmre := credit(t, "tlmre", lineGroup, likeATTNPO)
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
	tlmre, grpo := credit(t, "tlmre", lineGroup, likeATTNPO), credit(t, "grpo", lineGroup, nil)
	same("attnpo without attenuation", credit(t, "attnpo", lineGroup, map[string]string{"positive": "off", "negative": "off"}), tlmre)
	same("attnpo with a floor of 1", credit(t, "attnpo", lineGroup, map[string]string{"floor": "1", "negative": "off"}), tlmre)
	same("dapo without overlong shaping", credit(t, "dapo", lineGroup, map[string]string{"overlong-buffer": "0"}), grpo)
	same("grpo without std", credit(t, "grpo", lineGroup, map[string]string{"std": "off"}), credit(t, "drgrpo", lineGroup, nil))
	same("rearl without revisions and extra rewards",
		credit(t, "rearl", lineGroup, map[string]string{"revise": "off", "length-weight": "0", "reflection-weight": "0", "std": "population", "std-epsilon": "0.000001"}), grpo)

	flat := credit(t, "tlmre", lineGroup, map[string]string{"alpha": "0"})
	near.Want(t, "tlmre with α = 0 rewards as grpo", flat.Rewards, grpo.Rewards, 0)
}

func TestCreditGroupsOfOneOutcome(t *testing.T) {
	for _, correct := range []string{"true", "false"} {
		text := `{"responses":[{"length":9,"correct":C},{"length":9,"correct":C},{"length":9,"correct":C}]}`
		for _, method := range Names(groupMethods()) {
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
	for _, method := range Names(groupMethods()) {
		a, err1 := CreditGroup(methodOf(t, method), in, nil)
		b, err2 := CreditGroup(methodOf(t, method), swapped, nil)
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
	for _, method := range Names(Crediting()) {
		text := lineGroup
		if methodOf(t, method).Takes.Tree {
			text = treeGroup
		}
		in := readGroup(t, text)
		out, err := CreditGroup(methodOf(t, method), in, nil)
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
		{"sft", `{}`, `method "sft"`},
		{"grpo", `{}`, "0 responses"},
		{"grpo", `{"responses":[` + one + `]}`, "1 responses"},
		{"grpo", `{"responses":[` + one + `,{"length":-1,"correct":false}]}`, "response 1: length is -1"},
		{"grpo", `{"responses":[` + one + `,{"length":1000000000000,"correct":false}]}`, "length is 1000000000000"},
		{"grpo", `{"prompt_length":-2,"responses":[` + one + `,` + one + `]}`, "prompt_length is -2"},
		{"attnpo", `{"step":-2,"responses":[` + one + `,` + one + `]}`, "step is -2"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"correct":false,"answer_tokens":10}]}`, "answer_tokens is 10"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"correct":false,"step_ranges":[[0,9]]}]}`, "0 focus scores for 1 step ranges"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"correct":false,"focus":[-1],"step_ranges":[[0,9]]}]}`, "focus of step 0 is -1"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"correct":false,"focus":[1],"step_ranges":[[0,10]]}]}`, "range [0, 10)"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"correct":false,"focus":[1],"answer_tokens":3,"step_ranges":[[0,7]]}]}`, "range [0, 7)"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"correct":false,"focus":[1],"step_ranges":[[-1,7]]}]}`, "range [-1, 7)"},
		{"attnpo", `{"responses":[` + one + `,{"length":9,"correct":false,"focus":[1],"step_ranges":[[4,4]]}]}`, "range [4, 4)"},
		{"grpo", `{"responses":[` + one + `,{"length":9,"correct":false,"step_ranges":[[0,5],[4,7]]}]}`, "step 1 starts at 4, before step 0 ends at 5"},
		{"rearl", `{"responses":[` + one + `,` + one + `],"revisions":[` + one + `]}`, "1 revisions of 2 responses"},
		{"rearl", `{"responses":[` + one + `,` + one + `],"revisions":[` + one + `,{"length":3,"correct":false,"think_tokens":4}]}`, "revision 1: think_tokens is 4"},
		{"rearl", `{"responses":[` + one + `,{"length":3,"correct":false,"reflections":-1}]}`, "reflections is -1"},
		{"treerl", `{"responses":[` + one + `,` + one + `]}`, "no tree"},
		{"attnrl", `{"tree":{}}`, "no root"},
		{"attnrl", `{"tree":{"nodes":[{"id":0,"parent":-1},{"id":1,"parent":0,"reward":1}]}}`, "one leaf"},
		{"attnrl", `{"tree":{"nodes":[{"id":0,"parent":1},{"id":1,"parent":0}]}}`, "no root"},
	} {
		_, err := CreditGroup(methodOf(t, c.method), readGroup(t, c.text), nil)
		if err == nil || !strings.Contains(err.Error(), c.complaint) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %s: error %v, want %q in it", c.method, c.text, err, c.complaint)
		}
	}
	in := readGroup(t, lineGroup)
	in.Responses[1].Focus[0] = math.NaN()
	if _, err := CreditGroup(ATTNPO, in, nil); err == nil || !strings.Contains(err.Error(), "response 1: the focus of step 0 is NaN") {
		t.Errorf("NaN focus: %v", err)
	}
	for name, h := range map[string]hyper.Values{
		`no hyper-parameter "delta"`: {"delta": hyper.Number(4)},
		"kappa is NaN":               {"kappa": hyper.Number(math.NaN())},
		"kappa is +Inf":              {"kappa": hyper.Number(math.Inf(1))},
		`positive is "0.5"`:          {"positive": hyper.Number(0.5)},
		`kappa is "on"`:              {"kappa": hyper.Choice("on")},
	} {
		if _, err := CreditGroup(ATTNPO, readGroup(t, lineGroup), h); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: error %v, want %q in it", h, err, name)
		}
	}
}

// Whatever the JSON holds, the answer is a result that can be printed or one
// sentence.
func FuzzCredit(f *testing.F) {
	for _, method := range Names(Crediting()) {
		f.Add(method, lineGroup)
		f.Add(method, treeGroup)
	}
	f.Fuzz(func(t *testing.T, method, text string) {
		m, err := MethodOf(method)
		if err != nil {
			return
		}
		in, err := ReadGroup(m, []byte(text))
		if err != nil {
			return
		}
		out, err := CreditGroup(m, in, nil)
		if err != nil {
			return
		}
		if _, err := json.Marshal(out); err != nil {
			t.Error(err)
		}
	})
}

// Fault A13: a misspelt key is refused by name, at every level; it used to count as 0 or false.
func TestMisspeltKeysAreRefused(t *testing.T) {
	for text, complaint := range map[string]string{
		`{"respones":[]}`:                    "\"respones\"",
		`{"prompt_lenght":3,"responses":[]}`: "\"prompt_lenght\"",
		`{"responses":[{"length":9,"corect":true},{"length":8,"correct":false}]}`: "\"corect\"",
		`{"responses":[{"length":9,"correct":false}],"revisions":[{"lenght":9}]}`: "\"lenght\"",
		`{"tree":{"node":[]}}`: "\"node\"",
		`{"tree":{"nodes":[{"id":0,"parent":-1},{"id":1,"perent":0}]}}`:        "\"perent\"",
		`{"responses":[{"length":9,"correct":false,"step_ranges":[[0,4,9]]}]}`: "has 3 numbers",
		`{"responses":[{"length":9,"correct":false,"step_ranges":[[0]]}]}`:     "has 1 numbers",
		`{"responses":[]} {"responses":[]}`:                                    "more after",
		`{"responses":[{"length":"9"}]}`:                                       "cannot be read as JSON",
		`[]`:                                                                   "cannot be read as JSON",
	} {
		if _, err := ReadGroup(GRPO, []byte(text)); err == nil || !strings.Contains(err.Error(), complaint) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q in it", text, err, complaint)
		}
	}
}

// What a group does not say is refused by name and not filled in: missing keys that the method needs, null, a key that
// appears twice, and a key in another case.
func TestGapsInAGroupAreRefused(t *testing.T) {
	for _, m := range []Method{GRPO, REARL} {
		if _, err := ReadGroup(m, []byte(lineGroup)); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
	whole := `{"prompt_length":3,"step":1,"responses":[{"length":9,"correct":true,"answer_tokens":1,"focus":[0.1],"step_ranges":[[0,5]]}]}`
	if _, err := ReadGroup(ATTNPO, []byte("\ufeff"+whole)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method    Method
		old, new  string
		complaint string
	}{
		{GRPO, `"length":9,`, ``, `responses[0] has no "length"`},
		{GRPO, `"correct":true,`, ``, `responses[0] has no "correct"`},
		{ATTNPO, `"step":1,`, ``, `the group has no "step"`},
		{ATTNPO, `"prompt_length":3,`, ``, `the group has no "prompt_length"`},
		{ATTNPO, `"answer_tokens":1,`, ``, `responses[0] has no "answer_tokens"`},
		{ATTNPO, `"focus":[0.1],`, ``, `responses[0] has no "focus"`},
		{ATTNPO, `,"step_ranges":[[0,5]]`, ``, `responses[0] has no "step_ranges"`},
		{GRPO, `true`, `null`, "responses[0].correct is null"},
		{GRPO, `"prompt_length":3`, `"prompt_length":null`, "prompt_length is null"},
		{GRPO, `[0.1]`, `[null]`, "responses[0].focus[0] is null"},
		{GRPO, `[0,5]`, `[null,5]`, "responses[0].step_ranges[0][0] is null"},
		{GRPO, `[{`, `[null,{`, "responses[0] is null"},
		{GRPO, `"focus"`, `"Focus":[0.2],"focus"`, `"Focus"`},
		{GRPO, `"length"`, `"LENGTH"`, `"LENGTH"; write it in lower case, "length"`},
		{GRPO, `"step":1`, `"Step":1`, `"Step"`},
		{GRPO, `"step":1`, `"step":1,"step":2`, `"step" twice`},
		{GRPO, `"length":9`, `"length":9,"length":8`, `"length" twice`},
		{GRPO, whole, ` `, "the group is empty"},
		{GRPO, whole, `null`, "the group is null"},
		{TreeRL, whole, `{"tree":{"nodes":[{"id":0}]}}`, `tree.nodes[0] has no "parent"`},
	} {
		if _, err := ReadGroup(c.method, []byte(strings.Replace(whole, c.old, c.new, 1))); err == nil || !strings.Contains(err.Error(), c.complaint) {
			t.Errorf("%s, %s for %s: error %v, want %q in it", c.method.Name, c.new, c.old, err, c.complaint)
		}
	}
	// The two documented defaults: null marks a node that is no leaf, and think_tokens may be left out.
	if _, err := ReadGroup(TreeRL, []byte(treeGroup)); err != nil {
		t.Error(err)
	}
}

// Fault A8: hyper-parameters that contradict each other are refused, with both numbers.
func TestContradictionsAreRefused(t *testing.T) {
	for _, c := range []struct {
		method string
		change map[string]string
		limits hyper.Limits
		first  string
		second string
	}{
		{"dapo", map[string]string{"max-length": "192"}, hyper.Limits{}, "overlong-buffer is 4096", "max-length is 192"},
		{"dapo", map[string]string{"max-length": "4096"}, hyper.Limits{}, "overlong-buffer is 4096", "max-length is 4096"},
		{"dapo", nil, hyper.Limits{Context: 256}, "max-length is 20480", "holds 256"},
		{"dapo", map[string]string{"dual-clip": "0.5"}, hyper.Limits{}, "dual-clip is 0.5", "1"},
		{"drgrpo", nil, hyper.Limits{Context: 256}, "max-length is 3000", "holds 256"},
		{"treerl", map[string]string{"points": "0"}, hyper.Limits{}, "points is 0", "unbranched is drop"},
		{"treerl", map[string]string{"spacing": "512", "max-length": "192"}, hyper.Limits{}, "spacing is 512", "max-length is 192"},
		{"attnrl", map[string]string{"valid": "100000"}, hyper.Limits{}, "valid is 100000", "have 15360"},
		{"attnpo", map[string]string{"heads": "16"}, hyper.Limits{Heads: 12}, "heads is 16", "has 12"},
		{"rearl", map[string]string{"revision-tokens": "256", "max-length": "192"}, hyper.Limits{}, "revision-tokens is 256", "max-length is 192"},
	} {
		m := methodOf(t, c.method)
		err := m.Check(paper(t, c.method, c.change), c.limits)
		if err == nil || !strings.Contains(err.Error(), c.first) || !strings.Contains(err.Error(), c.second) {
			t.Errorf("%s %v: error %v, want %q and %q in it", c.method, c.change, err, c.first, c.second)
		}
	}
	// "credit --method dapo --max-length 192"
	if _, err := CreditGroup(DAPO, readGroup(t, lineGroup), hyper.Values{"max-length": hyper.Number(192)}); err == nil {
		t.Error("credit takes a buffer of 4096 tokens before a limit of 192")
	}
	for _, m := range Methods {
		for _, h := range []hyper.Values{m.Params.Paper(), m.Params.Lab()} {
			if err := m.Check(h, hyper.Limits{}); err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
		}
		if err := m.Check(m.Params.Lab(), hyper.Limits{Context: 256, Heads: 6}); err != nil {
			t.Errorf("%s in the lab: %v", m.Name, err)
		}
	}
}
