package handover

import (
	"context"
	"fmt"
	"math"
	"path"
	"strings"

	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/parquet"
	"attnlab/rl/runs"
)

// verlSettings are settings.json of a project for verl: what reward.py reads.
type verlSettings struct {
	Method   string         `json:"method"`
	Task     string         `json:"task"`
	FreeText bool           `json:"free_text"`
	Verifier string         `json:"verifier"`
	StepRule string         `json:"step_rule,omitempty"`
	Signed   bool           `json:"signed"` // a wrong response has -1
	Seed     runs.Seed      `json:"seed"`
	Steps    int            `json:"steps"`
	Hyper    hyper.Values   `json:"hyper"`
	Base     *runs.Identity `json:"base,omitempty"`
}

// forVerl adds the files of a project for verl: of AttnRL the problems, and how its authors' code takes them.
func forVerl(ctx context.Context, p Project, files map[string][]byte) error {
	parts, err := p.Task.parts(ctx, p.Seed, p.Steps*p.Values.Int(hyper.Problems.Name))
	if err != nil {
		return err
	}
	for name, problems := range parts {
		if name == "probe" { // nothing is found on them
			continue
		}
		files["problems/"+name+".jsonl"], files["problems/"+name+".parquet"] = lines(problems), p.conversations(name, problems)
	}
	if p.Method.Name == rl.AttnRL.Name {
		files["README.md"], err = p.attnrl()
		return err
	}
	verifier := "verifier_" + p.Task.Name
	files["settings.json"], err = indented(verlSettings{p.Method.Name, p.Task.Name, p.Task.free(), verifier, string(p.Task.StepRule), p.buffer() > 0, runs.Seed(p.Seed), p.Steps, p.Values, p.Base})
	if err != nil {
		return err
	}
	for name, folder := range map[string]string{"steps.py": "python", verifier + ".py": "python", "reward.py": "verl", "run.sh": "verl", "submit.sh": "verl", "slurm.sh": "verl", "requirements.txt": "verl"} {
		if files[name], err = scripts.ReadFile(path.Join(folder, name)); err != nil {
			return err
		}
	}
	if files["attnlab.yaml"], err = fill("verl/attnlab.yaml.tmpl", p.verl()); err == nil {
		files["README.md"], err = p.readme("verl/README.md.tmpl", "Not in the configuration:", p.verlRows(), p.verlLimits())
	}
	return err
}

// conversations are problems in verl's columns.
func (p Project) conversations(split string, problems []problem) []byte {
	var before []string // of the question
	if p.Task.System != "" {
		before = []string{p.Task.System}
	}
	return parquet.Marshal(len(problems), []parquet.Field{
		{Name: "data_source", Text: func(int, int) string { return "attnlab/" + p.Task.Name }},
		{Name: "prompt", Items: func(int) int { return len(before) + 1 }, Group: []parquet.Field{
			{Name: "role", Text: func(_, item int) string { return []string{"system", "user"}[item+1-len(before)] }},
			{Name: "content", Text: func(i, item int) string { return append(before, problems[i].Prompt)[item] }},
		}},
		{Name: "ability", Text: func(int, int) string { return p.Task.Name }},
		{Name: "reward_model", Group: []parquet.Field{
			{Name: "style", Text: func(int, int) string { return "rule" }},
			{Name: "ground_truth", Text: func(i, _ int) string { return problems[i].Answer }},
		}},
		{Name: "extra_info", Group: []parquet.Field{
			{Name: "id", Text: func(i, _ int) string { return problems[i].ID }},
			{Name: "split", Text: func(int, int) string { return split }},
			{Name: "index", Number: func(i, _ int) int64 { return int64(i) }},
			{Name: "prompt", Text: func(i, _ int) string { return problems[i].Prompt }},
			{Name: "difficulty", Number: func(i, _ int) int64 { return int64(problems[i].Difficulty) }},
		}},
	})
}

// buffer is L_cache of DAPO's overlong penalty, 0 where there is none.
func (p Project) buffer() int {
	if !p.Values.Has("overlong-buffer") {
		return 0
	}
	return p.Values.Int("overlong-buffer")
}

// verl are the values of attnlab.yaml.
func (p Project) verl() map[string]any {
	h := p.Values
	number := func(row hyper.Param) string { return floating(p.number(row)) }
	scale := "null"
	if p.choice(hyper.Aggregation) == "constant" {
		scale = h[hyper.MaxLength.Name].String()
	}
	orHuge := func(row hyper.Param) string { // 0 is off in the lab
		if p.number(row) == 0 {
			return "1.0e+9"
		}
		return number(row)
	}
	template, manager, penalty := "", "naive", ""
	if !p.Task.free() {
		template = "\n    custom_chat_template: \"{% for m in messages %}{{ m['content'] }}{% endfor %}\"  # the prompt is whole as it is"
	}
	if p.buffer() > 0 {
		manager = p.Method.Name // verl calls the one with the penalty after the method
		penalty = fmt.Sprintf("\n  reward_kwargs:\n    max_resp_len: %d\n    overlong_buffer_cfg: {enable: true, len: %d, penalty_factor: %s, log: false}",
			h.Int(hyper.MaxLength.Name), p.buffer(), floating(h.Number("overlong-factor")))
	}
	return map[string]any{
		"Title": p.Method.Title, "Method": p.Method.Name, "Model": p.Model, "ChatTemplate": template, "Seed": p.Seed, "Steps": p.Steps,
		"Problems": h.Int(hyper.Problems.Name), "Group": h.Int(hyper.Group.Name), "MaxLength": h.Int(hyper.MaxLength.Name), "Temperature": number(hyper.Temperature),
		"MiniBatch": h.Int(hyper.Problems.Name) / h.Int(hyper.MiniBatches.Name), "TokensPerGPU": max(16384, 4*(1024+h.Int(hyper.MaxLength.Name))),
		"ClipLow": number(hyper.ClipLow), "ClipHigh": number(hyper.ClipHigh), "DualClip": orHuge(hyper.DualClip), "Aggregation": verlLoss[p.choice(hyper.Aggregation)], "Scale": scale,
		"Entropy": number(hyper.Entropy), "UsesKL": p.number(hyper.KL) > 0, "KL": number(hyper.KL), "LearningRate": number(hyper.LearningRate), "WarmUp": h.Int(hyper.WarmUp.Name),
		"WeightDecay": number(hyper.WeightDecay), "Beta1": number(hyper.AdamBeta1), "Beta2": number(hyper.AdamBeta2), "Epsilon": number(hyper.AdamEpsilon), "Clip": orHuge(hyper.GradientClip),
		"LoRA": int(p.number(hyper.LoRA)), "LoRAAlpha": int(p.number(hyper.LoRAAlpha)), "DividesByStd": p.choice(hyper.Std) != "off",
		"Dynamic": h.Has("dynamic") && h.On("dynamic"), "Manager": manager, "RewardKwargs": penalty,
	}
}

// floating writes a number so that every reader of YAML takes it for one: 1e-06 is a text to some.
func floating(x float64) string {
	text := fmt.Sprint(x)
	if mantissa, exponent, ok := strings.Cut(text, "e"); ok && !strings.Contains(mantissa, ".") {
		return mantissa + ".0e" + exponent
	}
	if x == math.Trunc(x) && !strings.ContainsAny(text, "e.") {
		return text + ".0"
	}
	return text
}

// verlLoss is verl's loss_agg_mode for an aggregation.
var verlLoss = map[string]string{"token": "token-mean", "sequence": "seq-mean-token-mean", "constant": "seq-mean-token-sum-norm"}

func (p Project) verlRows() []mapped {
	return []mapped{
		{hyper.Problems, "data.train_batch_size", ""}, {hyper.Group, "rollout.n", ""},
		{hyper.MiniBatches, "actor.ppo_mini_batch_size", "problems by mini-batches"},
		{hyper.Temperature, "rollout.temperature", ""}, {hyper.MaxLength, "data.max_response_length", ""},
		{hyper.LearningRate, "actor.optim.lr", ""}, {hyper.WarmUp, "actor.optim.lr_warmup_steps", ""},
		{hyper.AdamBeta1, "actor.optim.betas[0]", ""}, {hyper.AdamBeta2, "actor.optim.betas[1]", ""}, {hyper.AdamEpsilon, "actor.optim.override_optimizer_config", ""},
		{hyper.WeightDecay, "actor.optim.weight_decay", ""}, {hyper.GradientClip, "actor.optim.clip_grad", "0 is off here, a large number there"},
		{hyper.ClipLow, "actor.clip_ratio_low", ""}, {hyper.ClipHigh, "actor.clip_ratio_high", ""}, {hyper.DualClip, "actor.clip_ratio_c", "0 is off here, a large number there"},
		{hyper.KL, "actor.kl_loss_coef", "low_var_kl is the k3 estimate"}, {hyper.Entropy, "actor.entropy_coeff", ""},
		{hyper.Aggregation, "actor.loss_agg_mode", "token-mean, seq-mean-token-mean, seq-mean-token-sum-norm"},
		{hyper.Std, "algorithm.norm_adv_by_std_in_grpo", ""}, {hyper.StdEpsilon, "1e-6, a constant", ""},
		{rl.DAPO.Params[rowOf(rl.DAPO, "dynamic")], "algorithm.filter_groups", ""},
		{rl.DAPO.Params[rowOf(rl.DAPO, "overlong-buffer")], "reward.reward_kwargs.overlong_buffer_cfg.len", ""},
		{rl.DAPO.Params[rowOf(rl.DAPO, "overlong-factor")], "reward.reward_kwargs.overlong_buffer_cfg.penalty_factor", ""},
		{hyper.LoRA, "model.lora_rank", ""}, {hyper.LoRAAlpha, "model.lora_alpha", ""},
	}
}

func rowOf(m rl.Method, name string) int {
	for i, row := range m.Params {
		if row.Name == name {
			return i
		}
	}
	panic("handover: " + m.Name + " has no row " + name)
}

func (p Project) verlLimits() []string {
	all := []string{"verl hands the reward a text without special tokens, so a response that was cut off may count as right here and not in the lab.",
		"Random numbers are the sampler's: the same seed gives other responses than in the lab.",
		"verl divides by the deviation over G-1 (the lab's `--std sample`), and counts groups without an advantage in the means of its loss (`--flat-groups keep`)."}
	if !p.Task.free() {
		all = append(all, "The task's model has heads of a size that samplers may not support; it was not tried.")
	}
	return append(all, "ATTNPO and TLMRE are handed over to TRL: verl's reward functions see one response at a time, and their reward needs its group.")
}

// attnrlCode are choices that the authors' code of AttnRL does not have: it has the lab's defaults alone.
var attnrlCode = []hyper.Param{rl.BranchParam, hyper.FCI, hyper.Take, hyper.Unbranched, hyper.FlatGroups, hyper.Aggregation}

// checkAttnRL returns an error for a rule that the authors' code does not have.
func (p Project) checkAttnRL() error {
	for _, row := range attnrlCode {
		own, _ := p.Method.Params.Row(row.Name)
		if got, theirs := p.choice(own), own.Lab.String(); got != theirs {
			return fmt.Errorf("%s is %s, which the code of AttnRL's authors does not have; choose %s", own.Name, got, theirs)
		}
	}
	return nil
}

// attnrl is README.md of AttnRL.
func (p Project) attnrl() ([]byte, error) {
	values := map[string]any{"Title": p.Method.Title, "Source": p.Method.Source, "Model": p.Model, "AndModel": "", "StepRule": "lines", "Steps": p.Steps,
		"Dynamic": python(p.Values.Choice("batch") != "fixed"), "UsesKL": python(p.number(hyper.KL) != 0), "OffPolicy": python(p.Values.On("pipeline")),
		"Alpha": fmt.Sprintf("%.4g", 1-p.Values.Number("lambda"))}
	if p.Model == ModelFolder {
		values["Model"], values["AndModel"] = "PROJECT/model", " and the model"
	}
	if p.Task.free() {
		values["StepRule"] = "the project's rule"
	}
	for name, v := range p.Values {
		values[name] = v
	}
	var rest []string
	for _, row := range []hyper.Param{hyper.WarmUp, hyper.DualClip, hyper.AdamBeta1, hyper.AdamBeta2, hyper.AdamEpsilon, hyper.WeightDecay, hyper.GradientClip, hyper.LoRA} {
		if p.Values.Has(row.Name) {
			rest = append(rest, row.Name+" "+p.Values[row.Name].String())
		}
	}
	values["Rest"] = strings.Join(rest, ", ")
	return fill("verl/ATTNRL.md.tmpl", values)
}

// python writes a truth as Python does.
func python(b bool) string {
	if b {
		return "True"
	}
	return "False"
}
