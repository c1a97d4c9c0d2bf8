package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"attnlab/gpu"
	"attnlab/rl"
	"attnlab/rl/runs"
)

var reproduceCommand = command{
	name:  "reproduce",
	takes: "TABLE",
	does:  "makes a table of docs/results.md from nothing",
	about: `
Without TABLE it lists the tables: what each is about, how many runs it takes, and the minutes that training them took on two busy cores, one at a
time and without evaluation, where somebody timed it.

With TABLE it trains every run of the table, one after another, seed by seed, evaluates it, and prints the table and its contrasts as in the docs. Methods, seeds,
settings and contrasts are part of the table; there is nothing to choose. Each run is a folder in DIR, as by attnlab train. Ctrl-C saves and stops; the same command continues where it stopped, and
finished runs are not trained again. A run in DIR with other settings is refused by name.

The numbers of the docs are of the backend host on a processor with AVX2, which repeats them to the last digit. On another backend last digits differ, and single runs
move with them.

--ablate METHOD makes a table that is not in the docs: the method and the method with each of its switches off, on seeds 1 to 3 of task chain, contrasted in
all outcomes. It is for a first look: with three seeds little can be shown, and no outcome was declared.

  attnlab reproduce
  attnlab reproduce attnpo
  attnlab reproduce relay --out runs/relay
  attnlab reproduce attnpo --out web/runs
  attnlab reproduce --ablate attnpo
`,
	flags: func(_ *options, f *flag.FlagSet) action {
		out := f.String("out", "", "`DIR` for the folders of the runs; by default runs/ and the name of the table")
		ablate := f.String("ablate", "", "`METHOD` to train whole and with each of its switches off, instead of a TABLE")
		return func(ctx context.Context, c *console) error { return c.reproduceNamed(ctx, *ablate, *out) }
	},
}

// reproduceNamed lists the tables, or makes the one that is named.
func (c *console) reproduceNamed(ctx context.Context, ablate, out string) error {
	var r runs.Recipe
	var err error
	switch {
	case len(c.args) > 1 || len(c.args) == 1 && ablate != "":
		return wrongUsage("reproduce: give one table at a time")
	case c.given["seed"] != "":
		return wrongUsage("reproduce: the seeds are part of the table; leave out --seed")
	case ablate != "":
		r, err = ablation(ablate)
	case len(c.args) == 1:
		r, err = runs.FindRecipe(c.args[0])
	case out != "":
		return wrongUsage("reproduce: --out is for a table; name one, \"attnlab reproduce\" lists them")
	default:
		return c.print(runs.Recipes, listRecipes)
	}
	if err != nil {
		return wrongUsage("reproduce: %w", err)
	}
	if out == "" {
		out = filepath.Join("runs", r.Name)
	}
	return c.reproduce(ctx, r, out)
}

func listRecipes(w io.Writer) {
	t := table{head: []string{"table", "about", "runs", "minutes"}}
	for _, r := range runs.Recipes {
		minutes := "not timed"
		if r.Minutes > 0 {
			minutes = fmt.Sprintf("%.0f", r.Minutes)
		}
		t.add(r.Name, r.Title, fmt.Sprint(len(r.Runs())), minutes)
	}
	t.write(w, false)
}

// switchedOff are a method's rows of a table of ablation: the method with each of its switches off.
func switchedOff(m rl.Method) (flags []string) {
	for _, p := range m.Params {
		if slices.Contains(p.Choices, "off") && p.Lab.String() == "on" {
			flags = append(flags, m.Name+" --"+p.Name+" off")
		}
	}
	return flags
}

// ablation is a method whole and with each of its switches off.
func ablation(method string) (runs.Recipe, error) {
	var able []string
	var flags []string
	for _, m := range rl.Methods {
		if off := switchedOff(m); len(off) > 0 {
			able = append(able, m.Name)
			if m.Name == method {
				flags = append([]string{method}, off...)
			}
		}
	}
	if flags == nil {
		return runs.Recipe{}, fmt.Errorf("there is no method %q with a switch that is on, so nothing to ablate; choose one of %s", method, strings.Join(able, ", "))
	}
	r := runs.Recipe{Name: "ablate-" + method, Common: "--budget 300000 --eval 1000",
		Tables: [][]string{{"method", "seeds", "accuracy", "redundant steps", "think tokens", "steps"}}}
	for i, f := range flags {
		r.Rows = append(r.Rows, runs.Planned{Flags: f, First: 1, Last: 3})
		if i > 0 {
			r.Contrasts = append(r.Contrasts, [2]string{method, f})
		}
	}
	return r, nil
}

// reproduce trains what is missing of a table's runs in out, and prints the table.
func (c *console) reproduce(ctx context.Context, r runs.Recipe, out string) error {
	all := r.Runs()
	var missing []runs.PlannedRun
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("no runs can be kept in %s: %w", out, err)
	}
	for _, p := range all { // before anything is trained: a run of other settings is in the way
		finished, err := c.finishedRun(ctx, r, p, filepath.Join(out, p.Folder()))
		if err != nil {
			return err
		}
		if !finished {
			missing = append(missing, p)
		}
	}
	for i, p := range missing {
		c.note("run %d of %d: %s, seed %d", len(all)-len(missing)+i+1, len(all), p.Row.Flags, p.Seed)
		if err := c.trainPlanned(ctx, r, p, filepath.Join(out, p.Folder())); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("stopped with %d of %s finished; the same command continues from there", len(all)-len(missing)+i, count(len(all), "runs"))
			}
			return err
		}
	}
	made, err := compareRecipe(ctx, r, out)
	if err != nil {
		return err
	}
	return c.print(made, func(w io.Writer) {
		for _, columns := range r.Tables {
			recipeTable(r, made, columns).write(w, true)
		}
		if len(made.Paired) > 0 {
			comparison{made}.paired(w, true)
		}
	})
}

// trainPlanned trains one run as "attnlab train" does, from the beginning or from where it stopped.
func (c *console) trainPlanned(ctx context.Context, r runs.Recipe, p runs.PlannedRun, dir string) error {
	args := append(r.Args(p), "--out", dir)
	if isFile(filepath.Join(dir, runs.RunFile)) {
		args = append(args, "--resume")
	}
	train, do, err := c.planned(args)
	if err != nil {
		return err
	}
	return do(ctx, train)
}

// finishedRun reports whether the run in dir is trained and evaluated. It returns an error where the folder has a run of other settings than the recipe's.
func (c *console) finishedRun(ctx context.Context, r runs.Recipe, p runs.PlannedRun, dir string) (bool, error) {
	if !isFile(filepath.Join(dir, runs.RunFile)) {
		return false, nil
	}
	have, err := readRun(ctx, dir)
	if err != nil {
		return false, err
	}
	plan, _, err := c.planned(r.Args(p))
	if err != nil {
		return false, err
	}
	if err := plan.checkFlags(dir, have.Settings); err != nil {
		return false, err
	}
	for name, value := range map[string]int64{"steps": int64(have.Settings.Steps), "budget": have.Settings.Budget} {
		if takes := plan.given[name]; takes != "" && takes != fmt.Sprint(value) {
			return false, fmt.Errorf("the run in %s has --%s %d, and the table takes --%s %s; give another --out", dir, name, value, name, takes)
		}
	}
	return have.Result != nil && have.Result.Evaluation != nil && have.Result.Step == have.Log.Step(), nil
}

// planned is "attnlab train" with the flags of a run, on the backend host where this command was given no other. What it prints is left out.
func (c *console) planned(args []string) (train *console, do action, err error) {
	train = &console{options: defaults, stdin: strings.NewReader(""), stdout: io.Discard, stderr: c.stderr, given: map[string]string{}}
	f := flag.NewFlagSet(trainCommand.name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	train.every(f)
	do = trainCommand.flags(&train.options, f)
	if err := f.Parse(args); err != nil {
		return nil, nil, err
	}
	for i, arg := range args {
		if name, is := strings.CutPrefix(arg, "--"); is && i+1 < len(args) {
			train.given[name] = args[i+1]
		}
	}
	train.backend = gpu.Host
	if c.given["backend"] != "" {
		train.backend = c.backend
	}
	return train, do, nil
}

// compareRecipe compares the runs of a recipe in its order of rows, with its contrasts.
func compareRecipe(ctx context.Context, r runs.Recipe, out string) (made runs.Comparison, err error) {
	var list []runs.Named
	for _, p := range r.Runs() {
		dir := filepath.Join(out, p.Folder())
		one, err := readRun(ctx, dir)
		if err != nil {
			return made, err
		}
		list = append(list, runs.Named{Name: dir, Run: one})
	}
	if made, err = runs.Compare(list, rl.Names(rl.Methods), nil, r.Reach); err != nil {
		return made, err
	}
	var pairs [][2]int
	for _, pair := range r.Contrasts {
		pairs = append(pairs, [2]int{rowOf(r, made, pair[0]), rowOf(r, made, pair[1])})
	}
	outcomes := runs.Outcomes
	if r.Outcome != "" {
		outcomes = []string{r.Outcome}
	}
	made.Paired, err = made.Pair(ctx, pairs, outcomes, 0)
	return made, err
}

// rowOf is the index of the row of a comparison that has the runs of a recipe's row. It panics where there is none, as the comparison is of that recipe.
func rowOf(r runs.Recipe, made runs.Comparison, flags string) int {
	at := slices.IndexFunc(r.Rows, func(p runs.Planned) bool { return p.Flags == flags })
	folder := runs.PlannedRun{Row: r.Rows[at], Seed: r.Rows[at].First}.Folder()
	return slices.IndexFunc(made.Rows, func(row runs.Row) bool {
		return slices.ContainsFunc(row.Runs, func(n runs.Named) bool { return filepath.Base(n.Name) == folder })
	})
}
