package lab

import "cmp"

// This file is the one place of the page that knows methods by name.

func MethodName(method string) string { return cmp.Or(MethodText[method].Name, method) }

// MethodText is what a method does, in a sentence, and its source. It is the one place of this package that names methods.
var MethodText = map[string]struct{ Name, Does, Source string }{
	Pretrain: {"Pretraining", "From random weights: predict the next token of a teacher's worked solutions until the model reasons by itself.", "the lab's own"},
	"sft":    {"SFT", "Continue on a teacher's worked solutions, without any reward: the simplest use of more compute.", "the lab's own"},
	"grpo":   {"GRPO", "A response's credit is its reward minus its group's mean, divided by the group's standard deviation. Every token gets the same.", "DeepSeekMath, arXiv 2402.03300, eq. 3 and 4"},
	"drgrpo": {"Dr. GRPO", "GRPO without the division by the standard deviation and by the response's length.", "arXiv 2503.20783"},
	"dapo":   {"DAPO", "GRPO with a higher upper clip, groups of one outcome replaced by others, and a soft penalty for overlong responses.", "arXiv 2503.14476, eq. 8 to 13"},
	"tlmre":  {"TLMRE", "A correct response loses reward the longer it is among the correct ones; all its tokens lose the same.", "Arora & Zanette, arXiv 2502.04463"},
	"treerl": {"TreeRL", "Branch responses at their most uncertain tokens. The credit of a piece of a response is what its leaves gained over the root and over its parent.", "arXiv 2506.11902"},
	"attnrl": {"AttnRL", "Trees as in TreeRL that branch at steps of high FCI, and more often on hard problems. In these models those are the earliest steps.", "arXiv 2509.26628"},
	"attnpo": {"ATTNPO", "TLMRE, then key-focus heads weigh the steps: redundant steps of good responses get less credit, needed steps of long responses lose none.", "arXiv 2602.09953"},
	"rearl":  {"REA-RL", "Each response is cut where it has its result and finished again. Both versions compete in the group for accuracy, shortness and enough reflection.", "arXiv 2505.19862"},
}

func StartsFrom(method string) string {
	if method == Pretrain {
		return "size"
	}
	return "starts from"
}

// UsualSteps is how many steps a run of a method takes by default.
func UsualSteps(method string) int {
	switch method {
	case Pretrain:
		return 1000
	case "sft":
		return 200
	}
	return 40
}

var presets = []string{"tiny", "small", "base"}

// Knobs are the hyper-parameters shown before all others.
var Knobs = []string{"problems", "group", "initial", "points", "rollouts", "learning-rate", "tokens", "rate", "alpha", "heads", "negative", "branch", "delta", "cut", "length-weight"}
