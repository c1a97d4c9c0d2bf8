package handover

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"attnlab/rl/parquet"
	"attnlab/rl/task"
	"attnlab/rl/task/text"
)

// Task is where the problems of a project come from.
type Task struct {
	Name                string // of a [task.Kind], or "problems"
	Teacher, Difficulty string // of a task with a vocabulary of its own
	Own                 []text.OwnProblem
	System              string // what the system says first, in free text
	StepRule            text.Rule
}

// free reports whether the task is free text.
func (t Task) free() bool { return t.Name == text.Problems.Name }

// problem is a row of a file of problems.
type problem struct {
	ID         string `json:"id"`
	Prompt     string `json:"prompt"`
	Answer     string `json:"answer"`
	Difficulty int    `json:"difficulty"`
}

// How many problems are held out: as many as an evaluation of the lab has, and as a run measures its base on.
const (
	evalProblems  = 1000
	probeProblems = 256
)

// parts are the problems for training, evaluation and finding heads, divided by their content as everywhere in the lab. The training part has
// n of them, those that a run with this seed draws, in its order; a list of own problems has what it has.
func (t Task) parts(ctx context.Context, seed uint64, n int) (map[string][]problem, error) {
	if t.free() {
		return t.ownParts()
	}
	kind, err := task.New(t.Name, t.Teacher, t.Difficulty)
	if err != nil {
		return nil, err
	}
	parts := map[string][]problem{}
	for _, part := range []struct {
		name, stream string
		n            int
	}{{"train", task.RolloutStream, n}, {"eval", task.EvalStream, evalProblems}, {"probe", task.ProbeStream, probeProblems}} {
		for i := range part.n {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			p := task.Draw(kind, part.stream, seed, uint64(i))
			parts[part.name] = append(parts[part.name], problem{fmt.Sprintf("%s-%d-%d", part.stream, seed, i), task.Text(kind, p.Prompt), p.Gold, p.Difficulty})
		}
	}
	return parts, nil
}

func (t Task) ownParts() (map[string][]problem, error) {
	parts := map[string][]problem{}
	for _, p := range t.Own {
		name := map[task.Part]string{task.Training: "train", task.Evaluation: "eval", task.Probing: "probe"}[task.PartOfContent(p.Prompt)]
		parts[name] = append(parts[name], problem{p.ID, p.Prompt, p.Answer, p.Difficulty})
	}
	if len(parts) < 3 {
		return nil, fmt.Errorf("of %d problems %d are for training, %d for evaluation and %d for measurements before, by their content; each part needs one, so give some fifty problems",
			len(t.Own), len(parts["train"]), len(parts["eval"]), len(parts["probe"]))
	}
	return parts, nil
}

// lines are problems as lines of JSON.
func lines(problems []problem) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, p := range problems {
		_ = e.Encode(p) // texts and numbers have no error
	}
	return b.Bytes()
}

// table is problems as Parquet, with the columns of their lines.
func table(problems []problem) []byte {
	return parquet.Marshal(len(problems), []parquet.Field{
		{Name: "id", Text: func(i, _ int) string { return problems[i].ID }},
		{Name: "prompt", Text: func(i, _ int) string { return problems[i].Prompt }},
		{Name: "answer", Text: func(i, _ int) string { return problems[i].Answer }},
		{Name: "difficulty", Number: func(i, _ int) int64 { return int64(problems[i].Difficulty) }},
	})
}
