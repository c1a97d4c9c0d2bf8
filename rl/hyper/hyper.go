package hyper

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Methods lists every training method in the order of the README: supervised
// training first, then the baselines, then the three papers.
var Methods = []string{"sft", "grpo", "drgrpo", "dapo", "tlmre", "treerl", "attnrl", "attnpo", "rearl"}

// By is a value that may differ by method; the key "" holds for every method
// that is not named.
type PerMethod map[string]float64

// Param is one row of the table of hyper-parameters, from which flags, help
// texts, URL keys, sliders and the README table are made.
type Param struct {
	Name    string   // flag and URL key
	Symbol  string   // as the papers print it
	Meaning string   // one sentence, with the unit
	Source  string   // paper and section
	Choices []string // of a switch: the value is an index into Choices
	Min     float64
	Max     float64
	Step    float64   // of a slider
	Default PerMethod // the source's value
	Lab     PerMethod // where models of 0.1 to 1 M parameters need another one
	Methods []string
}

// Params returns the rows that method uses, in table order.
func Params(method string) []Param {
	var rows []Param
	for _, p := range Table {
		if slices.Contains(p.Methods, method) {
			rows = append(rows, p)
		}
	}
	return rows
}

// Hyper holds the hyper-parameters of one method by name. A switch is held as
// the index of its choice.
type Values map[string]float64

// PaperHyper returns the values of method's own paper.
func Paper(method string) Values {
	h := Values{}
	for _, p := range Params(method) {
		h[p.Name], _ = p.Default.of(method)
	}
	return h
}

// LabHyper returns PaperHyper with the values that suit this lab's small
// models put in, where the table has them.
func Lab(method string) Values {
	h := Paper(method)
	for _, p := range Params(method) {
		if v, ok := p.Lab.of(method); ok {
			h[p.Name] = v
		}
	}
	return h
}

// Set changes one value from its text, a number or the name of a choice. The
// name must be one that h has already.
func (h Values) Set(name, text string) error {
	p, ok := Lookup(name)
	if _, has := h[name]; !ok || !has {
		return fmt.Errorf("rl: no hyper-parameter %q here; choose one of %s", name, strings.Join(slices.Sorted(maps.Keys(h)), ", "))
	}
	v, err := p.Parse(text)
	if err != nil {
		return err
	}
	h[name] = v
	return nil
}

// Parse reads a value of p and checks its range.
func (p Param) Parse(text string) (float64, error) {
	if i := slices.Index(p.Choices, text); i >= 0 {
		return float64(i), nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && len(p.Choices) == 0 {
		return 0, fmt.Errorf("rl: %s is %q, which is no number; give one from %g to %g", p.Name, text, p.Min, p.Max)
	}
	if len(p.Choices) > 0 {
		return 0, fmt.Errorf("rl: %s is %q; give one of %s", p.Name, text, strings.Join(p.Choices, ", "))
	}
	return v, p.check(v)
}

// Format is the inverse of Parse.
func (p Param) Format(v float64) string {
	if len(p.Choices) > 0 {
		return p.Choices[int(v)]
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func (p Param) check(v float64) error {
	lo, hi := p.bounds()
	if math.IsNaN(v) || v < lo || v > hi {
		return fmt.Errorf("rl: %s is %g; give a value from %g to %g", p.Name, v, lo, hi)
	}
	if whole := p.Step == math.Trunc(p.Step); whole && v != math.Trunc(v) {
		return fmt.Errorf("rl: %s is %g; give a whole number from %g to %g", p.Name, v, lo, hi)
	}
	return nil
}

func (p Param) bounds() (lo, hi float64) {
	if len(p.Choices) > 0 {
		return 0, float64(len(p.Choices) - 1)
	}
	return p.Min, p.Max
}

// over returns the paper's values of method with those of h put in, or says
// which value of h is unknown or out of range.
func (h Values) Over(method string) (Values, error) {
	full := Paper(method)
	for _, name := range slices.Sorted(maps.Keys(h)) {
		p, ok := Lookup(name)
		if !ok || !slices.Contains(p.Methods, method) {
			return nil, fmt.Errorf("rl: %s has no hyper-parameter %q; choose one of %s", method, name, strings.Join(slices.Sorted(maps.Keys(full)), ", "))
		}
		if err := p.check(h[name]); err != nil {
			return nil, err
		}
		full[name] = h[name]
	}
	return full, nil
}

// choice returns the name chosen by a switch.
func (h Values) Choice(name string) string {
	p, _ := Lookup(name)
	return p.Choices[int(h[name])]
}

func (h Values) Int(name string) int { return int(h[name]) }

func Lookup(name string) (Param, bool) {
	i := slices.IndexFunc(Table, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return Param{}, false
	}
	return Table[i], true
}

func (b PerMethod) of(method string) (v float64, ok bool) {
	if v, ok = b[method]; !ok {
		v, ok = b[""]
	}
	return v, ok
}

var (
	Sampling     = Methods[1:]
	GroupMethods = []string{"grpo", "drgrpo", "dapo", "tlmre", "attnpo", "rearl"}
	TreeMethods  = []string{"treerl", "attnrl"}
	shortMethods = []string{"tlmre", "attnpo"}
	onlyAttnRL   = []string{"attnrl"}
	onlyAttnPO   = []string{"attnpo"}
	onlyREARL    = []string{"rearl"}
)

// Table holds every hyper-parameter. "Unstated" in Source means that the
// paper's value is not known to us and the default is ours.
var Table = []Param{
	// Rollouts and the optimiser.
	{Name: "problems", Symbol: "P", Meaning: "problems sampled at a training step", Source: "AttnRL, training set-up; ATTNPO script; REA-RL code; TreeRL code; otherwise unstated",
		Min: 1, Max: 512, Step: 1, Default: PerMethod{"": 64, "attnpo": 128, "rearl": 16, "treerl": 16, "dapo": 512}, Lab: PerMethod{"": 16, "treerl": 10, "attnrl": 10}, Methods: Sampling},
	{Name: "group", Symbol: "G", Meaning: "responses sampled for a problem, revisions not counted", Source: "ATTNPO script; REA-RL, sequential revision; otherwise unstated",
		Min: 2, Max: 64, Step: 1, Default: PerMethod{"": 8, "rearl": 4}, Methods: GroupMethods},
	{Name: "temperature", Symbol: "T", Meaning: "sampling temperature while training", Source: "AttnRL, training set-up; ATTNPO script; TreeRL; REA-RL code",
		Min: 0.1, Max: 2, Step: 0.05, Default: PerMethod{"": 1, "treerl": 1.2, "rearl": 0.6}, Lab: PerMethod{"": 1}, Methods: Sampling},
	{Name: "max-length", Symbol: "L_max", Meaning: "longest response, tokens", Source: "AttnRL, training set-up; ATTNPO script; REA-RL code; DAPO 4.1; otherwise unstated",
		Min: 8, Max: 32768, Step: 8, Default: PerMethod{"": 8192, "attnpo": 16384, "dapo": 20480, "rearl": 8000}, Lab: PerMethod{"": 192}, Methods: Sampling},
	{Name: "learning-rate", Symbol: "η", Meaning: "AdamW step size", Source: "AttnRL, training set-up; ATTNPO script; REA-RL code; TreeRL; otherwise unstated",
		Min: 1e-7, Max: 1e-2, Step: 1e-7, Default: PerMethod{"": 1e-6, "attnpo": 2e-6, "rearl": 2e-5, "treerl": 1.5e-6, "sft": 3e-3}, Lab: PerMethod{"": 5e-4, "sft": 3e-3}, Methods: Methods},
	{Name: "minibatches", Symbol: "", Meaning: "optimiser updates made from one batch of rollouts", Source: "AttnRL code, inferred from mini-batches of 192 of 1,920 sequences; ATTNPO script; otherwise unstated",
		Min: 1, Max: 16, Step: 1, Default: PerMethod{"": 1, "attnrl": 10}, Lab: PerMethod{"": 2}, Methods: Sampling},

	// The policy loss.
	{Name: "clip-low", Symbol: "ε_low", Meaning: "lower clip of the probability ratio, 1-ε", Source: "PPO 3; AttnRL script",
		Min: 0, Max: 1, Step: 0.01, Default: PerMethod{"": 0.2}, Methods: Sampling},
	{Name: "clip-high", Symbol: "ε_high", Meaning: "upper clip of the probability ratio, 1+ε", Source: "DAPO 3.1; AttnRL, training set-up",
		Min: 0, Max: 1, Step: 0.01, Default: PerMethod{"": 0.2, "dapo": 0.28, "attnrl": 0.28}, Lab: PerMethod{"": 0.28}, Methods: Sampling},
	{Name: "dual-clip", Symbol: "c", Meaning: "largest ratio that counts where the advantage is negative; 0 is off", Source: "AttnRL code",
		Min: 0, Max: 10, Step: 0.1, Default: PerMethod{"": 0, "attnrl": 3}, Methods: Sampling},
	{Name: "kl", Symbol: "β", Meaning: "weight of the k3 estimate of KL to the reference policy", Source: "AttnRL, training set-up; TreeRL; REA-RL code; GRPO as in TRL",
		Min: 0, Max: 1, Step: 0.0001, Default: PerMethod{"": 0, "grpo": 0.04, "rearl": 0.04, "attnrl": 0.001, "treerl": 0.0001}, Lab: PerMethod{"": 0}, Methods: Sampling},
	{Name: "entropy", Symbol: "c_H", Meaning: "weight of the entropy bonus", Source: "AttnRL, training set-up; ATTNPO script",
		Min: 0, Max: 0.1, Step: 0.001, Default: PerMethod{"": 0}, Methods: Sampling},
	{Name: "aggregation", Symbol: "", Meaning: "how token losses are averaged: over all tokens, within each response first, or by the constant L_max", Source: "GRPO 4.1; Dr. GRPO 3; DAPO 3.3; AttnRL, training set-up; otherwise unstated",
		Choices: []string{"token", "sequence", "constant"}, Step: 1, Default: PerMethod{"": 0, "grpo": 1, "rearl": 1, "drgrpo": 2}, Methods: Sampling},
	{Name: "flat-groups", Symbol: "", Meaning: "groups in which no token has an advantage: dropped before the loss is averaged, or kept in its means", Source: "GRPO 4.1 averages over all; DAPO 3.2 and AttnRL code drop them",
		Choices: []string{"drop", "keep"}, Step: 1, Default: PerMethod{"": 1, "dapo": 0, "treerl": 0, "attnrl": 0}, Lab: PerMethod{"": 0}, Methods: Sampling},

	// Group advantages.
	{Name: "std", Symbol: "σ", Meaning: "division of group advantages by the standard deviation, over G or over G-1", Source: "GRPO 4.1; Dr. GRPO 3.1; sample is what verl and TRL compute",
		Choices: []string{"off", "population", "sample"}, Step: 1, Default: PerMethod{"": 1, "drgrpo": 0}, Lab: PerMethod{"rearl": 0}, Methods: []string{"grpo", "drgrpo", "dapo", "rearl"}},
	{Name: "dynamic", Symbol: "", Meaning: "drop groups that are all right or all wrong and sample others", Source: "DAPO 3.2",
		Choices: []string{"off", "on"}, Step: 1, Default: PerMethod{"": 1}, Methods: []string{"dapo"}},
	{Name: "overlong-buffer", Symbol: "L_cache", Meaning: "tokens before L_max over which the penalty grows; 0 is off", Source: "DAPO 3.4",
		Min: 0, Max: 32768, Step: 1, Default: PerMethod{"": 4096}, Lab: PerMethod{"": 40}, Methods: []string{"dapo"}},
	{Name: "overlong-factor", Symbol: "", Meaning: "penalty at L_max", Source: "DAPO 3.4",
		Min: 0, Max: 2, Step: 0.05, Default: PerMethod{"": 1}, Methods: []string{"dapo"}},
	{Name: "alpha", Symbol: "α", Meaning: "share of the reward that a long correct response can lose", Source: "TLMRE (Arora & Zanette); ATTNPO code",
		Min: 0, Max: 1, Step: 0.05, Default: PerMethod{"": 0.2}, Methods: shortMethods},

	// Trees.
	{Name: "initial", Symbol: "M", Meaning: "initial responses for a problem", Source: "TreeRL, EPTree; AttnRL, training set-up",
		Min: 1, Max: 16, Step: 1, Default: PerMethod{"": 6}, Methods: TreeMethods},
	{Name: "points", Symbol: "N", Meaning: "branch points in a response", Source: "TreeRL, EPTree; AttnRL, ATB",
		Min: 0, Max: 8, Step: 1, Default: PerMethod{"": 2}, Methods: TreeMethods},
	{Name: "rollouts", Symbol: "T", Meaning: "new continuations at a branch point", Source: "TreeRL, EPTree; AttnRL code",
		Min: 1, Max: 8, Step: 1, Default: PerMethod{"": 2}, Methods: TreeMethods},
	{Name: "branch", Symbol: "", Meaning: "what chooses branch points: steps of high FCI, uncertain tokens, random steps, or the earliest steps", Source: "AttnRL, ATB; TreeRL, EPTree; random and earliest are controls",
		Choices: []string{"fci", "entropy", "random", "earliest"}, Step: 1, Default: PerMethod{"treerl": 1, "attnrl": 0}, Methods: TreeMethods},
	{Name: "unbranched", Symbol: "", Meaning: "what becomes of responses without branch points: counted in the root's value only, or trained on", Source: "AttnRL code",
		Choices: []string{"drop", "keep"}, Step: 1, Default: PerMethod{"": 0}, Methods: TreeMethods},

	{Name: "pipeline", Symbol: "", Meaning: "sample the next step's initial responses in one call with this step's rollouts, one step off-policy", Source: "AttnRL, one-step off-policy",
		Choices: []string{"off", "on"}, Step: 1, Default: PerMethod{"": 0, "attnrl": 1}, Methods: TreeMethods},

	// AttnRL.
	{Name: "delta", Symbol: "Δ", Meaning: "steps skipped before later attention counts", Source: "AttnRL, FCI",
		Min: 1, Max: 16, Step: 1, Default: PerMethod{"": 4}, Lab: PerMethod{"": 2}, Methods: TreeMethods},
	{Name: "quantile", Symbol: "ρ", Meaning: "share of steps, highest FCI first, that may be branch points", Source: "AttnRL, ATB, eq. 7",
		Min: 0.01, Max: 1, Step: 0.01, Default: PerMethod{"": 0.2}, Methods: TreeMethods},
	{Name: "spacing", Symbol: "", Meaning: "least tokens before and between branch points", Source: "only in AttnRL's code, where it is 512",
		Min: 0, Max: 4096, Step: 1, Default: PerMethod{"": 0}, Methods: TreeMethods},
	{Name: "filter", Symbol: "", Meaning: "which all-correct problems stay: all, mean FCI at least the batch mean (paper), or above the running mean (code)", Source: "AttnRL, ADS, eq. 8",
		Choices: []string{"off", "batch", "running"}, Step: 1, Default: PerMethod{"": 1}, Methods: onlyAttnRL},
	{Name: "trees", Symbol: "", Meaning: "responses expanded: all, Round(M e^-z) (paper) or ceil(M e^-z) (code)", Source: "AttnRL, ADS, eq. 9",
		Choices: []string{"all", "round", "ceil"}, Step: 1, Default: PerMethod{"": 1}, Methods: onlyAttnRL},
	{Name: "batch", Symbol: "B_m", Meaning: "next batch size: fixed, Round of the moving average (paper), or its ceil over a floored target (code)", Source: "AttnRL, ADS, eq. 10",
		Choices: []string{"fixed", "round", "ceil"}, Step: 1, Default: PerMethod{"": 1}, Methods: onlyAttnRL},
	{Name: "lambda", Symbol: "λ", Meaning: "inertia of the batch size", Source: "AttnRL, ADS, eq. 10",
		Min: 0, Max: 1, Step: 0.01, Default: PerMethod{"": 0.9}, Methods: onlyAttnRL},
	{Name: "valid", Symbol: "B′", Meaning: "wanted number of valid sequences at a step", Source: "AttnRL code",
		Min: 1, Max: 100000, Step: 1, Default: PerMethod{"": 1920}, Lab: PerMethod{"": 210}, Methods: onlyAttnRL},

	// ATTNPO.
	{Name: "heads", Symbol: "N", Meaning: "key-focus heads averaged", Source: "ATTNPO, key-focus heads, script",
		Min: 1, Max: 16, Step: 1, Default: PerMethod{"": 3}, Lab: PerMethod{"": 2}, Methods: onlyAttnPO},
	{Name: "positive", Symbol: "", Meaning: "attenuate redundant steps where the advantage is positive", Source: "ATTNPO, step rescaling",
		Choices: []string{"off", "on"}, Step: 1, Default: PerMethod{"": 1}, Methods: onlyAttnPO},
	{Name: "negative", Symbol: "", Meaning: "cancel negative advantage on essential steps", Source: "ATTNPO, step rescaling",
		Choices: []string{"off", "on"}, Step: 1, Default: PerMethod{"": 1}, Methods: onlyAttnPO},
	{Name: "base-length", Symbol: "L", Meaning: "length over which uniform attention is spread: prompt and response (code), or the response", Source: "ATTNPO code; summaries",
		Choices: []string{"all", "response"}, Step: 1, Default: PerMethod{"": 0}, Methods: onlyAttnPO},
	{Name: "base-exponent", Symbol: "β", Meaning: "power of the group's accuracy in the baseline score", Source: "ATTNPO code",
		Min: 0, Max: 8, Step: 0.5, Default: PerMethod{"": 2}, Methods: onlyAttnPO},
	{Name: "kappa", Symbol: "κ", Meaning: "factor on the baseline score, 1 in the paper; measured on the base model where heads are weak", Source: "ours",
		Min: 0.05, Max: 4, Step: 0.05, Default: PerMethod{"": 1}, Methods: onlyAttnPO},
	{Name: "mix-exponent", Symbol: "λ", Meaning: "power of the group's accuracy that mixes the attenuation with 1", Source: "ATTNPO code",
		Min: 0, Max: 8, Step: 0.5, Default: PerMethod{"": 2}, Methods: onlyAttnPO},
	{Name: "floor", Symbol: "δ", Meaning: "least factor of an attenuated step", Source: "ATTNPO code",
		Min: 0, Max: 1, Step: 0.05, Default: PerMethod{"": 0}, Methods: onlyAttnPO},
	{Name: "schedule", Symbol: "T", Meaning: "a group of accuracy p is attenuated after step T(1-p)", Source: "ATTNPO code",
		Min: 0, Max: 10000, Step: 1, Default: PerMethod{"": 1000}, Lab: PerMethod{"": 10}, Methods: onlyAttnPO},

	// REA-RL.
	{Name: "cut", Symbol: "", Meaning: "where a response is cut for its revision; oracle needs the task's own labels", Source: "REA-RL, reflection model, code; oracle is ours",
		Choices: []string{"normal", "weak", "strong", "oracle"}, Step: 1, Default: PerMethod{"": 0}, Lab: PerMethod{"": 3}, Methods: onlyREARL},
	{Name: "revise", Symbol: "", Meaning: "add a revision of each response to its group", Source: "REA-RL, sequential revision",
		Choices: []string{"off", "on"}, Step: 1, Default: PerMethod{"": 1}, Methods: onlyREARL},
	{Name: "revision-tokens", Symbol: "", Meaning: "longest finish of a revision, tokens", Source: "REA-RL code",
		Min: 8, Max: 4096, Step: 8, Default: PerMethod{"": 256}, Lab: PerMethod{"": 48}, Methods: onlyREARL},
	{Name: "reward-form", Symbol: "", Meaning: "length and reflection rewards as in the paper or as in its code", Source: "REA-RL, rewards, code",
		Choices: []string{"paper", "code"}, Step: 1, Default: PerMethod{"": 0}, Methods: onlyREARL},
	{Name: "accuracy-weight", Symbol: "w_acc", Meaning: "weight of the accuracy reward", Source: "REA-RL, rewards",
		Min: 0, Max: 2, Step: 0.05, Default: PerMethod{"": 1}, Methods: onlyREARL},
	{Name: "length-weight", Symbol: "w_len", Meaning: "weight of the refined length reward", Source: "REA-RL, rewards",
		Min: 0, Max: 2, Step: 0.05, Default: PerMethod{"": 1}, Lab: PerMethod{"": 0.3}, Methods: onlyREARL},
	{Name: "reflection-weight", Symbol: "w_refl", Meaning: "weight of the reflection reward", Source: "REA-RL, rewards",
		Min: 0, Max: 2, Step: 0.05, Default: PerMethod{"": 1}, Lab: PerMethod{"": 0.15}, Methods: onlyREARL},
	{Name: "reflection-tokens", Symbol: "1/D_0.2", Meaning: "think tokens to a reflection below which a response is not punished; 0 measures it on the base model", Source: "REA-RL code",
		Min: 0, Max: 10000, Step: 0.01, Default: PerMethod{"": 225.09}, Lab: PerMethod{"": 0}, Methods: onlyREARL},
	{Name: "density-quantile", Symbol: "q", Meaning: "quantile of the base model's reflection density that sets D_q", Source: "REA-RL, rewards",
		Min: 0, Max: 1, Step: 0.05, Default: PerMethod{"": 0.2}, Methods: onlyREARL},
}
