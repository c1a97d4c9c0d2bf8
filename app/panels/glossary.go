package panels

// glossary are the words of the field, a sentence or two each.
var glossary = map[string]string{
	"trace":          "A rollout cut into steps, with all that is known of it: log-probabilities, attention, and whether each step was needed.",
	"rollout":        "A response that was sampled from the model, from the prompt to the end.",
	"step":           "One line of the model's reasoning, up to and with its line end.",
	"head":           "One of several attention patterns of a layer. In each, every token spreads a weight of 1 over the tokens before it, and reads from where the weight lies.",
	"label":          "The truth about a step, found by replaying the arithmetic. Essential: the right value of a needed variable, stated for the first time. Correcting: the right value after a wrong one. Redundant: nothing new. Wrong: not the true value. Malformed: no line of the grammar.",
	"fci":            "Forward context influence: how much later steps look back at a step, in the head that does so most. Open a number for its sum.",
	"temperature":    "What the logits are divided by before sampling. Below 1 the likely tokens get likelier; 0 is greedy, always the likeliest.",
	"top-p":          "Sample only from the smallest set of likeliest tokens that together have this probability; 1 is all of them.",
	"key-focus head": "A head through which the answer part looks at the steps that were needed, and away from redundant ones.",
	"SRA":            "Step ranking accuracy: how often a head ranks a needed step over a redundant one. 0.5 is chance.",
	"kurtosis":       "How much of a head's attention goes to few steps. Heads with much of it are called receiver heads.",
	"disruption":     "Attention to one step is cut for all later tokens, the rest is sampled again, and the loss of accuracy says how much the model relied on the step.",
	"standard error": "How far a measured mean may lie from the true one: the standard deviation divided by √n. Two of them to each side hold the truth 95 times in 100.",
}
