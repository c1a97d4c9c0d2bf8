package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

func TestEval(t *testing.T) {
	dump := filepath.Join(t.TempDir(), "traces.jsonl")
	var v map[string]any
	document(t, &v, "", "eval", "--model", parrot, "--problems", "40", "--dump", dump)
	has(t, v, "problems", "accuracy", "well_formed", "think_tokens", "steps", "labels.essential", "labels.redundant", "labels.correcting",
		"labels.wrong", "labels.malformed", "by_difficulty.difficulty", "by_difficulty.problems", "by_difficulty.accuracy", "by_difficulty.think_tokens")
	if v["problems"] != 40.0 || v["well_formed"] != 1.0 || math.Abs(v["think_tokens"].(float64)-4*v["steps"].(float64)) > 1e-9 {
		t.Errorf("eval says %v", v)
	}
	data, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	right, lines := 0, strings.Split(strings.TrimSpace(string(data)), "\n")
	for _, line := range lines {
		var d map[string]any
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		has(t, d, "prompt", "response", "gold", "correct", "well_formed", "steps.start", "steps.end", "steps.text", "steps.label")
		if d["correct"] == true {
			right++
		}
		if !strings.HasSuffix(d["response"].(string), "</think> # 9 <eos>") || d["correct"] != (d["gold"] == "9") {
			t.Errorf("the dump says %s", line)
		}
	}
	if len(lines) != 40 || v["accuracy"] != float64(right)/40 {
		t.Errorf("%d of %d dumped responses are correct, the accuracy is %v", right, len(lines), v["accuracy"])
	}
}

// Evaluation, probing and disruption have one cap on the length of a response, and name it.
func TestLongestResponse(t *testing.T) {
	most := parrotConfig(t).MaxContext - 1 // the document records the cap that holds
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"eval", "--problems", "60", "--max-length", "1000000"}, most}, {[]string{"heads", "--problems", "60", "--max-length", "9999"}, most},
		{[]string{"disrupt", "--problems", "60", "--pick", "random", "--max-length", "9999"}, most},
		{[]string{"eval", "--problems", "60"}, examine.Longest()}, {[]string{"eval", "--problems", "60", "--max-length", "12"}, 12},
		{[]string{"heads", "--problems", "60"}, examine.Longest()}, {[]string{"disrupt", "--problems", "60", "--pick", "random"}, examine.Longest()},
	} {
		var e struct {
			Longest     int     `json:"max_length"`
			ThinkTokens float64 `json:"think_tokens"`
			Generated   int     `json:"generated_tokens"`
			Measured    struct {
				Longest *int `json:"max_length"`
			} `json:"measured"`
		}
		document(t, &e, "", append(c.args, "--model", parrot)...)
		if m := e.Measured.Longest; m != nil && *m != c.want {
			t.Errorf("%v: measured records the longest response %d, want %d", c.args, *m, c.want)
		}
		if e.Longest != c.want || e.Generated > 60*c.want {
			t.Errorf("%v: longest response %d, want %d; %d tokens in 60 responses", c.args, e.Longest, c.want, e.Generated)
		}
	}
	if code, _, _ := call("", "eval", "--max-length", "0"); code != 2 {
		t.Errorf("--max-length 0 exits with %d", code)
	}
}

// The numbers of a document for people are the same as those for programs.
func TestText(t *testing.T) {
	for _, test := range []struct {
		args  string
		stdin string
		says  string
	}{
		{"eval --problems 5 --model " + parrot, "", `well-formed +1\.000`},
		{"trace --model " + parrot, "", `(?m)^\S+ +\S+ +(wrong|correct) +</think> # 9 <eos>$|the right answer is`},
		{"heads --problems 40 --model " + parrot, "", `\d correct of 40 responses`},
		{"disrupt --problems 60 --model " + parrot, "", `FCI +1\.000 +1\.000 ± 0\.000 +0\.000 ± 0\.000`},
		{"logits --tokens 11 --model " + parrot, "", `"<think>" +"so" `},
		{"credit --method grpo --group -", group, `(?m)^0 +1\.0000 +1\.0000 `},
		{"credit --method treerl --group -", tree, `(?m)^0 +-1 +2 +0\.5000`},
		{"doctor", "", `(?m)^gate_up_fwd_8x8 +ok `},
		{"bench --filter ^decode-pico$", "", `(?m)^decode-pico +host `},
	} {
		code, stdout, stderr := call(test.stdin, append(strings.Fields(test.args), "--backend", "host")...)
		if code != 0 || !regexp.MustCompile(test.says).MatchString(stdout) {
			t.Errorf("attnlab %s: exit status %d, %s\n%s\ndoes not match %s", test.args, code, stderr, stdout, test.says)
		}
	}
}

func TestTrace(t *testing.T) {
	var d struct {
		Tokens, Text    []any
		PromptLength    int `json:"prompt_length"`
		Think, Answer   span
		LogProbs        []float64
		Entropy         []float64
		Correct         bool
		Gold            string
		Steps           []step
		FCI             []float64
		FCIHeads        [][][]float64 `json:"fci_heads"`
		Focus           [][][]float64
		Delta           int
		StepAttention   [][][][]float64 `json:"step_attention"`
		AnswerAttention [][][]float64   `json:"answer_attention"`
	}
	document(t, &d, "", "trace", "--model", parrot, "--attention", "--seed", "1", "--prompt", "k 8 ; o 4 ; b &k * &o ; j &b + &o ; ? j")
	T, K := len(d.Tokens), len(d.Steps)
	if K < 5 || d.Gold != "6" || d.Delta != 2 || d.Correct || d.Answer.End != T || d.Think.Start != d.PromptLength || d.Think.End+1 != d.Answer.Start {
		t.Fatalf("the trace is %+v", d)
	}
	if len(d.Text) != T || len(d.LogProbs) != T || len(d.Entropy) != T || len(d.FCI) != K || len(d.FCIHeads) != 2 || len(d.Focus[1]) != 4 || len(d.Focus[1][3]) != K {
		t.Errorf("the shapes of %d tokens and %d steps are wrong: %+v", T, K, d)
	}
	// The scores follow from the attention that is printed.
	for l := range d.StepAttention {
		for h := range d.StepAttention[l] {
			for k := range K {
				y := 0.0
				if k > 0 && k+d.Delta <= K {
					y = d.AnswerAttention[l][h][k]
				}
				for j := k + d.Delta; j < K && k > 0; j++ {
					y += d.StepAttention[l][h][j][k]
				}
				focus := float64(d.Answer.End-d.Answer.Start) * d.AnswerAttention[l][h][k]
				if math.Abs(d.FCIHeads[l][h][k]-y) > 1e-9 || math.Abs(d.Focus[l][h][k]-focus) > 1e-9 || d.FCI[k] < y-1e-9 {
					t.Errorf("L%d·H%d step %d: FCI %g, want %g; focus %g, want %g; maximum %g", l, h, k, d.FCIHeads[l][h][k], y, d.Focus[l][h][k], focus, d.FCI[k])
				}
			}
		}
	}

	// Every score of the table is there, a new one by its value alone.
	all := score.Scores
	score.Scores = append(slices.Clone(all), score.Score{Name: "length", Symbol: "|s|", Title: "tokens of the step", Meaning: "-", Formula: "|s|",
		Of: func(in score.Input) (v score.Values) {
			for _, s := range in.Steps {
				v.Steps = append(v.Steps, float64(s[1]-s[0]))
			}
			return v
		},
		Sum: func(score.Input, score.Head, int) []score.Term { return []score.Term{{}} }})
	defer func() { score.Scores = all }()
	var scored struct{ Scores []stepScore }
	document(t, &scored, "", "trace", "--model", parrot, "--seed", "1", "--prompt", "k 8 ; o 4 ; b &k * &o ; j &b + &o ; ? j")
	if len(scored.Scores) != len(score.Scores) {
		t.Fatalf("%d scores, the table has %d", len(scored.Scores), len(score.Scores))
	}
	for i, s := range scored.Scores {
		if s.Name != score.Scores[i].Name || len(s.Steps) != K || s.Name == "position" && s.Position != 1 || s.Name == "length" && s.Steps[1] != stat.Number(d.Steps[1].End-d.Steps[1].Start) {
			t.Errorf("score %+v", s)
		}
	}
	if code, _, stderr := call("", "trace", "--scores", "width"); code != 2 || !strings.Contains(stderr, "length") {
		t.Errorf("an unknown score: exit %d, %s", code, stderr)
	}

	var greedy map[string]any
	document(t, &greedy, "", "trace", "--model", parrot, "--greedy", "--prompt", "k 8 ; o 4 ; b &k * &o ; ? b")
	if _, there := greedy["step_attention"]; there {
		t.Error("step_attention is there without --attention")
	}
	var first map[string]any
	dump := filepath.Join(t.TempDir(), "one")
	document(t, &first, "", "eval", "--problems", "1", "--seed", "8", "--model", parrot, "--dump", dump)
	var same struct{ Text []string }
	document(t, &same, "", "trace", "--seed", "8", "--model", parrot)
	data, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	var line dumpLine
	if err := json.Unmarshal(data, &line); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(strings.Fields(strings.Join(same.Text, " ")), " "), strings.Join(strings.Fields(line.Prompt+" "+line.Response), " "); got != want {
		t.Errorf("trace writes %q, the first of eval is %q", got, want)
	}
}

func TestHeads(t *testing.T) {
	var v map[string]any
	document(t, &v, "", "heads", "--model", parrot, "--problems", "60")
	has(t, v, "heads.layer", "heads.head", "heads.sra", "heads.pairs", "heads.kurtosis", "heads.mean_fci", "heads.sra_low", "heads.sra_high", "key_focus", "position.sra", "position.sra_low", "position.sra_high", "position.responses")
	if len(v["heads"].([]any)) != 8 || v["problems"] != 60.0 || v["correct"].(float64) < 1 {
		t.Errorf("heads says %v", v)
	}
	nan := math.NaN()
	scores := examine.HeadScores{SRA: [][]float64{{0.5, nan}, {0.9, 0.7}}, Pairs: 3, Kurtosis: [][]float64{{1, nan}, {2, 3}}, MeanFCI: [][]float64{{0, 1}, {2, nan}},
		SRAInterval: [][]stat.Interval{{{Low: 0.4, High: 0.6}, {Low: nan, High: nan}}, {{Low: 0.8, High: 1}, {Low: 0.6, High: 0.8}}},
		Ranked:      2, Position: 0.8, PositionIn: stat.Interval{Low: 0.7, High: 0.9}}
	got, err := json.Marshal(newHeadsDocument(scores, 2))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"heads":[{"layer":0,"head":0,"sra":0.5,"pairs":3,"kurtosis":1,"mean_fci":0,"sra_low":0.4,"sra_high":0.6},{"layer":0,"head":1,"sra":null,"pairs":3,"kurtosis":null,"mean_fci":1,"sra_low":null,"sra_high":null},` +
		`{"layer":1,"head":0,"sra":0.9,"pairs":3,"kurtosis":2,"mean_fci":2,"sra_low":0.8,"sra_high":1},{"layer":1,"head":1,"sra":0.7,"pairs":3,"kurtosis":3,"mean_fci":null,"sra_low":0.6,"sra_high":0.8}],` +
		`"key_focus":[{"layer":1,"head":0},{"layer":1,"head":1}],"position":{"sra":0.8,"responses":2,"sra_low":0.7,"sra_high":0.9},"problems":0,"correct":0,"delta":0,"max_length":0}`
	if string(got) != want {
		t.Errorf("heads are %s, want %s", got, want)
	}
	for i := range scores.SRA {
		scores.SRA[i] = []float64{nan, nan}
	}
	if d := newHeadsDocument(scores, 2); d.KeyFocus == nil || len(d.KeyFocus) != 0 {
		t.Errorf("without pairs the key-focus heads are %v", d.KeyFocus)
	}
}

func TestDisrupt(t *testing.T) {
	for pick, want := range map[string][]score.StepChoice{"fci": {"fci", "other"}, "entropy": {"entropy", "other"}, "random": {"random"}} {
		var v map[string]any
		document(t, &v, "", "disrupt", "--model", parrot, "--problems", "60", "--pick", pick)
		has(t, v, "baseline", "groups.pick", "groups.accuracy", "groups.problems", "groups.standard_error")
		if v["baseline"] != 1.0 || len(v["groups"].([]any)) != len(want) {
			t.Fatalf("disrupt says %v", v)
		}
		for i, g := range v["groups"].([]any) {
			if g.(map[string]any)["pick"] != string(want[i]) {
				t.Errorf("group %d of --pick %s is %v", i, pick, g)
			}
		}
	}
}

func TestLogits(t *testing.T) {
	var v logitsDocument
	document(t, &v, "", "logits", "--model", parrot, "--tokens", "1, 11,13")
	if !slices.Equal(v.Tokens, []int{1, 11, 13}) || len(v.Logits) != 3 || len(v.Logits[0]) != 58 {
		t.Fatalf("%d rows of %d logits for tokens %v", len(v.Logits), len(v.Logits[0]), v.Tokens)
	}
	if best := slices.Index(v.Logits[1], slices.Max(v.Logits[1])); best != 14 {
		t.Errorf("after <think> comes token %d, want 14 (so)", best)
	}
}

// Weights that are finite can still overflow: that is an error, not a document with holes.
func TestNotFinite(t *testing.T) {
	c, err := hf.Load(parrot)
	if err != nil {
		t.Fatal(err)
	}
	head := c.Config.Param("lm_head")
	for i := range head.Size() {
		c.Weights[head.Offset+i] = 3e38
	}
	dir := t.TempDir()
	if err := c.Save(dir); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := call("", "logits", "--json", "--backend", "host", "--tokens", "1,2", "--model", dir)
	if code != 1 || stdout != "" || !strings.Contains(stderr, "not finite") {
		t.Errorf("exit status %d, %q, %q", code, stdout, stderr)
	}
}

const (
	group = `{"prompt_length":12,"step":2000,"responses":[
		{"length":90,"correct":true,"answer_tokens":9,"focus":[0.2,0.05],"step_ranges":[[0,30],[30,81]]},
		{"length":40,"correct":false,"answer_tokens":4,"focus":[0.1],"step_ranges":[[0,30]]}]}`
	tree = `{"tree":{"nodes":[{"id":0,"parent":-1,"tree":-1,"start":0,"end":0,"reward":null},
		{"id":1,"parent":0,"tree":0,"start":0,"end":5,"reward":null},
		{"id":2,"parent":1,"tree":0,"start":5,"end":9,"reward":1},{"id":3,"parent":1,"tree":0,"start":5,"end":8,"reward":0}]}}`
)

func TestCredit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "group.json")
	if err := os.WriteFile(file, []byte(group), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, method := range rl.Names(rl.Crediting()) {
		stdin := group
		if method == "treerl" || method == "attnrl" {
			stdin = tree
		}
		if method == "forking" || method == "anchors" || method == "vineppo" || method == "oar" || method == "flowtracer" { // a score for each token
			scores := func(n int) string {
				return `"token_scores":[1` + strings.Repeat(",0.5", n-1) + `],"length":` + strconv.Itoa(n)
			}
			stdin = strings.NewReplacer(`"length":90`, scores(90), `"length":40`, scores(40)).Replace(group)
		}
		var v map[string]any
		document(t, &v, stdin, "credit", "--method", method, "--group", "-")
		has(t, v, "rewards", "advantages", "step_scale", "baseline_score", "node_advantages")
		if len(v["rewards"].([]any)) != 2 {
			t.Errorf("%s pays %v", method, v["rewards"])
		}
	}
	var grpo, kinder map[string]any
	document(t, &grpo, "", "credit", "--method", "grpo", "--group", file)
	document(t, &kinder, "", "credit", "--method", "tlmre", "--group", file, "--alpha", "0.5")
	if grpo["rewards"].([]any)[0] != 1.0 || kinder["rewards"].([]any)[0] != 0.75 {
		t.Errorf("rewards are %v and %v, want 1 and 0.75", grpo["rewards"], kinder["rewards"])
	}
	// Hyper-parameters of another method, and those that contradict each other, are wrong usage.
	for _, args := range []string{"grpo --alpha 0.5", "dapo --max-length 192", "treerl --points 0"} {
		list := append([]string{"credit", "--group", "-", "--method"}, strings.Fields(args)...)
		if code, _, stderr := call(group, list...); code != 2 || !strings.Contains(stderr, strings.TrimPrefix(list[5], "--")+" ") && !strings.Contains(stderr, `"alpha"`) {
			t.Errorf("credit --method %s: exit status %d, %s", args, code, stderr)
		}
	}
}

func TestDoctor(t *testing.T) {
	var v map[string]any
	document(t, &v, "", "doctor")
	has(t, v, "adapter.name", "adapter.backend", "adapter.vendor", "adapter.software", "adapters", "features", "limits.maxBufferSize",
		"kernels.name", "kernels.ok", "kernels.max_error", "kernels.ms", "chosen.backend", "chosen.why")
	for _, k := range v["kernels"].([]any) {
		if k.(map[string]any)["ok"] != true {
			t.Errorf("kernel %v", k)
		}
	}
	has(t, v, "race.sampling.host", "race.sampling.webgpu", "race.training.host", "race.training.webgpu")
	for name, row := range v["race"].(map[string]any) {
		if r := row.(map[string]any); !(r["host"].(float64) > 0) || r["webgpu"] != nil {
			t.Errorf("%s of the host alone is %v", name, r)
		}
	}
	if v["chosen"].(map[string]any)["backend"] != "host" {
		t.Errorf("chosen is %v", v["chosen"])
	}
	has(t, v, "decoding.path", "decoding.why", "decoding.tokens_per_dispatch")
	if p := v["decoding"].(map[string]any)["path"]; p != "kernels" {
		t.Errorf("the host decodes by path %v", p)
	}
	if p, ok := v["products"].([]any); !ok || len(p) != 0 { // the host has one way to compute them
		t.Errorf("products is %v", v["products"])
	}
}

// A kernel that computes something else than its twin is found out, and makes the exit status 1.
func TestDoctorFindsWrongKernels(t *testing.T) {
	c := kernelCases(1, gpu.OpenHost())[:1]
	wrong := gpu.New("wrong", gpu.WGSL(""), []gpu.Binding{gpu.Out("y")}, func(struct{ N uint32 }) gpu.Groups { return gpu.Groups{1, 1, 1} },
		func(_ struct{ N uint32 }, a gpu.Args[float32]) { a.F(0)[0] = 1 },
		func(_ struct{ N uint32 }, a gpu.Args[float64]) { a.F(0)[0] = 2 })
	c = append(c, gpu.Case{Name: "one word", Kernel: wrong, Params: struct{ N uint32 }{1}, Buffers: []any{gpu.NaNs(1)}})
	tests, err := testKernels(context.Background(), gpu.OpenHost(), c, (&console{stderr: &bytes.Buffer{}}).progress(""))
	if err != nil {
		t.Fatal(err)
	}
	if len(tests) != 2 || !tests[0].OK || tests[1].OK || tests[1].MaxError != 1 || !strings.Contains(tests[1].Problem, "y[0] = 1, want 2") {
		t.Errorf("tests are %+v", tests)
	}
}

func TestBench(t *testing.T) {
	var v []any
	document(t, &v, "", "bench", "--filter", "^(train|decode)-pico$")
	has(t, v, "name", "shape", "backend", "adapter", "median_ms", "min_ms", "max_ms", "tokens_per_second", "dispatches", "submits", "readbacks")
	if len(v) != 2 {
		t.Fatalf("rows are %v", v)
	}
	train, decode := v[0].(map[string]any), v[1].(map[string]any)
	if train["submits"] != 1.0 || train["backend"] != "host" || train["median_ms"].(float64) <= 0 {
		t.Errorf("a training step is %v", train)
	}
	if decode["readbacks"].(float64) > 1./16 {
		t.Errorf("decoding is %v", decode)
	}
}

func TestPretrain(t *testing.T) {
	out := filepath.Join(t.TempDir(), "base")
	args := []string{"pretrain", "--preset", "tiny", "--tokens", "256", "--out", out}
	var v rl.PretrainReport
	document(t, &v, "", append(args, "--steps", "2")...)
	if v.Step != 2 || v.Tokens == 0 || v.Loss < 1 || v.Rate == 0 || v.TokensPerSecond == 0 {
		t.Errorf("the last line is %+v", v)
	}
	document(t, &v, "", append(args, "--steps", "3", "--resume")...)
	if v.Step != 3 {
		t.Errorf("resumed, the last line is %+v", v)
	}
	lines, err := os.ReadFile(filepath.Join(out, "training.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(lines), "\n"); n != 2 {
		t.Errorf("training.jsonl has %d lines", n)
	}
	c, err := hf.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	if c.Train == nil || c.Train.Step != 3 || c.Tokenizer.Len() != 58 {
		t.Errorf("the checkpoint has the state %+v", c.Train)
	}
	var e map[string]any
	document(t, &e, "", "eval", "--problems", "2", "--difficulty", "2", "--model", out)
	if e["problems"] != 2.0 {
		t.Errorf("the pretrained model gives %v", e)
	}
}

// Saving on the way does not stop the training.
func TestPretrainSaves(t *testing.T) {
	defer func(d time.Duration) { saveEvery = d }(saveEvery)
	saveEvery = 0
	var v rl.PretrainReport
	document(t, &v, "", "pretrain", "--preset", "tiny", "--tokens", "256", "--steps", "41", "--out", filepath.Join(t.TempDir(), "base"))
	if v.Step != 41 {
		t.Errorf("it ended after step %d of 41", v.Step)
	}
}

// Ctrl-C ends work with exit status 1 and keeps what there is.
func TestInterrupt(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	interrupted := func(args ...string) (code int, stdout, stderr string) {
		var out, errs bytes.Buffer
		code = run(ctx, append(args, "--backend", "host", "--json"), strings.NewReader(""), &out, &errs)
		return code, out.String(), errs.String()
	}
	out := filepath.Join(t.TempDir(), "base")
	for _, args := range [][]string{
		{"eval", "--model", parrot}, {"trace", "--model", parrot}, {"heads", "--model", parrot}, {"disrupt", "--model", parrot},
		{"doctor"}, {"bench", "--filter", "pico"}, {"pretrain", "--preset", "tiny", "--out", out},
	} {
		if code, _, stderr := interrupted(args...); code != 1 || !strings.Contains(stderr, "stopped after 0") {
			t.Errorf("%v: exit status %d, %s", args, code, stderr)
		}
	}
	if _, err := hf.Load(out); err != nil {
		t.Errorf("the interrupted training saved nothing: %v", err)
	}
}
