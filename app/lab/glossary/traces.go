package glossary

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
