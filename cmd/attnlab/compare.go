package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"attnlab/rl"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

var compareCommand = command{
	name:  "compare",
	takes: "DIR",
	does:  "sets finished runs side by side, in a table and a plot",
	about: `
Each DIR is a run by attnlab train, measured at its end. Runs that differ only in their seed make one row: means over seeds ± their standard
deviation. Accuracy, think tokens and steps are of the evaluation at the end, on fresh problems; groups, tokens, updates and time of the
training itself. Runs that are not finished are left out, and it is said which.

  reflections       words of re-checking a response, at the easiest and the hardest difficulty
  redundant removed   share of the base's redundant steps, a response, that is gone
  essential lost      the same of its essential and correcting steps; negative where there are more
  AES                 accuracy-efficiency score: share of think tokens removed, plus 3 × the relative gain in accuracy or minus 5 × the loss
  charged             tokens generated, where a prefix that a branch or revision goes on from counts as generated

The base is what attnlab eval --json printed of it, or else the probe that each run made before its first step.

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
		reach := f.Float64("reach", 0, "`A`, tell the tokens generated until the mean accuracy of 5 training steps first reached A")
		markdown := f.Bool("markdown", false, "print the tables for a README")
		ship := f.String("ship", "", "`DIR` to copy the runs to, for the lab's Compare page: web/runs")
		return func(_ context.Context, c *console) error {
			return c.compare(append(dirs, c.args...), *base, *reach, *markdown, *ship)
		}
	},
}

// comparison is what compare prints.
type comparison struct {
	Task       string     `json:"task"`
	Difficulty string     `json:"difficulty"`
	Base       baseRow    `json:"base"`
	Runs       []groupRow `json:"runs"`
	Reach      float64    `json:"reach,omitempty"`
	LeftOut    []string   `json:"left_out"` // sentences
}

// baseRow is the model that the runs began from.
type baseRow struct {
	From           string  `json:"from"` // the file, or "probe"
	Problems       int     `json:"problems"`
	Accuracy       number  `json:"accuracy"`
	ThinkTokens    number  `json:"think_tokens"`
	Reflections    number  `json:"reflections"` // not in a probe
	RedundantSteps number  `json:"redundant_steps"`
	EssentialSteps number  `json:"essential_steps"` // correcting ones counted
	ByDifficulty   []level `json:"by_difficulty,omitempty"`
}

// groupRow is the runs of one method with the same settings. The names of the first keys are a contract.
type groupRow struct {
	Method        string   `json:"method"` // with the settings that set it apart
	Seeds         int      `json:"seeds"`
	SeedList      []uint64 `json:"seed_list"`
	Accuracy      number   `json:"accuracy"`
	AccuracySD    number   `json:"accuracy_sd"`
	ThinkTokens   number   `json:"think_tokens"`
	ThinkTokensSD number   `json:"think_tokens_sd"`
	LengthChange  number   `json:"length_change"` // of think tokens, relative to the base: negative is shorter
	AES           number   `json:"aes"`           // of the means

	ByDifficulty     []level               `json:"by_difficulty"`
	Labels           map[task.Label]spread `json:"labels"`      // steps a response
	Reflections      spread                `json:"reflections"` // re-checks a response
	RedundantRemoved spread                `json:"redundant_removed"`
	EssentialLost    spread                `json:"essential_lost"`
	CreditAUC        spread                `json:"credit_auc"` // mean over the training steps

	Groups struct {
		AllCorrect spread `json:"all_correct"` // shares of the groups sampled
		AllWrong   spread `json:"all_wrong"`
		Valid      spread `json:"valid"`
	} `json:"groups"`
	Steps           spread      `json:"steps"`
	Updates         spread      `json:"updates"`
	GeneratedTokens spread      `json:"generated_tokens"`
	ChargedTokens   spread      `json:"charged_tokens"`
	Seconds         spread      `json:"seconds"`
	Reached         int         `json:"reached,omitempty"` // runs that reached the accuracy asked for
	TokensToReach   spread      `json:"tokens_to_reach"`   // of those
	FocusHeads      []heldFocus `json:"focus_heads,omitempty"`

	runs []finishedRun
}

// level is a difficulty's part.
type level struct {
	Difficulty  int    `json:"difficulty"`
	Accuracy    spread `json:"accuracy"`
	ThinkTokens spread `json:"think_tokens"`
	Reflections spread `json:"reflections"`
}

// heldFocus says whether a head that attnpo held on to still ranks steps after training.
type heldFocus struct {
	Seed uint64 `json:"seed"`
	focusHead
}

// spread is a mean over seeds with the sample's standard deviation, which one seed alone does not have.
type spread struct {
	Mean number `json:"mean"`
	SD   number `json:"sd"`
}

// spreadOf leaves out what is no number.
func spreadOf(x []float64) spread {
	x = slices.DeleteFunc(slices.Clone(x), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	s := spread{noNumber, noNumber}
	if len(x) == 0 {
		return s
	}
	return spread{number(stat.Mean(x)), number(stat.StdDev(x))}
}

func (c *console) compare(dirs []string, base string, reach float64, markdown bool, ship string) error {
	if len(dirs) == 0 {
		return wrongUsage("compare: --runs is missing; give the folders of runs")
	}
	if !(reach >= 0 && reach <= 1) {
		return wrongUsage("--reach is %g, it must lie between 0 and 1", reach)
	}
	if markdown && c.json {
		return wrongUsage("compare: give either --markdown or --json")
	}
	d := comparison{Reach: reach, LeftOut: []string{}}
	var runs []finishedRun
	for _, dir := range dirs {
		r, missing, err := readRun(dir)
		if err != nil {
			return err
		}
		if missing != "" {
			d.LeftOut = append(d.LeftOut, dir+" "+missing)
			continue
		}
		runs = append(runs, r)
	}
	if len(runs) == 0 {
		return fmt.Errorf("none of these runs is finished and evaluated: %s", strings.Join(d.LeftOut, "; "))
	}
	if err := sameProblems(runs); err != nil {
		return err
	}
	d.Task, d.Difficulty = runs[0].Task, runs[0].Difficulty
	var err error
	if d.Base, err = baseOf(base, runs); err != nil {
		return err
	}
	groups, err := groupRuns(runs)
	if err != nil {
		return err
	}
	for _, g := range groups {
		d.Runs = append(d.Runs, g.row(d.Base, reach))
	}
	if ship != "" {
		if err := c.ship(ship, d.Runs); err != nil {
			return err
		}
	}
	return c.print(d, func(w io.Writer) {
		d.tables(w, markdown)
		if !markdown {
			d.plot(w)
		}
	})
}

// baseOf reads the base's evaluation, or takes the means of the probes: one a seed, as runs of a seed probe the same problems.
func baseOf(path string, runs []finishedRun) (b baseRow, err error) {
	if path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return b, fmt.Errorf("--base: %w", err)
		}
		var e evaluation
		if err := json.Unmarshal(data, &e); err != nil || e.Problems == 0 {
			return b, fmt.Errorf("--base: %s is not what attnlab eval --json prints", path)
		}
		if e.Task != runs[0].Task {
			return b, fmt.Errorf("--base: %s is an evaluation on task %s, and the runs are of task %s", path, e.Task, runs[0].Task)
		}
		b = baseRow{From: path, Problems: e.Problems, Accuracy: number(e.Accuracy), ThinkTokens: number(e.ThinkTokens), Reflections: number(e.Reflections),
			RedundantSteps: number(e.Labels[task.Redundant]), EssentialSteps: number(essential(e.Labels))}
		for _, l := range e.ByDifficulty {
			b.ByDifficulty = append(b.ByDifficulty, level{l.Difficulty, spread{number(l.Accuracy), noNumber}, spread{number(l.ThinkTokens), noNumber}, spread{number(l.Reflections), noNumber}})
		}
		return b, nil
	}
	b.From, b.Reflections = "probe", noNumber
	probes := map[uint64]*rl.Probe{}
	for _, r := range runs {
		if probes[r.Seed] == nil || r.result.Base.Problems > probes[r.Seed].Problems {
			probes[r.Seed] = r.result.Base
		}
	}
	for _, p := range probes {
		share := 1 / float64(len(probes))
		b.Problems += p.Problems
		b.Accuracy += number(share * p.Accuracy)
		b.ThinkTokens += number(share * p.ThinkTokens)
		b.RedundantSteps += number(share * p.RedundantSteps)
		b.EssentialSteps += number(share * p.EssentialSteps)
	}
	return b, nil
}

func essential(labels map[task.Label]float64) float64 {
	return labels[task.Essential] + labels[task.Correcting]
}
