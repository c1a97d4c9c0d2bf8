package glossary

import (
	"slices"
	"strings"
)

// Anchor is the id of a word's entry.
func Anchor(word string) string { return "term-" + strings.ReplaceAll(word, " ", "-") }

// Entry is a word of the field: what it means in a sentence or two, its formula where it has one, and where that is from.
type Entry struct {
	Word    string
	Means   string
	Formula string
	Source  string   // paper and section; empty for words that are everybody's
	also    []string // other words that lead here
}

// Says reports whether the entry contains a text in its words, its meaning or its source. It ignores case.
func (e Entry) Says(text string) bool {
	whole := strings.Join(append([]string{e.Word, e.Means, e.Source}, e.also...), "\n")
	return strings.Contains(strings.ToLower(whole), strings.ToLower(strings.TrimSpace(text)))
}

// The sources of most entries.
const (
	FromAttnRL = "AttnRL, arXiv 2509.26628, "
	FromATTNPO = "ATTNPO, arXiv 2602.09953, "
	fromREARL  = "REA-RL, arXiv 2505.19862, "
	fromTreeRL = "TreeRL, arXiv 2506.11902, "
)

// glossary is every word that the screens use.
var Entries = slices.Concat(wordsOfTraces, wordsOfAttention, wordsOfTrees, wordsOfTraining, wordsOfMethods)

// define finds a word; capitals do not matter.
func Find(word string) (Entry, bool) {
	i := slices.IndexFunc(Entries, func(e Entry) bool {
		return strings.EqualFold(e.Word, word) || slices.ContainsFunc(e.also, func(w string) bool { return strings.EqualFold(w, word) })
	})
	if i < 0 {
		return Entry{}, false
	}
	return Entries[i], true
}

var wordsOfTraces = []Entry{
	{Word: "trace", Means: "A rollout cut into steps, with everything known about it: log-probabilities, attention, and whether each step was needed."},
	{Word: "rollout", Means: "A response that was sampled from the model, from the prompt to the end.", also: []string{"response"}},
	{Word: "step", Means: "One line of the model's reasoning, including its line end. In the papers: the text between blank lines, or between phrases such as wait and so.", Source: FromAttnRL + "step segmentation; " + FromATTNPO + "segmentation, by its code"},
	{Word: "training step", Means: "Sampling a batch of rollouts, giving them credit, and updating the weights on them."},
	{Word: "label", Means: "The truth about a step, found by replaying the arithmetic. Essential: the right value of a needed variable, stated for the first time. Correcting: the right value after a wrong one. Redundant: nothing new. Wrong: not the true value. Malformed: no line of the grammar."},
	{Word: "essential", Means: "A step that states the right value of a needed variable for the first time."},
	{Word: "redundant", Means: "A step that is not wrong and that the answer does not need: a value nobody uses, a check that agrees, a restatement, a repeat."},
	{Word: "correcting", Means: "A step that corrects a value that was stated wrong before. In this lab, needed steps are essential and correcting ones.", also: []string{"needed"}},
	{Word: "wrong", Means: "A step that states a value which is not the true one."},
	{Word: "malformed", Means: "A line that the task's grammar does not know. A response is well-formed if it ends its thinking once and gives an answer that can be read.", also: []string{"well-formed"}},
	{Word: "think tokens", Means: "The tokens between the prompt and the end of thinking: the length that the methods try to shorten.", also: []string{"think length"}},
	{Word: "token", Means: "The unit that the model reads and writes: here a name, a digit, a sign, a word such as wait, or a line end."},
	{Word: "difficulty", Means: "How many steps lead from the given values to the question."},
	{Word: "sampling", Means: "Drawing one token after another from the model's probabilities, by temperature, top-p and a seed. The same seed gives the same response."},
	{Word: "temperature", Means: "The number that the logits are divided by before sampling. Below 1 likely tokens get likelier; 0 is greedy, always the likeliest token.", Formula: "p ∝ exp(z / T)"},
	{Word: "top-p", Means: "Sample only from the smallest set of likeliest tokens that together have this probability; 1 is all of them."},
	{Word: "log-prob", Means: "The natural logarithm of the probability that the model gave a token, given all before it. 0 is certainty.", Formula: "log p(token | all before it)", also: []string{"logprob", "log-probability", "surprise"}},
	{Word: "entropy", Means: "How undecided the model is about the next token: 0 where it is certain, 0.693 between two equal choices. In training: its mean over sampled tokens, in nats. TreeRL's code calls −log p of the token drawn by this name.", Formula: "H = −Σ p log p", also: []string{"nats"}},
	{Word: "standard error", Means: "How far a measured mean is typically from the true one. An interval of about two standard errors to each side holds the true value 95 times in 100; few observations need more.", Formula: "SE = s / √n", also: []string{"SE"}},
}

var wordsOfAttention = []Entry{
	{Word: "head", Means: "One of several attention patterns of a layer. In each, every token spreads a weight of 1 over itself and the tokens before it, and reads from where the weight lies.", Formula: "a(m → n) = softmax over n ≤ m of q_m · k_n / √d", also: []string{"heads", "attention"}},
	{Word: "step attention", Means: "What a token of step j pays to a token of step k: the mean over the tokens of both. A density, not a mass: long steps get no bonus.", Formula: "S(j, k) = (1/|s_j|)(1/|s_k|) Σ a(m → n), m in s_j, n in s_k", Source: FromAttnRL + "FCI, by paper and code"},
	{Word: "attention received", Means: "What all later tokens together pay to a token, averaged over layers and heads. More than 1 if they look it up again and again."},
	{Word: "FCI", Means: "Forward context influence: how much later steps look back at a step, in the head that does so most. Earlier steps have more later steps, so in these models it is nearly the position: rank correlation −0.88 to −0.98.", Formula: "FCI(k) = max over heads of Σ over j ≥ k + Δ of S(j, k)", Source: FromAttnRL + "FCI; the correlation was measured here on about 50 traces of each task"},
	{Word: "Δ", Means: "Minimum distance, in steps, between two steps for attention to count towards FCI. Neighbouring steps always attend to each other. 4 in the paper; 2 here, because responses have few steps.", Source: FromAttnRL + "FCI, after Thought Anchors, arXiv 2506.19143", also: []string{"delta"}},
	{Word: "focus", Means: "What the answer pays to a token of a step: the sum over the answer's tokens, the mean over the step's.", Formula: "S_k = (1/|s_k|) Σ a(m → n), m in the answer, n in s_k", Source: FromATTNPO + "step score (its figure 3 and summaries)", also: []string{"S"}},
	{Word: "key-focus head", Means: "A head through which the answer looks at the needed steps and away from redundant ones. ATTNPO averages the focus of the best few. Whether such heads know more than the place of a step is open here.", Source: FromATTNPO + "key-focus heads (second-hand)", also: []string{"KFH"}},
	{Word: "SRA", Means: "Step ranking accuracy: how often a head's focus ranks a needed step over a redundant one of the same response. 0.5 is chance; the place of a step alone, earlier first, has 0.85 here.", Formula: "share of pairs with S(needed) > S(redundant); ties count half", Source: FromATTNPO + "key-focus heads; read as an AUC, which is our reading", also: []string{"step ranking accuracy"}},
	{Word: "receiver head", Means: "A head in which few steps receive most of the later attention: one with high kurtosis.", Source: "Thought Anchors, arXiv 2506.19143, receiver heads, by its code"},
	{Word: "kurtosis", Means: "How much of a head's attention goes to few steps: the fourth standardised moment of what steps receive, less 3. A normal distribution has 0.", Formula: "mean of ((x − mean) / s)⁴ − 3", Source: "Thought Anchors, arXiv 2506.19143, receiver heads, by its code"},
	{Word: "disruption", Means: "Attention to one step is cut for all later tokens and the rest is sampled again. The loss of accuracy shows how much the model relied on the step. The other weights stay unchanged.", Formula: "loss = accuracy of controls − accuracy with the cut", Source: FromAttnRL + "disruption analysis"},
}

var wordsOfTrees = []Entry{
	{Word: "branch tree", Means: "Responses to one problem that share beginnings. The root is the prompt, and initial responses are its children. At a branch point the original continues beside the new rollouts.", Source: fromTreeRL + "EPTree; " + FromAttnRL + "tree values", also: []string{"tree", "EPTree"}},
	{Word: "node", Means: "A stretch of tokens between two cuts of a response. All its tokens get one advantage."},
	{Word: "leaf", Means: "The end of a response: the last node on a path from the root, and the only kind with a reward of its own.", also: []string{"leaves"}},
	{Word: "branch point", Means: "A place where a response is cut and sampled again. AttnRL takes the earliest steps out of the top 20 % by FCI, TreeRL the tokens with the largest −log p.", Source: FromAttnRL + "ATB, eq. 7; " + fromTreeRL + "EPTree"},
	{Word: "ATB", Means: "Attention-based tree branching: branch points by FCI. The chosen step itself is sampled again.", Source: FromAttnRL + "ATB, eq. 7"},
	{Word: "ADS", Means: "Adaptive sampling: drop easy problems of low FCI, expand more responses of hard problems, and adjust the batch towards a steady number of useful sequences.", Formula: "trees = Round(M e^−z), z the pass rate", Source: FromAttnRL + "ADS, eq. 8 to 10"},
	{Word: "M", Means: "Initial responses for a problem. With N branch points in each and T rollouts at each there are M(1 + NT) leaves.", Source: fromTreeRL + "EPTree", also: []string{"initial responses"}},
	{Word: "value", Means: "How often a response ends well from here: the share of right leaves below a node.", Formula: "V(s) = mean reward of the leaves below s", Source: FromAttnRL + "eq. 2; " + fromTreeRL + "values", also: []string{"V"}},
	{Word: "GA", Means: "Global advantage: how much better a node is than the problem on average.", Formula: "GA(s) = V(s) − V(root)", Source: FromAttnRL + "eq. 2 and 3; " + fromTreeRL + "values", also: []string{"global advantage"}},
	{Word: "LA", Means: "Local advantage: how much better a node is than the one it came from.", Formula: "LA(s) = V(s) − V(parent)", Source: FromAttnRL + "eq. 2 and 3; " + fromTreeRL + "values", also: []string{"local advantage"}},
	{Word: "tree advantage", Means: "The advantage on which a node's tokens are trained. The tokens are part of every path below the node; the square root makes up for that.", Formula: "A(s) = (GA(s) + LA(s)) / √|L(s)|, |L(s)| the leaves below s", Source: FromAttnRL + "eq. 2 and 3; " + fromTreeRL + "values"},
	{Word: "valid group", Means: "The rollouts of a problem if some are right and some wrong. If all are equal, every advantage is 0 and the model learns nothing.", Source: FromAttnRL + "branching statistics; DAPO, dynamic sampling", also: []string{"valid", "mixed", "all-correct", "all-wrong"}},
	{Word: "generated tokens", Means: "Tokens that the model really sampled. The shared beginning of branches counts once here, and once per branch among the charged tokens.", also: []string{"charged tokens", "sampled tokens"}},
}
