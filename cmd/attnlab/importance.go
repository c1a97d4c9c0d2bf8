package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"

	"attnlab/rl/examine"
	"attnlab/rl/task"
	"attnlab/rl/task/text"
)

var importanceCommand = command{
	name: "importance",
	does: "measures how much each step contributes by sampling it again",
	about: `
It samples a response to each problem, right or wrong, and then, from before each of its steps and from after the last, N continuations of it and
N answers that are forced at once (Thought Anchors, arXiv 2506.19143). Three numbers say what a step contributes to the probability of success:

  importance  success of the continuations that keep the step, less success of those that write another step in its place, or none
  resampled   success of the continuations after the step, less success of all those from before it
  forced      success of answers forced after the step, less success of those forced before it

Another step is one with other words; in free text, with another text but for case, white space and punctuation around it, so a paraphrase is
another step. Brackets, low and high are 95 % intervals (Newcombe). Where nobody knows the right answer, as in task text, a continuation
succeeds where it gives the answer that the response gave.

spearman says how well FCI and focus (mean over all heads) rank the importance of the steps of a response, with two controls: position, earlier
first, and shuffled, the FCI of the response dealt out at random. repeat is importance by one half of the continuations ranking that by the
other half: more than that no score can reach. "over position" is paired over responses. Steps without an FCI or without another
continuation are not ranked, and responses with fewer than 4 ranked steps are left out.

  attnlab importance --problems 20 --samples 64
  attnlab importance --prompt "k 8 ; o 4 ; b &k * &o ; j &b + &o ; ? j" --samples 200 --json
  attnlab importance --model FOLDER --task text --prompt "What is 7 + 5 - 3? Think step by step." --samples 20
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeAnyTask(f)
		o.takeOpened(f)
		s := takeSampled(f, 20)
		samples := f.Int("samples", 32, "`N`, continuations of each kind from each place")
		prompt := f.String("prompt", "", "`TEXT` of one problem to take in place of drawn ones")
		delta := f.Int("delta", defaultDelta(), "`Δ`, steps from which on later steps count for FCI")
		return func(ctx context.Context, c *console) error {
			if err := cmp.Or(s.check(), within(1, maxProblems, "samples", *samples), checkDelta(*delta)); err != nil {
				return err
			}
			if _, given := c.given["problems"]; given && *prompt != "" {
				return wrongUsage("importance: --prompt is one problem; leave --problems out")
			}
			return c.importance(ctx, *s, *samples, *delta, *prompt)
		}
	},
}

// mostContinuations bounds the continuations of a command, which it remembers until they are summarised.
const mostContinuations = 50_000_000

func (c *console) importance(ctx context.Context, s sampled, samples, delta int, prompt string) error {
	l, err := c.openLab(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	problems, err := c.problemsFor(l.Task, prompt, &s)
	if err != nil {
		return err
	}
	s.longest = examine.Cap(s.longest, l.MaxContext)
	d, sampling, err := c.decoder(l, samples*len(problems), l.inUse(problems, s.longest), s.temperature)
	if err != nil {
		return err
	}
	attempts, stopped := c.attempts(ctx, l, d, problems, s.longest, sampling)
	if stopped != nil {
		return stopped
	}
	var resampled []*examine.Resampling
	var traces []task.Trace
	var of []int // problem of each trace
	all := 0
	for i, a := range attempts {
		r, err := examine.NewResampling(l.Task, a.Problem, a.Trace, samples, l.MaxContext, s.longest)
		if err != nil {
			if len(attempts) == 1 {
				return err
			}
			continue
		}
		resampled, traces, of, all = append(resampled, r), append(traces, a.Trace), append(of, i), all+r.Of()
	}
	switch {
	case len(resampled) == 0:
		return examine.NoSteps(len(attempts))
	case all > mostContinuations:
		return fmt.Errorf("this needs %d continuations and at most %d are taken; lower --samples or --problems", all, mostContinuations)
	}
	scorer, err := l.scorer(traces)
	if err != nil {
		return err
	}
	examined, err := c.examined(ctx, scorer, traces, delta)
	if err != nil {
		return err
	}
	if sampling.Temperature == 0 {
		sampling.Temperature = 1
		c.note("Greedy continuations would all be the same, so these are sampled at temperature 1.")
	}
	bar := c.progress("resampling steps")
	err = examine.Resample(ctx, d, resampled, sampling, func(done, of int) { bar.set(done, of, "") })
	bar.end()
	if err != nil && ctx.Err() == nil {
		return err
	}
	var important []examine.Important
	for i, r := range resampled {
		if r.Done() < r.Of() {
			break
		}
		important = append(important, examine.Important{Examined: examined[i], Importance: r.Steps()})
	}
	if len(important) == 0 {
		return errors.New("stopped before the continuations of the first response were finished")
	}
	if err != nil {
		stopped = fmt.Errorf("stopped after %d of %d responses", len(important), len(resampled))
	}
	document := newImportanceDocument(l.Task, important, of, samples, delta, c.seed)
	document.Sampled, document.Longest, document.openedAs = len(attempts), s.longest, l.openedAs()
	document.Success = "right"
	if problems[0].Gold == "" {
		document.Success = "same-answer"
	}
	if err := c.print(document, document.text); err != nil {
		return err
	}
	return stopped
}

// problemsFor are the problems of a command with --problems and --prompt: one prompt where it is given, else those of the evaluation stream.
func (c *console) problemsFor(kind task.Task, prompt string, s *sampled) ([]task.Problem, error) {
	free, isText := kind.(*text.Task)
	if prompt != "" || isText && !free.Answered {
		s.problems = 1
		p, err := c.problem(kind, prompt)
		return []task.Problem{p}, err
	}
	s.problems = c.some(kind, s.problems)
	return task.Problems(kind, task.EvalStream, c.seed, s.problems), nil
}
