// Package rl is reinforcement learning of reasoning as plain Go on slices: problems, verified traces, step scores and credit.
//
// # The nouns
//
//   - A [Task] is a family of problems with a verifier and a true label for every step. [Chain] follows a path of definitions
//     modulo ten; [Countdown] searches for an expression that reaches a target; [Relay] has one step, at a known place that varies, that
//     decides whether the answer can be right.
//
//   - A [Problem] is a prompt, its difficulty and its gold answer. The prompt holds everything: a problem can be written down,
//     sent to another process and judged there.
//
//   - A rollout is what a policy wrote after the prompt: the response, up to and including <eos>.
//
//   - A [Step] is one line of the think part, the tokens up to and including "\n", with its [Label].
//
//   - A [Trace] is a rollout cut into steps and verified. Token positions count from 0 at the first prompt token, ranges are half
//     open.
//
//   - A score is one number for each step, and where attention is meant for each layer and head as well.
//
//   - A tree is a set of rollouts that share prefixes; its nodes are steps or pieces of steps.
//
//   - Credit turns rewards and scores into one advantage for each response token.
//
//   - A [Policy] is a model that writes responses. A [Run] trains one by one of the [Methods], a step at a time; each method's file
//     has its step in the order of the papers: sample, score, credit, loss, step.
//
// Because every step has a true label, credit assignment itself can be marked: a good rule pays essential and correcting steps
// and charges redundant ones.
//
// # Random numbers
//
// Nothing here draws from a global source. Problems and demonstrations come from a PCG of math/rand/v2 seeded with (seed, stream),
// one stream for problems and one for teachers, so the same seed gives the same problem on every machine.
package rl
