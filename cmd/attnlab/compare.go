package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"attnlab/rl"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

var compareCommand = command{
	name:  "compare",
	takes: "DIR",
	does:  "compares finished runs in a table and a plot",
	about: `
Each DIR is a run by attnlab train, measured at its end. Runs that differ only in their seed make one row: means over seeds ± their standard
deviation. Accuracy, think tokens and steps are of the evaluation at the end, on fresh problems; groups, tokens, updates and time are of
the training itself. Unfinished runs are skipped and listed. For runs that have only their metrics, the last 5 training steps are taken as
the trained model and the first step as the base.

Numbers are averaged and subtracted only where they were measured alike: base, task, teacher, difficulty, temperature, top-p and longest
response. Differences are listed. --json reports in "measured" how the first seed of a row was measured and in
"measured_seeds" all of them; the text has a table for it.

  reflections       words of re-checking a response, at the easiest and the hardest difficulty
  redundant removed   share of the base's redundant steps, a response, that the trained model does not write
  essential lost      the same of its essential and correcting steps; negative where there are more
  AES                 accuracy-efficiency score: share of think tokens removed, plus 3 × the relative gain in accuracy or minus 5 × the loss
  score ~ place       rank correlation, within a response, of the scores by which a method chooses or weighs steps with their place: 1 is
                      earlier first, 0 has nothing of it
  charged             tokens generated, where a prefix that a branch or revision continues counts as generated

Each run measured its base with the same seed: on the problems of its evaluation, or in older runs by the probe before the first step.
--base takes an evaluation by attnlab eval --json instead, which must have been measured like the runs.

--paired contrasts one row with every other. Runs of one seed have the same problems and random numbers, so seeds are pairs; rows with one
seed in common, such as two checkpoints, are paired by problem. p values are adjusted by Holm for all contrasts of the table. A verdict is one
of three: shown, not shown, and, where --within names the difference that is too small to matter, shown to be absent within it.

  attnlab compare --runs web/runs/* --paired attnpo --outcome redundant_steps
  attnlab eval --problems 2000 --json > base.json
  attnlab compare --runs runs/* --base base.json
  attnlab compare --runs runs/grpo-1 runs/attnpo-1 --reach 0.6 --markdown
  attnlab compare --runs runs/attnpo-1 --ship web/runs
`,
	flags: func(_ *options, f *flag.FlagSet) action {
		var dirs []string
		f.Func("runs", "`DIR` of a run; more of them may follow", func(dir string) error {
			dirs = append(dirs, dir)
			return nil
		})
		base := f.String("base", "", "`FILE` with an evaluation of the base by attnlab eval --json")
		reach := f.Float64("reach", 0, "`A`, show the tokens generated until the mean accuracy of 5 training steps first reached A")
		var pair pairing
		f.StringVar(&pair.row, "paired", "", "`ROW`, contrast this row of the table with every other, paired by seed")
		f.StringVar(&pair.outcome, "outcome", "", "`O`, the one outcome of --paired: "+strings.Join(runs.Outcomes, ", ")+"; all without it")
		f.Float64Var(&pair.within, "within", 0, "`X`, the difference of --outcome that is too small to matter; choose it before the runs")
		markdown := f.Bool("markdown", false, "print the tables for a README")
		ship := f.String("ship", "", "`DIR` to copy the runs to, for the lab's Compare page: web/runs")
		return func(ctx context.Context, c *console) error {
			return c.compare(ctx, append(dirs, c.args...), *base, *reach, *markdown, *ship, pair)
		}
	},
}

// comparison is what compare prints.
type comparison struct{ runs.Comparison }

func (c *console) compare(ctx context.Context, dirs []string, base string, reach float64, markdown bool, ship string, pair pairing) error {
	if len(dirs) == 0 {
		return wrongUsage("compare: --runs is missing; give the folders of runs")
	}
	if !(reach >= 0 && reach <= 1) {
		return wrongUsage("--reach is %g, it must lie between 0 and 1", reach)
	}
	if markdown && c.json {
		return wrongUsage("compare: give either --markdown or --json")
	}
	if err := pair.check(); err != nil {
		return err
	}
	var list []runs.Named
	for _, dir := range dirs {
		r, err := readRun(ctx, dir)
		if err != nil {
			return err
		}
		list = append(list, runs.Named{Name: dir, Run: r})
	}
	var of *runs.BaseEvaluation
	if base != "" {
		data, err := os.ReadFile(base)
		if err != nil {
			return fmt.Errorf("--base: %w", err)
		}
		of = &runs.BaseEvaluation{From: base}
		if err := of.Decode(data); err != nil {
			return fmt.Errorf("--base: %s: %w", base, err)
		}
	}
	made, err := runs.Compare(list, rl.Names(rl.Methods), of, reach)
	if err != nil {
		return err
	}
	d := comparison{made}
	if pair.row != "" {
		if d.Paired, err = d.PairWith(pair.row, pair.outcomes(), pair.within); err != nil {
			return err
		}
	}
	if ship != "" {
		if err := c.ship(ctx, ship, d.Rows); err != nil {
			return err
		}
	}
	return c.print(d.Comparison, func(w io.Writer) {
		if len(d.Paired) > 0 {
			d.paired(w, markdown)
			return
		}
		d.tables(w, markdown)
		if !markdown {
			d.plot(w)
		}
	})
}

// readRun reads the folder of a run by reinforcement learning, without its checkpoint's files.
func readRun(ctx context.Context, dir string) (r runs.Run, err error) {
	store, id, err := runs.InFolder(dir)
	if err != nil {
		return r, err
	}
	names, err := store.Names(ctx, id)
	if err != nil && !errors.Is(err, syscall.ENOTDIR) {
		return r, err
	}
	if !slices.Contains(names, runs.RunFile) {
		return r, fmt.Errorf("there is no run in %s; give folders that attnlab train wrote", dir)
	}
	files, err := store.Load(ctx, id, slices.DeleteFunc(slices.Clone(names), func(name string) bool { return path.Ext(name) == ".safetensors" })...)
	if err == nil {
		r, err = runs.Read(files)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", dir, err)
	}
	if slices.Contains(names, runs.StateFile) {
		r.Checkpoint = map[string][]byte{runs.StateFile: {}} // there is one; its content does not matter here
	}
	m, err := rl.MethodOf(r.Settings.Method)
	if err != nil {
		return r, fmt.Errorf("the run in %s is of the method %q, which cannot be compared; choose runs of %s", dir, r.Settings.Method, strings.Join(rl.Names(rl.Methods), ", "))
	}
	if r.Settings.Task != "" { // version 1 leaves out the default
		if _, err := task.Find(r.Settings.Task); err != nil {
			return r, fmt.Errorf("%s: %w", path.Join(dir, runs.RunFile), err)
		}
	}
	if err := r.Settings.Complete(m.Params); err != nil {
		return r, fmt.Errorf("%s: %w", dir, err)
	}
	return r, nil
}
