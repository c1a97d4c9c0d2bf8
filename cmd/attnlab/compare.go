package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"attnlab/rl"
	"attnlab/rl/parquet"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

var compareCommand = command{
	name:  "compare",
	takes: "DIR",
	does:  "compares finished runs in a table and a plot",
	about: `
Each DIR is a run by attnlab train, measured at its end, or a log of another trainer: trainer_state.json of TRL and transformers, the
lines of JSON of verl's file logger, rollouts of both (JSON lines, Parquet, or their folder), an export of Weights & Biases (CSV, JSON) or an event file of TensorBoard. Of such a log a note says what is not known of
how it was measured; its last 5 lines are taken as the trained model and the first as the base. Runs that differ only in their seed make one row: means over seeds ± their standard
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
  valid per 10,000 tokens   responses trained on, those of groups with both outcomes, for each 10,000 generated tokens; – of older logs
  charged             tokens generated, where a prefix that a branch or revision continues counts as generated
  training GFLOP      operations of the updates, forward and backward, in billions: prompts and prefixes count as often as they are trained on;
                      sampling is not in it; – of older logs

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
  attnlab compare --runs runs/attnpo project/output/trainer_state.json
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
		f.StringVar(&pair.outcome, "outcome", "", "`O`, the one outcome of --paired: "+strings.Join(runs.AllOutcomes, ", ")+"; all but the last without it")
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
		if d.Paired, err = d.PairWith(ctx, pair.row, pair.outcomes(), pair.within); err != nil {
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
	switch info, err := os.Stat(dir); {
	case err == nil && info.Mode().IsRegular():
		return readForeign(dir)
	case errors.Is(err, fs.ErrNotExist):
		return r, fmt.Errorf("there is no file or folder %s", dir)
	}
	store, id, err := runs.InFolder(dir)
	if err != nil {
		return r, err
	}
	names, err := store.Names(ctx, id)
	if err != nil && !errors.Is(err, syscall.ENOTDIR) {
		return r, err
	}
	if !slices.Contains(names, runs.RunFile) {
		if r, files, err := foreignFolder(dir); err != nil || files != nil {
			return r, err
		}
		if log := filepath.Join(dir, "trainer_state.json"); isFile(log) {
			return r, fmt.Errorf("there is no run of attnlab train in %s, but the log of another trainer; give %s", dir, log)
		}
		return r, fmt.Errorf("there is no run in %s; give folders that attnlab train wrote", dir)
	}
	files, err := store.Load(ctx, id, slices.DeleteFunc(slices.Clone(names), func(name string) bool { return path.Ext(name) == ".safetensors" || runs.IsRollouts(name) })...)
	if err == nil {
		r, err = runs.Read(files)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", dir, err)
	}
	if slices.Contains(names, runs.StateFile) {
		r.Checkpoint = map[string][]byte{runs.StateFile: {}} // there is one; its content does not matter here
	}
	return complete(r, dir)
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// readForeign reads the log of another trainer.
func readForeign(file string) (r runs.Run, err error) {
	if r, _, err = foreignFile(file); err != nil || r.Settings.Method == "" {
		return r, err
	}
	return complete(r, file)
}

// foreignFile is what another trainer wrote as a run, and the files of that run.
func foreignFile(file string) (r runs.Run, files map[string][]byte, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return r, nil, err
	}
	files, err = runs.Foreign(file, data)
	switch {
	case err != nil:
		return r, nil, fmt.Errorf("%s: %w", file, err)
	case files == nil && parquet.Is(data):
		return r, nil, fmt.Errorf("%s is Parquet without rollouts of TRL or verl; give a table with their columns, such as step, prompt, completion and advantage", file)
	case files == nil && runs.IsRollouts(filepath.Base(file)):
		return r, nil, fmt.Errorf("%s is a file of a run; give its folder", file)
	case files == nil:
		return r, nil, fmt.Errorf("%s is no folder of a run, and no log of TRL, verl, Weights & Biases or TensorBoard", file)
	}
	r, err = runs.Read(files)
	return r, files, err
}

// foreignFolder is the rollouts that TRL or verl wrote to a folder, a file a step, as a run, and the files of that run; nil where there are none.
func foreignFolder(dir string) (r runs.Run, files map[string][]byte, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return r, nil, err
	}
	chosen := map[string][]byte{}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); (ext == ".jsonl" || ext == ".parquet") && isFile(filepath.Join(dir, e.Name())) {
			if chosen[path.Join("rollouts", e.Name())], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
				return r, nil, err
			}
		}
	}
	chosen = runs.JoinDumps(chosen)
	for _, name := range slices.Sorted(maps.Keys(chosen)) {
		read, err := runs.Foreign(name, chosen[name])
		if err != nil {
			return r, nil, fmt.Errorf("%s: %w", filepath.Join(dir, path.Base(name)), err)
		}
		switch {
		case read[runs.RolloutsFile] == nil:
		case files != nil:
			return r, nil, fmt.Errorf("%s has rollouts of more than one run or trainer; give a folder of one, or one file", dir)
		default:
			files = read
		}
	}
	if files != nil {
		r, err = runs.Read(files)
	}
	return r, files, err
}

// complete gives a run the hyper-parameters of its method. It returns an error where method or task cannot be compared.
func complete(r runs.Run, dir string) (runs.Run, error) {
	m, err := rl.MethodOf(r.Settings.Method)
	if err != nil {
		return r, fmt.Errorf("the run in %s is of the method %q, which is unknown; choose runs of %s", dir, r.Settings.Method, strings.Join(rl.Names(rl.Methods), ", "))
	}
	if r.Settings.Task != "" { // version 1 leaves out the default
		if _, err := task.Find(r.Settings.Task); err != nil && !r.Settings.IsForeign() {
			return r, fmt.Errorf("%s: %w", path.Join(dir, runs.RunFile), err)
		}
	}
	if err := r.Settings.Complete(m.Params); err != nil {
		return r, fmt.Errorf("%s: %w", dir, err)
	}
	return r, nil
}
