package hyper

// LabMaxLength is the longest response of this lab's models, in tokens: L_max of training, and the default of every measurement.
// A model is not measured with more space than it was trained with.
const LabMaxLength = 192

// The rows that several methods have. Their paper's value, lab's value and source are the methods' own: see [Param.With],
// [Param.Choosing] and [Param.From]. "Unstated" in a source means that we do not know the paper's value and chose one.
var (
	// Rollouts.
	Problems    = number("problems", "P", "problems sampled at a training step", 1, 512, 1)
	Group       = number("group", "G", "responses sampled for a problem, revisions not counted", 2, 64, 1)
	Temperature = number("temperature", "T", "sampling temperature while training", 0.1, 2, 0.05)
	SamplingKey = number("sampling-key", "", "key of the random numbers that write the responses of a training run; its problems stay those of the seed. A run with another key is an A/A control: the same method once more", 0, 100_000, 1).From("ours")
	MaxLength   = number("max-length", "L_max", "longest response, tokens, in training, probing and evaluation", 8, 32768, 8)

	// The optimiser.
	LearningRate = number("learning-rate", "η", "AdamW step size; 0 is a frozen policy, a control", 0, 1e-2, 1e-7)
	WarmUp       = number("warm-up", "", "training steps over which the learning rate rises linearly to its value", 0, 10000, 1)
	MiniBatches  = number("minibatches", "", "optimiser updates made from one batch of rollouts", 1, 16, 1)
	AdamBeta1    = number("adam-beta1", "β_1", "AdamW's decay of the mean gradient", 0, 0.9999, 0.0001)
	AdamBeta2    = number("adam-beta2", "β_2", "AdamW's decay of the mean squared gradient", 0, 0.99999, 0.00001)
	AdamEpsilon  = number("adam-epsilon", "ε", "added to the root of AdamW's mean squared gradient", 1e-10, 1e-2, 1e-10)
	WeightDecay  = number("weight-decay", "", "AdamW's decay of weight matrices, as a share of the learning rate", 0, 1, 0.001)
	GradientClip = number("gradient-clip", "", "longest gradient, by the norm over all weights; 0 is off", 0, 100, 0.1)

	Activations = choice("activations", "", "how gates and ups of the feed-forward parts are saved for the backward pass: exactly, or in half precision, which takes less memory and rounds the gradients", "f32", "f16")

	LoRA      = number("lora", "r", "rank of low-rank adapters, trained in place of the weights; 0 trains the weights", 0, 32, 4)
	LoRAOn    = choice("lora-on", "", "what has adapters: queries, keys, values and o of attention, or all matrices of the layers", "attention", "all")
	LoRAAlpha = number("lora-alpha", "α_r", "scale of the adapters, divided by their rank", 1, 256, 1)

	// The policy loss.
	ClipLow     = number("clip-low", "ε_low", "lower clip of the probability ratio, 1-ε", 0, 1, 0.01)
	ClipHigh    = number("clip-high", "ε_high", "upper clip of the probability ratio, 1+ε", 0, 1, 0.01)
	DualClip    = number("dual-clip", "c", "largest ratio that counts where the advantage is negative; 0 is off", 0, 10, 0.1)
	KL          = number("kl", "β", "weight, in the loss, of the k3 estimate of KL to the reference policy", 0, 1, 0.0001)
	RewardKL    = number("reward-kl", "β_r", "weight of KL to the reference policy in the reward, summed from each token on", 0, 1, 0.0001)
	Entropy     = number("entropy", "c_H", "weight of the entropy bonus", 0, 0.1, 0.001)
	Aggregation = choice("aggregation", "", "how token losses are averaged: over all tokens, within each response first, or by the constant L_max",
		"token", "sequence", "constant")
	FlatGroups = choice("flat-groups", "", "groups in which no token has an advantage: dropped before the loss is averaged, or counted in its means",
		"drop", "keep")

	// Group advantages.
	Std        = choice("std", "σ", "division of group advantages by the standard deviation, over G or over G-1", "off", "population", "sample")
	StdEpsilon = number("std-epsilon", "", "added to that standard deviation", 1e-8, 1e-2, 1e-8)
	Alpha      = number("alpha", "α", "share of the reward that a long correct response can lose", 0, 1, 0.05)

	// Trees.
	Initial    = number("initial", "M", "initial responses for a problem", 1, 16, 1)
	Points     = number("points", "N", "branch points in a response", 0, 8, 1)
	Rollouts   = number("rollouts", "T", "new continuations at a branch point", 1, 8, 1)
	Unbranched = choice("unbranched", "", "responses without branch points: counted in the root's value only, or trained on", "drop", "keep")
	Pipeline   = choice("pipeline", "", "sample the next step's initial responses in one call with this step's rollouts, one step off-policy",
		"off", "on")
	Delta    = number("delta", "Δ", "steps skipped before later attention counts", 1, 16, 1)
	FCI      = choice("fci", "", "how FCI adds up what later steps pay to a step: the sum, the mean, or the mean over what uniform attention would pay", "sum", "mean", "over-uniform")
	Take     = choice("take", "", "which of the steps of high FCI are branch points: the earliest or the highest", "earliest", "highest")
	Quantile = number("quantile", "ρ", "share of steps, highest FCI first, that may be branch points", 0.01, 1, 0.01)
	Spacing  = number("spacing", "", "least tokens before and between branch points", 0, 4096, 1)
)

// Optimiser returns the rows of AdamW with its clipping, for a method whose source has these paper values. The lab's are those
// of its pretraining, without weight decay: a run is short and starts from a good model.
func Optimiser(source string, beta1, beta2, decay, clip float64) Table {
	return Table{
		AdamBeta1.With(beta1, 0.9).From(source), AdamBeta2.With(beta2, 0.98).From(source), AdamEpsilon.With(1e-8, 1e-8).From(source),
		WeightDecay.With(decay, 0).From(source), GradientClip.With(clip, 1).From(source),
		LoRA.With(0, 0).From("LoRA 4.1, arXiv 2106.09685; the methods' sources train all weights"), LoRAOn.Choosing("attention", "attention").From("LoRA 4.2, which adapts attention alone"),
		LoRAAlpha.With(16, 16).From("unstated; twice a rank of 8"), Activations.Choosing("f32", "f32").From("unstated"),
	}
}

func number(name, symbol, meaning string, min, max, step float64) Param {
	return Param{Name: name, Symbol: symbol, Meaning: meaning, Source: "unstated", Min: min, Max: max, Step: step}
}

func choice(name, symbol, meaning string, choices ...string) Param {
	return Param{Name: name, Symbol: symbol, Meaning: meaning, Source: "unstated", Choices: choices, Max: float64(len(choices) - 1), Step: 1}
}
