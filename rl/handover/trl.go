package handover

import (
	"context"
	"embed"
	"fmt"
	"math"
	"path"

	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

//go:embed python trl verl
var scripts embed.FS

// trlSettings are settings.json of a project for TRL.
type trlSettings struct {
	Method   string         `json:"method"`
	Task     string         `json:"task"`
	Teacher  string         `json:"teacher,omitempty"`
	Level    string         `json:"difficulty,omitempty"`
	Base     *runs.Identity `json:"base,omitempty"` // of the model that lies in the project
	FreeText bool           `json:"free_text"`
	Verifier string         `json:"verifier"` // Python module
	System   string         `json:"system"`
	StepRule string         `json:"step_rule,omitempty"`
	Model    string         `json:"model"`
	Seed     runs.Seed      `json:"seed"`
	Steps    int            `json:"steps"`
	Heads    [][2]int       `json:"heads"` // layer and head; none are found
	Hyper    hyper.Values   `json:"hyper"`
	Rewards  []string       `json:"rewards"` // functions of rewards.py; their weights are in TRL
	TRL      map[string]any `json:"trl"`     // arguments of GRPOConfig
	LoRA     map[string]any `json:"lora,omitempty"`
}

// forTRL adds the files of a project for TRL.
func forTRL(ctx context.Context, p Project, files map[string][]byte) error {
	parts, err := p.Task.parts(ctx, p.Seed, p.Steps*p.Values.Int(hyper.Problems.Name))
	if err != nil {
		return err
	}
	for name, problems := range parts {
		files["problems/"+name+".jsonl"], files["problems/"+name+".parquet"] = lines(problems), table(problems)
	}
	verifier := "verifier_" + p.Task.Name
	s := trlSettings{Method: p.Method.Name, Task: p.Task.Name, Teacher: p.Task.Teacher, Level: p.Task.Difficulty, Base: p.Base, FreeText: p.Task.free(), Verifier: verifier, System: p.Task.System, StepRule: string(p.Task.StepRule),
		Model: p.Model, Seed: runs.Seed(p.Seed), Steps: p.Steps, Heads: [][2]int{}, Hyper: p.Values}
	for _, h := range p.Heads {
		s.Heads = append(s.Heads, [2]int{h.Layer, h.Head})
	}
	var weights []float64
	s.Rewards, weights = p.rewards()
	s.TRL, s.LoRA = p.trl(weights), p.lora()
	if files["settings.json"], err = indented(s); err != nil {
		return err
	}
	own := map[string]string{"steps.py": "python", verifier + ".py": "python", "rewards.py": "python",
		"train.py": "trl", "requirements.txt": "trl", "slurm.sh": "trl",
		"accelerate/one_machine.yaml": "trl", "accelerate/several_nodes.yaml": "trl"}
	if p.Method.Takes.Heads {
		own["attnpo.py"], own["attention.py"] = "trl", "python"
	}
	for name, folder := range own {
		if files[name], err = scripts.ReadFile(path.Join(folder, name)); err != nil {
			return err
		}
	}
	files["README.md"], err = p.readme("trl/README.md.tmpl", "The project's own Python reads these, or they do not matter to it:", p.trlRows(), p.trlLimits())
	return err
}

// rewards are the functions of rewards.py whose weighted sum is the reward. "correct" with the weight 0 is only logged: it is the accuracy.
func (p Project) rewards() (names []string, weights []float64) {
	switch {
	case p.Values.Has(hyper.Alpha.Name): // TLMRE and ATTNPO: r less the mean of the others is G/(G-1) times r less the mean, which TRL takes
		G := p.Values.Number(hyper.Group.Name)
		return []string{"short", "correct"}, []float64{G / (G - 1), 0}
	case p.Values.Has("overlong-buffer") && p.Values.Number("overlong-buffer") > 0:
		return []string{"signed", "overlong", "correct"}, []float64{1, p.Values.Number("overlong-factor"), 0}
	}
	return []string{"correct"}, []float64{1}
}

// trl are the arguments of TRL's GRPOConfig. Sizes of batches depend on the number of processes: train.py works them out.
func (p Project) trl(weights []float64) map[string]any {
	h := p.Values
	return map[string]any{
		"num_generations": h.Int(hyper.Group.Name), "max_completion_length": h.Int(hyper.MaxLength.Name),
		"temperature": h.Number(hyper.Temperature.Name), "top_p": 1.0, "top_k": 0,
		"learning_rate": h.Number(hyper.LearningRate.Name), "lr_scheduler_type": "constant_with_warmup",
		"warmup_steps": h.Int(hyper.WarmUp.Name) * h.Int(hyper.MiniBatches.Name), "num_iterations": 1,
		"adam_beta1": h.Number(hyper.AdamBeta1.Name), "adam_beta2": h.Number(hyper.AdamBeta2.Name), "adam_epsilon": h.Number(hyper.AdamEpsilon.Name),
		"weight_decay": h.Number(hyper.WeightDecay.Name), "max_grad_norm": h.Number(hyper.GradientClip.Name),
		"loss_type": trlLoss[p.choice(hyper.Aggregation)], "scale_rewards": p.trlScale(), "reward_weights": weights,
		"epsilon": h.Number(hyper.ClipLow.Name), "epsilon_high": h.Number(hyper.ClipHigh.Name), "delta": orNull(p.number(hyper.DualClip)),
		"beta": p.number(hyper.KL), "entropy_coef": p.number(hyper.Entropy),
		"importance_sampling_level": "token", "use_bias_correction_kl": false, "pad_to_multiple_of": nil,
	}
}

// trlLoss is TRL's loss_type for an aggregation. TRL calls them after methods that have them.
var trlLoss = map[string]string{"token": rl.DAPO.Name, "sequence": rl.GRPO.Name, "constant": "dr_grpo"}

func (p Project) trlScale() string {
	if std := p.choice(hyper.Std); std == "" || std == "off" {
		return "none"
	}
	return "group"
}

func (p Project) lora() map[string]any {
	if p.number(hyper.LoRA) == 0 {
		return nil
	}
	modules := []string{"q_proj", "k_proj", "v_proj", "o_proj"}
	if p.choice(hyper.LoRAOn) == "all" {
		modules = append(modules, "gate_proj", "up_proj", "down_proj")
	}
	return map[string]any{"r": int(p.number(hyper.LoRA)), "lora_alpha": p.number(hyper.LoRAAlpha), "lora_dropout": 0.0, "target_modules": modules}
}

func orNull(x float64) any {
	if x == 0 {
		return nil
	}
	return x
}

// trlRows say what maps to what.
func (p Project) trlRows() []mapped {
	return []mapped{
		{hyper.Problems, "steps_per_generation", "train.py works it out, so that a batch has as many problems"},
		{hyper.Group, "num_generations", ""},
		{hyper.MiniBatches, "gradient_accumulation_steps", "likewise; TRL counts updates as steps and deals responses out at random, the lab whole groups in order"},
		{hyper.Temperature, "temperature", ""},
		{hyper.MaxLength, "max_completion_length", ""},
		{hyper.LearningRate, "learning_rate", ""},
		{hyper.WarmUp, "warmup_steps", "in updates"},
		{hyper.AdamBeta1, "adam_beta1", ""}, {hyper.AdamBeta2, "adam_beta2", ""}, {hyper.AdamEpsilon, "adam_epsilon", ""},
		{hyper.WeightDecay, "weight_decay", ""}, {hyper.GradientClip, "max_grad_norm", "0 is off in both"},
		{hyper.ClipLow, "epsilon", ""}, {hyper.ClipHigh, "epsilon_high", ""}, {hyper.DualClip, "delta", "null is off"},
		{hyper.KL, "beta", "the k3 estimate, without correction by the ratio"},
		{hyper.Entropy, "entropy_coef", ""},
		{hyper.Aggregation, "loss_type", "token is dapo, sequence is grpo, constant is dr_grpo"},
		{hyper.Std, "scale_rewards", "off is none"},
		{hyper.Alpha, "rewards.py, short", "with the weight G/(G-1), because TRL subtracts the mean of all and not of the others"},
		{hyper.LoRA, "LoraConfig r", ""},
	}
}

// trlLimits are sentences on what does not map.
func (p Project) trlLimits() (all []string) {
	add := func(is bool, text string, args ...any) {
		if is {
			all = append(all, fmt.Sprintf(text, args...))
		}
	}
	G := p.Values.Number(hyper.Group.Name)
	std := p.choice(hyper.Std)
	add(std == "population", "The lab divides advantages by the deviation over G, TRL by that over G-1: TRL's are %.3f of the lab's. `--std sample` is TRL's in the lab.", math.Sqrt((G-1)/G))
	add(std == "population" || std == "sample" && p.number(hyper.StdEpsilon) != 1e-4, "TRL adds 0.0001 to the deviation, the lab %g; `--std-epsilon 0.0001` is TRL's.", p.number(hyper.StdEpsilon))
	add(p.choice(hyper.FlatGroups) == "drop", "The lab drops groups without an advantage from the means of the loss (`flat-groups drop`), TRL counts them; `--flat-groups keep` is TRL's in the lab.")
	add(p.Values.Has("dynamic") && p.Values.On("dynamic"), "TRL does not sample other problems in place of groups that are all right or all wrong (`dynamic on`): such groups are in the batch and have no advantage.")
	add(p.number(hyper.RewardKL) > 0, "KL in the reward (`reward-kl`) is not in the project: TRL has KL in the loss alone.")
	add(p.Values.Has("whiten") && p.Values.Choice("whiten") == "batch", "Whitening over the batch's tokens (`whiten batch`) is not in the project.")
	add(p.Method.Takes.Heads, "Key-focus heads are found on responses that TRL samples, so they may differ from the lab's; `\"heads\"` in settings.json names them.")
	add(p.Method.Takes.Heads, "Scores of steps are computed on the weights that sampled, in the precision of training.")
	add(true, "Random numbers are PyTorch's: the same seed gives other responses than in the lab. With `--vllm` TRL also weighs tokens by the ratio of the two samplers' probabilities.")
	add(true, "Held-out problems (problems/eval.jsonl) are not measured during training; `correct` in the log is the accuracy on training problems, before each update.")
	return all
}
