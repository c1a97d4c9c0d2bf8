// Package examine looks at a model over traces.
//
// [Attempts] samples and verifies responses, [Evaluate] summarises them, [HeldOut] measures a policy again and again on the same
// problems. [Examine] and [Look] compute what one forward pass says about a trace: log-probabilities, entropies, attention between
// steps, and through [Examined.Input] every score of package score. [ScoreHeads] rates heads. [Disrupt] ablates a step and measures
// whether the model still finds the answer.
package examine
