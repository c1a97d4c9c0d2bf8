package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"attnlab/model/hf"
	"attnlab/rl/examine"
	"attnlab/rl/runs"
	"attnlab/rl/task"
	"attnlab/rl/task/text"
)

var evalCommand = command{
	name: "eval",
	does: "samples answers to fresh problems and verifies them",
	about: `
The problems are drawn from a stream that no training draws from. Means are over responses, lengths are in tokens; ± is the standard error.
Ctrl-C stops early and summarises the finished responses.

  attnlab eval --problems 1000
  attnlab eval --model runs/attnpo --difficulty 4-5 --temperature 0.6 --json
  attnlab eval --dump traces.jsonl
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeAnyTask(f)
		o.takeOpened(f)
		s := takeSampled(f, 500)
		dump := f.String("dump", "", "`FILE` to write one line of JSON a problem to")
		return func(ctx context.Context, c *console) error { return c.eval(ctx, *s, *dump) }
	},
}

// evaluation is what eval prints.
type evaluation struct {
	examine.Evaluation
	Task            string        `json:"task"`
	Model           string        `json:"model"`
	Temperature     float64       `json:"temperature"`
	Seed            runs.Seed     `json:"seed"`
	GeneratedTokens int           `json:"generated_tokens"`
	Seconds         float64       `json:"seconds"`
	Longest         int           `json:"max_length"` // tokens of the longest response
	Measured        runs.Measured `json:"measured"`
	openedAs
}

// measured records how an evaluation by these flags is measured.
func (c *console) measured(ctx context.Context, l *lab, s sampled, problems int) (m runs.Measured, err error) {
	weights, err := hf.WeightsSum(ctx, l.files.Config, l.values)
	if err != nil {
		return m, err
	}
	m = runs.Measured{Model: weights, Base: weights, Task: l.Task.Name(), Temperature: &s.temperature, TopP: runs.To(1.0), MaxLength: &s.longest,
		Problems: &problems, Stream: task.EvalStream, Seed: runs.To(runs.Seed(c.seed)), Tokens: runs.To(int64(0)), Updates: runs.To(0), Adapter: l.Device.Info.String()}
	if free, ok := l.Task.(*text.Task); ok {
		m.Difficulty, m.Wording = free.Wording()
	} else {
		m.Teacher, m.Difficulty = task.Describe(c.task, c.teacher, c.difficulty)
	}
	if r, err := readRun(ctx, l.base); err == nil && r.Settings.Base != nil { // a trained model
		m.Base, m.Tokens, m.Updates = r.Settings.Base.Weights, runs.To(r.Log.Tokens()), runs.To(int(r.Log.Last("updates")))
	}
	return m, nil
}

func (c *console) eval(ctx context.Context, s sampled, dump string) error {
	if err := s.check(); err != nil {
		return err
	}
	if err := checkWritable("--dump", dump); err != nil {
		return err
	}
	l, err := c.openLab(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	if err := judgedTask("eval", l.Task); err != nil {
		return err
	}
	s.problems, s.longest = c.some(l.Task, s.problems), examine.Cap(s.longest, l.MaxContext)
	problems := task.Problems(l.Task, task.EvalStream, c.seed, s.problems)
	d, sampling, err := c.decoder(l, s.problems, l.inUse(problems, s.longest), s.temperature)
	if err != nil {
		return err
	}
	start := time.Now()
	attempts, stopped := c.attempts(ctx, l, d, problems, s.longest, sampling)
	if len(attempts) == 0 {
		return stopped
	}
	if dump != "" {
		if err := writeDump(dump, l.Task, attempts); err != nil {
			return err
		}
	}
	e := evaluation{examine.Evaluate(l.Task, attempts), l.Task.Name(), l.base, s.temperature, runs.Seed(c.seed), d.Generated, time.Since(start).Seconds(), s.longest, runs.Measured{}, l.openedAs()}
	if e.Measured, err = c.measured(context.WithoutCancel(ctx), l, s, len(attempts)); err != nil { // of what was finished before Ctrl-C too
		return err
	}
	if err := c.print(e, e.text); err != nil {
		return err
	}
	return stopped
}

func (e evaluation) text(w io.Writer) {
	fmt.Fprintf(w, "problems\t%d\n", e.Problems)
	fmt.Fprintf(w, "accuracy\t%.3f ± %v\n", e.Accuracy, e.AccuracyError)
	fmt.Fprintf(w, "well-formed\t%.3f\tresponses of at most %d tokens\n", e.WellFormed, e.Longest)
	fmt.Fprintf(w, "think tokens\t%.1f ± %.1f", e.ThinkTokens, e.ThinkTokensError)
	if e.ThinkOverMinimum > 0 { // problems of one's own have no known minimum
		fmt.Fprintf(w, "\t%.2f × the needed minimum", e.ThinkOverMinimum)
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "reflections\t%.2f\n", e.Reflections)
	fmt.Fprintf(w, "steps\t%.2f\n", e.Steps)
	for _, label := range task.Labels() {
		if label != task.Unlabelled || e.Labels[label] > 0 { // tasks with a grammar label every step
			fmt.Fprintf(w, "  %s\t%.2f\n", label, e.Labels[label])
		}
	}
	for _, l := range e.ByDifficulty {
		fmt.Fprintf(w, "difficulty %d\t%.3f ± %v\t%.1f think tokens, %.2f reflections, %d problems\n", l.Difficulty, l.Accuracy, l.AccuracyError, l.ThinkTokens, l.Reflections, l.Problems)
	}
	fmt.Fprintf(w, "tokens\t%d\t%.0f a second\n", e.GeneratedTokens, float64(e.GeneratedTokens)/e.Seconds)
}

// dumpLine is one line of --dump.
type dumpLine struct {
	Prompt     string `json:"prompt"`
	Response   string `json:"response"`
	Gold       string `json:"gold"`
	Correct    bool   `json:"correct"`
	WellFormed bool   `json:"well_formed"`
	Difficulty int    `json:"difficulty"`
	Steps      []step `json:"steps"`
}

// step is one step of a trace in JSON. Positions count from the first prompt token.
type step struct {
	Start int        `json:"start"`
	End   int        `json:"end"`
	Text  string     `json:"text"`
	Label task.Label `json:"label"`
}

func stepsOf(kind task.Task, t task.Trace) []step {
	steps := []step{}
	for _, s := range t.Steps {
		steps = append(steps, step{s.Start, s.End, task.Text(kind, t.Tokens[s.Start:s.End]), s.Label})
	}
	return steps
}

// checkWritable finds out before the work whether the file of a flag can be written.
func checkWritable(flag, path string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return f.Close()
}

func writeDump(path string, kind task.Task, attempts []examine.Attempt) error {
	var lines []dumpLine
	for _, a := range attempts {
		lines = append(lines, dumpLine{
			Prompt: task.Text(kind, a.Problem.Prompt), Response: task.Text(kind, a.Trace.Response()), Gold: a.Problem.Gold,
			Correct: a.Trace.Correct, WellFormed: a.Trace.WellFormed, Difficulty: a.Problem.Difficulty, Steps: stepsOf(kind, a.Trace),
		})
	}
	return writeLines("--dump", path, lines)
}

// writeLines writes the file of a flag, one line of JSON each.
func writeLines[T any](flag, path string, lines []T) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	w := bufio.NewWriter(file)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, line := range lines {
		if err = e.Encode(line); err != nil {
			break
		}
	}
	for _, end := range []func() error{w.Flush, file.Close} {
		if endErr := end(); err == nil {
			err = endErr
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}
