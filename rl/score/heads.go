package score

// HeadScore is one number for each head, which pages and figures show as a colour.
type HeadScore struct {
	Name    string // in links and JSON
	Symbol  string // short, for a tab or a column head
	Title   string
	Unit    string // empty for a number without one
	Meaning string // one or two sentences
	Formula string
	Source  string // paper and section

	OfTrace    bool    // it is of a whole trace and the same for every step
	EveryStep  bool    // steps have it that nothing is late enough to look at, and the first one
	ManyTraces bool    // it is measured over many traces; otherwise it is a score of one trace, of each step unless OfTrace
	Chance     float64 // the value of a head that knows nothing, in the middle of a scale from 0 to 1; 0 where there is none
}

// HeadScores lists the scores of heads, in the order in which they are shown.
var HeadScores = []HeadScore{
	{Name: FCI.Name, Symbol: FCI.Symbol, Title: FCI.Title, Unit: FCI.Unit,
		Meaning: "Forward context influence: what steps from Δ later on pay to a token of the step, summed.",
		Formula: "Σ over j ≥ k+Δ of α(j, k)", Source: FCI.Source},
	{Name: Focus.Name, Symbol: Focus.Name, Title: Focus.Title, Unit: Focus.Unit,
		Meaning: "What all tokens of the answer together pay to a token of the step.",
		Formula: "S(k) = (answer tokens) · α(answer, k)", Source: Focus.Source, EveryStep: true},
	{Name: FCIMean.Name, Symbol: "vertical", Title: "vertical score, mean over later steps",
		Meaning: "What a later step pays to a token of the step, mean over the steps from Δ later on: Thought Anchors' vertical score of a head. A step gains nothing from having many steps after it.",
		Formula: "mean over j ≥ k+Δ of α(j, k)", Source: "Thought Anchors, arXiv 2506.19143, vertical scores"},
	{Name: FCIOverUniform.Name, Symbol: "÷ uniform", Title: "vertical score over uniform attention",
		Meaning: "As the vertical score, each weight divided by that of uniform attention: 1 is a head that does not choose between tokens.",
		Formula: "mean over j ≥ k+Δ of α(j, k) · (tokens that step j sees)"},
	{Name: Flow.Name, Symbol: "flow", Title: Flow.Title, EveryStep: true,
		Meaning: "The share of what flows from the prompt to the answer, along many hops of this head's attention alone, that passes through the step.",
		Formula: "f(k) = Σ over j < k of f(j) c(j → k) g(k) / g(j), c(j → k) = (tokens of j) · α(k, j)", Source: Flow.Source},
	{Name: Receiver.Name, Symbol: "receiver", Title: "receiver score, on this trace", OfTrace: true,
		Meaning: "Kurtosis of the head's vertical scores over the steps of this trace: high where few steps receive most of the attention, as in a receiver head. One trace is a small sample: kurtosis over many traces is measured with the key-focus heads.",
		Formula: "fourth standardised moment of the vertical scores of the steps, less 3",
		Source:  "Thought Anchors, arXiv 2506.19143, receiver heads, by its code"},
	{Name: "sra", Symbol: "ranking", Title: "step ranking accuracy",
		Meaning: "Step ranking accuracy: how often a needed step gets more focus than a redundant one. 0.5 is chance.",
		Formula: "share of pairs of a needed and a redundant step of a response with S(needed) > S(redundant); ties count half",
		Source:  "ATTNPO, arXiv 2602.09953, key-focus heads; read as an AUC, which is our reading", ManyTraces: true, Chance: 0.5},
	{Name: "kurtosis", Symbol: "kurtosis", Title: "kurtosis",
		Meaning: "Kurtosis of what steps receive from later ones: high where few steps receive most of the attention, as in a receiver head.",
		Formula: "fourth standardised moment of the vertical scores of a trace, less 3; mean over traces",
		Source:  "Thought Anchors, arXiv 2506.19143, receiver heads, by its code", ManyTraces: true},
}
