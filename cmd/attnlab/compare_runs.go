package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"attnlab/rl"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// finishedRun is a run by train that was measured at its end.
type finishedRun struct {
	dir string
	training
	result trained
	steps  []rl.StepReport
	log    []byte // metrics.jsonl
}

// readRun reads the folder of a run. missing says what an unfinished one lacks.
func readRun(dir string) (r finishedRun, missing string, err error) {
	r.dir = dir
	read := func(name string, v any) error {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, v); err != nil {
			return fmt.Errorf("%s cannot be read: %w", filepath.Join(dir, name), err)
		}
		return nil
	}
	if err := read(runFile, &r.training); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return r, "", fmt.Errorf("there is no run in %s; give folders that attnlab train wrote", dir)
	} else if err != nil {
		return r, "", err
	}
	if !slices.Contains(rl.Names(rl.Methods), r.Method) {
		return r, "", fmt.Errorf("the run in %s is of an unknown method %q", dir, r.Method)
	}
	if err := read(resultFile, &r.result); errors.Is(err, fs.ErrNotExist) {
		return r, "is not finished: attnlab train --resume goes on with it", nil
	} else if err != nil {
		return r, "", err
	}
	if r.result.Evaluation == nil || r.result.Base == nil {
		return r, "was not evaluated: attnlab train --resume with an --eval above 0 does that", nil
	}
	if r.log, err = os.ReadFile(filepath.Join(dir, metricsFile)); err != nil {
		return r, "", fmt.Errorf("the run in %s has lost its log: %w", dir, err)
	}
	for s := bufio.NewScanner(bytes.NewReader(r.log)); s.Scan(); {
		var line rl.StepReport
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			return r, "", fmt.Errorf("line %d of %s cannot be read: %w", len(r.steps)+1, filepath.Join(dir, metricsFile), err)
		}
		if line.Step != len(r.steps)+1 {
			return r, "", fmt.Errorf("line %d of %s is of step %d; a log has every step from 1 on", len(r.steps)+1, filepath.Join(dir, metricsFile), line.Step)
		}
		r.steps = append(r.steps, line)
	}
	if n := len(r.steps); n == 0 || r.steps[n-1].Step != r.result.Step {
		return r, "has gone on since it was measured: attnlab train --resume finishes it", nil
	}
	return r, "", nil
}

// sameProblems says which two runs cannot stand in one table.
func sameProblems(runs []finishedRun) error {
	first := runs[0]
	for _, r := range runs[1:] {
		for _, what := range []struct{ name, a, b string }{
			{"task", first.Task, r.Task}, {"difficulty", first.Difficulty, r.Difficulty}, {"model", first.base(), r.base()},
		} {
			if what.a != what.b {
				return fmt.Errorf("%s and %s have not the same %s (%s and %s); compare them apart", first.dir, r.dir, what.name, or(what.a, "the default"), or(what.b, "the default"))
			}
		}
	}
	return nil
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// base is the name of the model that the run began from.
func (t training) base() string {
	if t.Model == "" {
		return (&options{task: t.Task}).shippedBase()
	}
	return filepath.Base(t.Model)
}

// setting is what sets a run apart from others of its method.
type setting struct{ name, value string }

func (s setting) String() string { return s.name + "=" + s.value }

// settings are those that are not the lab's own.
func (t training) settings() (all []setting) {
	if t.Paper {
		all = append(all, setting{"paper", "on"})
	}
	if t.FocusHeads != "" {
		all = append(all, setting{"focus-heads", t.FocusHeads})
	}
	m, err := rl.MethodOf(t.Method)
	if err != nil {
		return all
	}
	usual := m.Params.Lab()
	if t.Paper {
		usual = m.Params.Paper()
	}
	for _, p := range m.Params {
		if text, given := t.Hyper[p.Name]; given {
			if v, err := p.Parse(text); err != nil || v != usual[p.Name] {
				all = append(all, setting{p.Name, text})
			}
		}
	}
	if t.Reflection != "" {
		all = append(all, setting{"reflection", filepath.Base(t.Reflection)})
	}
	return all
}

// runGroup is the runs of a method with the same settings.
type runGroup struct {
	method   string
	settings []setting
	runs     []finishedRun
}

// label is the method with what sets it apart.
func (g runGroup) label() string {
	text := g.method
	for _, s := range g.settings {
		text += " " + s.String()
	}
	return text
}

// groupRuns puts runs that differ in the seed alone together, in the order of the methods. A setting that all groups share tells nothing
// and is not kept, nor is the reflection model where there is only one.
func groupRuns(runs []finishedRun) (groups []*runGroup, err error) {
	for _, r := range runs {
		settings := r.settings()
		i := slices.IndexFunc(groups, func(g *runGroup) bool { return g.method == r.Method && slices.Equal(g.settings, settings) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &runGroup{method: r.Method, settings: settings})
		}
		g := groups[i]
		for _, other := range g.runs {
			if other.Seed == r.Seed {
				return nil, fmt.Errorf("%s and %s are the same run twice (%s, seed %d); leave one out", other.dir, r.dir, g.label(), r.Seed)
			}
		}
		g.runs = append(g.runs, r)
	}
	var reflections []setting
	shared := slices.Clone(groups[0].settings)
	for _, g := range groups {
		shared = slices.DeleteFunc(shared, func(s setting) bool { return len(groups) == 1 || !slices.Contains(g.settings, s) })
		for _, s := range g.settings {
			if s.name == "reflection" && !slices.Contains(reflections, s) {
				reflections = append(reflections, s)
			}
		}
	}
	if len(reflections) == 1 {
		shared = append(shared, reflections[0])
	}
	for _, g := range groups {
		g.settings = slices.DeleteFunc(g.settings, func(s setting) bool { return slices.Contains(shared, s) })
		slices.SortFunc(g.runs, func(a, b finishedRun) int { return cmp.Compare(a.Seed, b.Seed) })
	}
	slices.SortStableFunc(groups, func(a, b *runGroup) int {
		if a.method != b.method {
			return slices.Index(rl.Names(rl.Methods), a.method) - slices.Index(rl.Names(rl.Methods), b.method)
		}
		return strings.Compare(a.label(), b.label())
	})
	return groups, nil
}

// row sums a group up.
func (g *runGroup) row(base baseRow, reach float64) groupRow {
	over := func(of func(r finishedRun) float64) spread {
		var x []float64
		for _, r := range g.runs {
			x = append(x, of(r))
		}
		return spreadOf(x)
	}
	last := func(r finishedRun) rl.StepReport { return r.steps[len(r.steps)-1] }

	row := groupRow{Method: g.label(), Seeds: len(g.runs), Labels: map[task.Label]spread{}, ByDifficulty: g.levels(), runs: g.runs}
	accuracy := over(func(r finishedRun) float64 { return r.result.Evaluation.Accuracy })
	think := over(func(r finishedRun) float64 { return r.result.Evaluation.ThinkTokens })
	row.Accuracy, row.AccuracySD, row.ThinkTokens, row.ThinkTokensSD = accuracy.Mean, accuracy.SD, think.Mean, think.SD
	row.LengthChange = think.Mean/base.ThinkTokens - 1
	row.AES = number(stat.AES(float64(accuracy.Mean), float64(think.Mean), float64(base.Accuracy), float64(base.ThinkTokens)))
	for _, label := range task.Labels() {
		row.Labels[label] = over(func(r finishedRun) float64 { return r.result.Evaluation.Labels[label] })
	}
	row.Reflections = over(func(r finishedRun) float64 { return r.result.Evaluation.Reflections })
	row.RedundantRemoved = over(func(r finishedRun) float64 {
		return stat.ShareRemoved(float64(base.RedundantSteps), r.result.Evaluation.Labels[task.Redundant])
	})
	row.EssentialLost = over(func(r finishedRun) float64 {
		return stat.ShareRemoved(float64(base.EssentialSteps), essential(r.result.Evaluation.Labels))
	})
	row.CreditAUC = over(func(r finishedRun) float64 { return float64(spreadOf(r.creditAUC()).Mean) })
	share := func(count func(c rl.GroupCount) int) spread {
		return over(func(r finishedRun) float64 {
			n, of := 0, 0
			for _, s := range r.steps {
				n, of = n+count(s.Groups), of+s.Groups.Total
			}
			return float64(n) / float64(of)
		})
	}
	row.Groups.AllCorrect = share(func(c rl.GroupCount) int { return c.AllCorrect })
	row.Groups.AllWrong = share(func(c rl.GroupCount) int { return c.AllWrong })
	row.Groups.Valid = share(func(c rl.GroupCount) int { return c.Valid })
	row.Steps = over(func(r finishedRun) float64 { return float64(last(r).Step) })
	row.Updates = over(func(r finishedRun) float64 { return float64(last(r).Updates) })
	row.GeneratedTokens = over(func(r finishedRun) float64 { return float64(last(r).Generated) })
	row.ChargedTokens = over(func(r finishedRun) float64 { return float64(last(r).Charged) })
	row.Seconds = over(func(r finishedRun) float64 { return last(r).Seconds })
	row.TokensToReach = over(func(r finishedRun) float64 { return r.tokensTo(reach) })
	for _, r := range g.runs {
		row.SeedList = append(row.SeedList, r.Seed)
		if !math.IsNaN(r.tokensTo(reach)) {
			row.Reached++
		}
		for _, h := range r.result.FocusHeads {
			row.FocusHeads = append(row.FocusHeads, heldFocus{r.Seed, h})
		}
	}
	return row
}

// levels are the difficulties of the group's evaluations.
func (g *runGroup) levels() (levels []level) {
	accuracy, think, reflections := map[int][]float64{}, map[int][]float64{}, map[int][]float64{}
	for _, r := range g.runs {
		for _, l := range r.result.Evaluation.ByDifficulty {
			accuracy[l.Difficulty] = append(accuracy[l.Difficulty], l.Accuracy)
			think[l.Difficulty] = append(think[l.Difficulty], l.ThinkTokens)
			reflections[l.Difficulty] = append(reflections[l.Difficulty], l.Reflections)
		}
	}
	for _, difficulty := range slices.Sorted(maps.Keys(accuracy)) {
		levels = append(levels, level{difficulty, spreadOf(accuracy[difficulty]), spreadOf(think[difficulty]), spreadOf(reflections[difficulty])})
	}
	return levels
}

func (r finishedRun) creditAUC() (auc []float64) {
	for _, s := range r.steps {
		if s.CreditAUC != nil {
			auc = append(auc, *s.CreditAUC)
		}
	}
	return auc
}

// reachOver is the number of steps whose mean accuracy counts as reached.
const reachOver = 5

// tokensTo is how many tokens were generated when the mean accuracy of the last steps first reached a level; NaN where it never did or none
// was asked for.
func (r finishedRun) tokensTo(level float64) float64 {
	for i := reachOver; i <= len(r.steps) && level > 0; i++ {
		sum := 0.0
		for _, s := range r.steps[i-reachOver : i] {
			sum += s.Accuracy
		}
		if sum/reachOver >= level-1e-9 { // whole but for rounding
			return float64(r.steps[i-1].Generated)
		}
	}
	return math.NaN()
}
