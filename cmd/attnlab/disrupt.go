package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

var disruptCommand = command{
	name: "disrupt",
	does: "measures accuracy after attention to one step is removed",
	about: `
It samples answers, takes the correct ones with at least two steps, cuts each after a chosen step and lets the model continue, once
unchanged (control) and once with the attention of all later tokens to that step set to zero. The step is chosen at random among

  fci      the top 20 % of the steps by forward context influence
  other    the other 80 %
  entropy  the top 20 % by mean entropy of their tokens
  random   all

Any other score of attnlab trace takes its top 20 % too. --pick with a score measures "other" as well, to compare with; --pick all
measures the four. baseline is the accuracy of all controls, sampled_accuracy that of the answers before they were cut.

--measure answer draws nothing: it removes attention to every step of every response in turn, right or wrong, labelled or not, and reports
how much less likely the response's own answer part becomes, in nats, as the mean over the steps that each rule chooses from.

  attnlab disrupt --problems 500
  attnlab disrupt --pick fci --json
  attnlab disrupt --model FOLDER --task few-shot-chain --problems 50 --measure answer
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeAnyTask(f)
		o.takeOpened(f)
		s := takeSampled(f, 300)
		pick := f.String("pick", "all", "`fci|entropy|random|all`, or the name of another score: which step to remove")
		delta := f.Int("delta", defaultDelta(), "`Δ`, steps from which on later steps count for FCI")
		measure := f.String("measure", "accuracy", "`accuracy|answer`: of what, the share of right continuations or the log-probability of the answer")
		return func(ctx context.Context, c *console) error {
			picks, err := picksOf(*pick)
			if err := cmp.Or(err, s.check(), checkDelta(*delta)); err != nil {
				return err
			}
			if *measure != "accuracy" && *measure != "answer" {
				return wrongUsage("disrupt: --measure is %q, it must be accuracy or answer", *measure)
			}
			return c.disrupt(ctx, *s, *delta, picks, *measure == "answer")
		}
	},
}

func picksOf(pick string) ([]score.StepChoice, error) {
	if pick == "all" {
		return score.StepChoices(), nil
	}
	choice, err := score.ParseChoice(pick)
	switch {
	case err != nil:
		return nil, wrongUsage("disrupt: --pick: %w, or all", err)
	case choice == score.ChooseRandom || choice == score.ChooseOther:
		return []score.StepChoice{choice}, nil
	}
	return []score.StepChoice{choice, score.ChooseOther}, nil
}

// disruptDocument is what disrupt prints.
type disruptDocument struct {
	Baseline        float64              `json:"baseline"`
	SampledAccuracy float64              `json:"sampled_accuracy"`
	Problems        int                  `json:"problems"`
	Groups          []examine.Disruption `json:"groups"`
	Longest         int                  `json:"max_length"` // tokens of the longest response
	openedAs
}

// answerDocument is what disrupt --measure answer prints.
type answerDocument struct {
	Problems int                        `json:"problems"`
	Groups   []examine.AnswerDisruption `json:"groups"`
	Longest  int                        `json:"max_length"` // tokens of the longest response
	openedAs
}

func (d answerDocument) text(w io.Writer) {
	fmt.Fprintf(w, "step picked\tloss of the answer's log-probability, nats\tresponses\n")
	for _, g := range d.Groups {
		fmt.Fprintf(w, "%s\t%.3f ± %v\t%d\n", strings.ReplaceAll(string(g.Pick), "fci", "FCI"), g.Loss, g.StandardError, g.Problems)
	}
}

func (c *console) disrupt(ctx context.Context, s sampled, delta int, picks []score.StepChoice, answers bool) error {
	l, err := c.openLab(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	if err := judgedTask("disrupt", l.Task); err != nil {
		return err
	}
	s.problems = c.some(l.Task, s.problems)
	s.longest = examine.Cap(s.longest, l.MaxContext)
	problems := task.Problems(l.Task, task.EvalStream, c.seed, s.problems)
	d, sampling, err := c.decoder(l, s.problems*len(picks), l.inUse(problems, s.longest), s.temperature)
	if err != nil {
		return err
	}
	attempts, err := c.attempts(ctx, l, d, problems, s.longest, sampling)
	if err != nil {
		return err
	}
	traces := tracesOf(attempts)
	scorer, err := l.scorer(traces)
	if err != nil {
		return err
	}
	examined, err := c.examined(ctx, scorer, traces, delta)
	if err != nil {
		return err
	}
	if answers {
		losses, stopped := c.answerLosses(ctx, d, traces)
		document := answerDocument{len(losses), examine.DisruptAnswers(examined[:len(losses)], losses, picks), s.longest, l.openedAs()}
		if len(document.Groups) == 0 {
			return cmp.Or(stopped, examine.NoAnswers(len(attempts)))
		}
		if err := c.print(document, document.text); err != nil {
			return err
		}
		return stopped
	}
	p := c.progress("continuing from cuts")
	groups, err := examine.Disrupt(ctx, d, l.Task, attempts, examined, picks, s.longest, c.seed, sampling, func(done, of int) { p.set(done, of, "") })
	p.end()
	switch {
	case err != nil && ctx.Err() == nil:
		return err
	case len(groups) == 0 && err != nil:
		return fmt.Errorf("stopped before the first cut was finished")
	case len(groups) == 0:
		return examine.NoCuts(len(attempts))
	case err != nil:
		err = fmt.Errorf("stopped after %d problems", groups[0].Problems)
	}
	document := disruptDocument{Problems: len(attempts), Groups: groups, SampledAccuracy: examine.Evaluate(l.Task, attempts).Accuracy, Longest: s.longest, openedAs: l.openedAs()}
	for _, g := range groups {
		document.Baseline += g.Control / float64(len(groups))
	}
	if err := c.print(document, document.text); err != nil {
		return err
	}
	return err
}

func (d disruptDocument) text(w io.Writer) {
	fmt.Fprintf(w, "step picked\tcontrol\tdisrupted\tloss\tessential\tproblems\n")
	for _, g := range d.Groups {
		fmt.Fprintf(w, "%s\t%.3f\t%.3f ± %v\t%.3f ± %v\t%.2f\t%d\n",
			strings.ReplaceAll(string(g.Pick), "fci", "FCI"), g.Control, g.Accuracy, g.StandardError, g.Loss, g.LossError, g.Essential, g.Problems)
	}
	fmt.Fprintf(w, "\nof %d responses %.3f were correct\n", d.Problems, d.SampledAccuracy)
}
