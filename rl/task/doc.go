// Package task has the problems that models reason about: plain Go, without a model and without a GPU.
//
// A [Task] makes problems, writes a teacher's demonstrations, and judges responses. A [Problem] is a prompt with its difficulty and
// its right answer; everything follows from the prompt, so a problem can be written down, sent to another process and judged
// there. A response is what a policy writes after the prompt, up to and including <eos>. A [Trace] is prompt and response, cut into
// steps and verified; a [Step] is one line of the think part, and its [Label] is the truth about it, found by replaying the trace.
// Token positions count from 0 at the first prompt token, and ranges are half open.
//
// [Tasks] lists the kinds of tasks: [ChainKind], [CountdownKind] and [RelayKind]. [Draw] draws problems, so that no model is measured on what it
// was trained on.
//
// Nothing draws from a global source of random numbers: the same key gives the same problem on every machine.
package task
