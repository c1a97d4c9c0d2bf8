package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"attnlab/rl/runs"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

var rolloutsCommand = command{
	name:  "rollouts",
	takes: "DIR",
	does:  "lists the saved responses of a run by step, problem, outcome and reward",
	about: `
"attnlab train" and the page save the responses of every training step in rollouts.jsonl.gz beside the log: a line of JSON each, and
each step a gzip member, so that zcat and zgrep read it while the run goes. docs/rollouts.md describes the fields.

The list has alarms first: sentences with figures about groups whose rewards are all equal, responses that have become long, that repeat themselves, or
that answer without reasoning. Then a line a step, of the responses that match, and the responses. --problem takes the name of a problem or a part of
its prompt; a problem that comes again shows how the answers to it change through training.

Rollouts of another trainer are those of verl's trainer.rollout_data_dir, or TRL's table of completions: a file, as lines of JSON or Parquet, or the folder
with a file a step.

  attnlab rollouts runs/grpo
  attnlab rollouts runs/grpo --steps 30-40 --outcome wrong --most 0.1
  attnlab rollouts runs/own --problem "How many" --json
  attnlab rollouts verl-rollouts
  attnlab rollouts completions/completions_00020.parquet
`,
	flags: func(_ *options, f *flag.FlagSet) action {
		var filter runs.RolloutFilter
		steps := f.String("steps", "", "`N|N-M`, training steps to take")
		f.StringVar(&filter.Problem, "problem", "", "`TEXT`, name of a problem or part of its prompt")
		f.StringVar(&filter.Outcome, "outcome", "", "`"+strings.Join(runs.RolloutOutcomes, "|")+"`, responses to take")
		reward := func(to **float64) func(string) error {
			return func(text string) error {
				x, err := strconv.ParseFloat(text, 64)
				if math.IsNaN(x) {
					err = errors.New("it is not a number")
				}
				*to = &x
				return err
			}
		}
		f.Func("least", "`X`, the least reward to take", reward(&filter.Least))
		f.Func("most", "`X`, the largest reward to take", reward(&filter.Most))
		first := f.Int("first", 0, "`N`, leave out so many of the matching responses")
		limit := f.Int("limit", 20, "`N`, responses to list, 0 for all")
		return func(ctx context.Context, c *console) error {
			if len(c.args) != 1 {
				return wrongUsage("rollouts: give the folder of one run")
			}
			if *steps != "" {
				r, err := task.ParseRange(*steps)
				if err != nil {
					return wrongUsage("rollouts: --steps %v", err)
				}
				if r.Min < 1 {
					return wrongUsage("rollouts: --steps begins at 1")
				}
				filter.From, filter.To = r.Min, r.Max
			}
			if err := atLeast(0, "limit", *limit); err != nil {
				return err
			}
			if err := atLeast(0, "first", *first); err != nil {
				return err
			}
			if err := filter.Check(); err != nil {
				return wrongUsage("rollouts: %v", err)
			}
			return c.rollouts(ctx, c.args[0], filter, *first, *limit)
		}
	},
}

// rolloutsDocument is what rollouts prints.
type rolloutsDocument struct {
	Run  string `json:"run"`
	Note string `json:"note,omitempty"` // what is not known of the log of another trainer
	runs.Browsed
}

func (c *console) rollouts(ctx context.Context, of string, f runs.RolloutFilter, first, limit int) error {
	all, note, err := c.savedRollouts(ctx, of)
	if err != nil {
		return err
	}
	d := rolloutsDocument{of, note, runs.Browse(all, f, first, limit)}
	return c.print(d, d.text)
}

// savedRollouts are those of a run's folder.
func (c *console) savedRollouts(ctx context.Context, of string) (all []runs.Rollout, note string, err error) {
	info, err := os.Stat(of)
	if err != nil {
		return nil, "", fmt.Errorf("there is no file or folder %s; give the folder of a run, or rollouts of TRL or verl", of)
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return nil, "", fmt.Errorf("%s is neither a file nor a folder; give the folder of a run, or rollouts of TRL or verl", of)
		}
		return foreignRollouts(of)
	}
	store, id, err := runs.InFolder(of)
	if err != nil {
		return nil, "", err
	}
	names, err := store.Names(ctx, id)
	if err != nil {
		return nil, "", err
	}
	if !runs.IsRun(names) && !slices.ContainsFunc(names, runs.IsRollouts) {
		if r, files, err := foreignFolder(of); err != nil || files != nil {
			if err == nil {
				all, err = runs.ReadRollouts(files)
			}
			return all, r.Settings.Note, err
		}
	}
	files, err := runs.RolloutFiles(ctx, store, id, runs.Run{})
	if err != nil {
		return nil, "", err
	}
	if all, err = runs.ReadRollouts(files); err != nil {
		c.note("%v", err)
	}
	if len(all) == 0 {
		return nil, "", fmt.Errorf("there are no rollouts in %s; attnlab train saves them unless --save-rollouts is 0", of)
	}
	return all, "", nil
}

// foreignRollouts are those in a file of TRL or verl, with what is not known of them.
func foreignRollouts(file string) (all []runs.Rollout, note string, err error) {
	r, files, err := foreignFile(file)
	if err != nil {
		return nil, "", err
	}
	if all, err = runs.ReadRollouts(files); err == nil && len(all) == 0 {
		err = fmt.Errorf("%s is a log without rollouts; give a file of rollouts", file)
	}
	return all, r.Settings.Note, err
}

func (d rolloutsDocument) text(w io.Writer) {
	if d.Note != "" {
		fmt.Fprintln(w, d.Note)
	}
	for _, a := range d.Alarms {
		fmt.Fprintln(w, "! "+a.Text)
	}
	fmt.Fprintf(w, "%d of %d rollouts match\n\nstep\trollouts\tright\treward\ttokens\t|advantage|\n", d.Matches, d.All)
	for _, s := range d.Steps {
		tokens := "–" // unknown of rollouts of TRL
		if s.Tokens > 0 {
			tokens = stat.Decimals(s.Tokens, 1)
		}
		fmt.Fprintf(w, "%d\t%d\t%s\t%.3f\t%s\t%s\n", s.Step, s.Rollouts, orDash(s.Right), s.Reward, tokens, orDash(s.Advantage))
	}
	for _, r := range d.Rows {
		fmt.Fprintf(w, "\nstep %d, %s\n%s\n%s\n", r.Step, strings.Join(marksOf(r), ", "), strings.TrimSpace(r.Prompt), strings.TrimSpace(r.Response))
	}
	if left := d.Matches - d.First - len(d.Rows); left > 0 {
		fmt.Fprintf(w, "\n%d more; list them by --first %d\n", left, d.First+len(d.Rows))
	}
}

func orDash(x *float64) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf("%.3f", *x)
}

// marksOf says what a rollout got, and why.
func marksOf(r runs.Rollout) (marks []string) {
	add := func(format string, args ...any) { marks = append(marks, fmt.Sprintf(format, args...)) }
	if r.Problem != "" {
		add("%s", r.Problem)
	}
	add("%s", strings.TrimSpace(fmt.Sprintf("response %d %s", r.Sample, r.Kind)))
	if r.Correct != nil {
		add("%s", map[bool]string{true: "right", false: "wrong"}[*r.Correct])
	}
	if r.Cut {
		add("cut off")
	}
	if r.Tokens > 0 {
		add("%d tokens", r.Tokens)
	}
	add("reward %g", r.Reward)
	if r.Advantage != nil {
		add("advantage %+g", *r.Advantage)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Parts)) {
		add("%s %g", name, r.Parts[name])
	}
	return marks
}
