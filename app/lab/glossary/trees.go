package glossary

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
	{Word: "training compute", Means: "Floating-point operations of the updates, forward and backward, in billions. A tree packs a prefix with each response that continues it, so it trains on it several times. Sampling is not in it.", Formula: "6 N (weights of matrices) + 12 L H C Σ n (n + 1) / 2, N = Σ n tokens", Source: "counted by the trainer", also: []string{"GFLOP"}},
}
