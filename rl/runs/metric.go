package runs

import "math"

// Metric is a column of a log and how people read it: on the Train and Compare pages, in curves and in tables.
type Metric struct {
	Name  string // as in metrics.jsonl
	Title string
	Word  string // of the glossary, empty for none
	Unit  string
	Form  Form
	Show  Show
	Of    Kind

	Least          float64 // smallest span of an axis, so that noise does not look like a trend
	Floor, Ceiling float64 // values end here

	Around Around
}

// Around are the columns that a curve has around it, empty names where it has none.
type Around struct {
	Low, Middle, High string // quantiles of what the value is of: 10 %, 50 % and 90 %
	Error             string // standard error of a value that is measured now and then
	Base              string // the value of the model that the run began from, in the first line of the log
}

// quantilesOf are the columns of a distribution of a step, see [attnlab/rl.StepReport].
func quantilesOf(name string) Around {
	name = "quantiles." + name
	return Around{Low: name + ".p10", Middle: name + ".p50", High: name + ".p90"}
}

var (
	alone   Around // a value with nothing around it
	heldOut = Around{Error: "held_out.standard_error", Base: "held_out_base.accuracy"}
)

// Form is how a value is written.
type Form int

// The forms. Thousandths to Hundredths and Whole have a fixed number of decimals; Significant has three significant digits.
const (
	Thousandths Form = iota
	Hundredths
	Tenths
	Whole
	Significant
	Time // of seconds
)

// Decimals is the number of decimals of a value on an axis.
func (f Form) Decimals() int {
	return map[Form]int{Thousandths: 3, Hundredths: 2, Tenths: 1, Significant: 4}[f]
}

// Show says where a metric is shown, besides the tables of all metrics.
type Show int

// The places. FromBase sets a number beside that of the model that the run began from. AddsUp is no place: the metric is a total
// of the run so far, so its last value is shown and not the mean of its last steps.
const (
	LargeNumber Show = 1 << iota
	LargeCurve
	SmallCurve
	InComparison
	FromBase
	AddsUp
)

// Has reports whether a metric is shown there.
func (s Show) Has(where Show) bool { return s&where != 0 }

// Kind says which runs have a metric.
type Kind int

// The kinds. A loss of reinforcement learning is a surrogate whose value means nothing, that of pretraining is in nats.
const (
	EveryRun Kind = iota
	Reinforcement
	Pretraining
)

var inf = math.Inf(1)

// Metrics are the columns that people see, the most telling first.
var Metrics = []Metric{
	{"accuracy", "accuracy", "accuracy", "share of responses", Thousandths, LargeNumber | LargeCurve | InComparison | FromBase, Reinforcement, 0.1, 0, 1, alone},
	{"think_tokens", "think tokens", "think tokens", "per response", Tenths, LargeNumber | LargeCurve | InComparison | FromBase, Reinforcement, 4, 0, inf, alone},
	{"held_out.accuracy", "held-out accuracy", "held-out accuracy", "share of problems", Thousandths, SmallCurve, Reinforcement, 0.1, 0, 1, heldOut},
	{"redundant_steps", "redundant steps", "redundant", "per response", Hundredths, LargeNumber | SmallCurve | InComparison | FromBase, Reinforcement, 0.5, 0, inf, alone},
	{"essential_steps", "essential steps", "essential", "per response", Hundredths, LargeNumber | SmallCurve | InComparison | FromBase, Reinforcement, 0.5, 0, inf, alone},
	{"loss", "loss", "loss", "nats per token", Thousandths, LargeNumber | LargeCurve, Pretraining, 0.05, -inf, inf, alone},
	{"tokens", "tokens read", "token", "prompts included", Whole, LargeNumber | AddsUp, Pretraining, 1, 0, inf, alone},
	{"reward", "reward", "reward", "mean", Thousandths, SmallCurve, Reinforcement, 0.1, -inf, inf, quantilesOf("reward")},
	{"quantiles.response_length.p50", "response length", "response length", "tokens, median", Tenths, SmallCurve, Reinforcement, 4, 0, inf, quantilesOf("response_length")},
	{"quantiles.advantage.p50", "advantage", "advantage", "of tokens, median", Hundredths, SmallCurve, Reinforcement, 0.5, -inf, inf, quantilesOf("advantage")},
	{"groups.valid", "valid groups", "valid group", "per step", Whole, SmallCurve, Reinforcement, 2, 0, inf, alone},
	{"kl", "KL", "KL", "nats per token", Significant, SmallCurve, Reinforcement, 1e-4, 0, inf, alone},
	{"entropy", "entropy", "entropy", "nats per token", Thousandths, SmallCurve, Reinforcement, 0.02, 0, inf, alone},
	{"gradient_norm", "gradient norm", "gradient norm", "before clipping", Thousandths, SmallCurve, EveryRun, 0.01, 0, inf, alone},
	{"gradient_cosine", "gradient cosine", "gradient norm", "of two halves of an update", Thousandths, 0, Reinforcement, 0.1, -1, 1, alone},
	{"tokens_per_second", "speed", "tokens per second", "tokens per second", Whole, SmallCurve, EveryRun, 10, 0, inf, alone},
	{"lr", "learning rate", "learning rate", "per step", Significant, SmallCurve, Pretraining, 1e-5, 0, inf, alone},
	{"reward_parts.accuracy", "reward: accuracy", "reward", "part of the mean", Thousandths, 0, Reinforcement, 0.1, -inf, inf, alone},
	{"reward_parts.other", "reward: other parts", "reward", "part of the mean", Thousandths, 0, Reinforcement, 0.1, -inf, inf, alone},
	{"reward_parts.length", "reward: length", "reward", "part of the mean", Thousandths, 0, Reinforcement, 0.1, -inf, inf, alone},
	{"reward_parts.reflection", "reward: reflection", "reward", "part of the mean", Thousandths, 0, Reinforcement, 0.1, -inf, inf, alone},
	{"advantage_spread", "advantage spread", "advantage", "standard deviation over tokens", Thousandths, 0, Reinforcement, 0.1, 0, inf, alone},
	{"cut_off", "cut off", "", "share of responses", Thousandths, 0, Reinforcement, 0.1, 0, 1, alone},
	{"finished_tokens", "finished length", "response length", "tokens of responses that ended", Tenths, 0, Reinforcement, 4, 0, inf, alone},
	{"well_formed", "well-formed", "well-formed", "share of responses", Thousandths, 0, Reinforcement, 0.1, 0, 1, alone},
	{"credit_auc", "credit AUC", "credit AUC", "0.5 is chance", Thousandths, 0, Reinforcement, 0.1, 0, 1, alone},
	{"redundant_removed", "redundant removed", "redundant removed", "share of the base's", Thousandths, 0, Reinforcement, 0.1, -inf, 1, alone},
	{"essential_kept", "essential kept", "essential kept", "share of the base's", Thousandths, 0, Reinforcement, 0.1, 0, inf, alone},
	{"groups.all_correct", "all correct", "valid group", "groups", Whole, 0, Reinforcement, 2, 0, inf, alone},
	{"groups.all_wrong", "all wrong", "valid group", "groups", Whole, 0, Reinforcement, 2, 0, inf, alone},
	{"valid_per_10k", "valid sequences", "valid group", "per 10,000 generated tokens", Tenths, 0, Reinforcement, 1, 0, inf, alone},
	{"loss", "surrogate loss", "loss", "no scale", Significant, 0, Reinforcement, 0.01, -inf, inf, alone},
	{"generated_tokens", "generated", "generated tokens", "tokens in all", Whole, InComparison | AddsUp, Reinforcement, 1, 0, inf, alone},
	{"charged_tokens", "charged", "charged tokens", "tokens in all", Whole, InComparison | AddsUp, Reinforcement, 1, 0, inf, alone},
	{"training_gflop", "training compute", "training compute", "GFLOP in all", Whole, InComparison | AddsUp, Reinforcement, 1, 0, inf, alone},
	{"seconds", "time", "", "in all", Time, AddsUp, EveryRun, 1, 0, inf, alone},
}

// MetricsOf are those that runs of a method have and that are shown somewhere of where; 0 is all.
func MetricsOf(method string, where Show) (list []Metric) {
	kind := Reinforcement
	if method == Pretrain {
		kind = Pretraining
	}
	for _, m := range Metrics {
		if (m.Of == EveryRun || m.Of == kind) && (where == 0 || m.Show.Has(where)) {
			list = append(list, m)
		}
	}
	return list
}
