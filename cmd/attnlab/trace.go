package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"attnlab/model"
	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

var traceCommand = command{
	name: "trace",
	does: "writes one reasoning trace with its scores and attention",
	about: `
Without --prompt it answers the first problem of "attnlab eval" with the same seed. Positions count from the first prompt token; K steps,
L layers, H heads.

  fci             [K]      max over heads of the sum over later steps (from Δ steps later on, the answer being the last) of the attention
                           that one of their tokens pays to one token of the step; 0 for the first step, as in the paper
  fci_heads       [L][H][K]     the same before the maximum
  focus           [L][H][K]     what all answer tokens together pay to one token of the step
  step_attention  [L][H][K][K]  mean over the query tokens of step j and the key tokens of step k (with --attention)
  answer_attention [L][H][K]    the same for the query tokens of the answer (with --attention)
  logprobs, entropy             at temperature 1, of every token given those before it, 0 for the first
  scores                        every score of a step, with its formula and its rank correlation with the place of the step

--scores chooses the columns of the text: ` + strings.Join(score.Names(), ", ") + `.

  attnlab trace --seed 7
  attnlab trace --prompt "k 8 ; o 4 ; b &k * &o ; j &b + &o ; ? j" --greedy --json --attention
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeTask(f)
		o.takeModel(f)
		prompt := f.String("prompt", "", "`TEXT` of a problem of the task, with or without <bos> and <think>")
		greedy := f.Bool("greedy", false, "take the likeliest token at every place")
		temperature := f.Float64("temperature", 1, "`T` of sampling")
		delta := f.Int("delta", defaultDelta(), "`Δ`, steps from which on later steps count for FCI; 4 in the paper")
		attention := f.Bool("attention", false, "add step_attention and answer_attention")
		columns := f.String("scores", "fci,entropy", "`LIST` of the scores that the text shows")
		return func(ctx context.Context, c *console) error {
			if *greedy {
				*temperature = 0
			}
			for _, name := range strings.Split(*columns, ",") {
				if _, err := score.Find(name); err != nil {
					return wrongUsage("--scores: %v", err)
				}
			}
			return c.trace(ctx, *prompt, *temperature, *delta, *attention, strings.Split(*columns, ","))
		}
	},
}

func defaultDelta() int { return rl.AttnRL.Params.Lab().Int("delta") }

// traceDocument is what trace prints.
type traceDocument struct {
	Tokens       []int         `json:"tokens"`
	Text         []string      `json:"text"`
	PromptLength int           `json:"prompt_length"`
	Think        span          `json:"think"`
	Answer       span          `json:"answer"`
	LogProbs     []float32     `json:"logprobs"`
	Entropy      []float32     `json:"entropy"`
	Correct      bool          `json:"correct"`
	WellFormed   bool          `json:"well_formed"`
	Gold         string        `json:"gold"`
	Difficulty   int           `json:"difficulty"`
	Steps        []step        `json:"steps"`
	FCI          []float64     `json:"fci"`
	FCIHeads     [][][]float64 `json:"fci_heads"`
	Focus        [][][]float64 `json:"focus"`
	Delta        int           `json:"delta"`
	Scores       []stepScore   `json:"scores"` // every score of the table, in its order

	StepAttention   [][][][]float64 `json:"step_attention,omitempty"`
	AnswerAttention [][][]float64   `json:"answer_attention,omitempty"`
}

// stepScore is one score of the table, of every step.
type stepScore struct {
	Name     string        `json:"name"`
	Title    string        `json:"title"`
	Unit     string        `json:"unit,omitempty"`
	Meaning  string        `json:"meaning"`
	Formula  string        `json:"formula"`
	Source   string        `json:"source,omitempty"`
	Steps    []stat.Number `json:"steps"`    // [K], null where a step has none
	Position stat.Number   `json:"position"` // rank correlation with the place of the step, 1 where earlier steps score higher
	Symbol   string        `json:"symbol"`
}

// scoresOf computes every score of the table.
func scoresOf(e examine.Examined) []stepScore {
	in, all := e.Input(), []stepScore{}
	for _, s := range score.Scores {
		v := s.Of(in)
		one := stepScore{Name: s.Name, Symbol: s.Symbol, Title: s.Title, Unit: s.Unit, Meaning: s.Meaning, Formula: s.Formula, Source: s.Source,
			Steps: []stat.Number{}, Position: stat.Number(score.WithPosition(s, in))}
		for _, x := range v.Steps {
			one.Steps = append(one.Steps, stat.Number(x))
		}
		all = append(all, one)
	}
	return all
}

// span is a half-open range of token positions.
type span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

func (c *console) trace(ctx context.Context, prompt string, temperature float64, delta int, attention bool, columns []string) error {
	if err := checkTemperature(temperature); err != nil {
		return err
	}
	if err := checkDelta(delta); err != nil {
		return err
	}
	kind, err := c.newTask()
	if err != nil {
		return err
	}
	problem := task.Problems(kind, task.EvalStream, c.seed, 1)[0]
	if prompt != "" {
		if problem, err = kind.Parse(prompt); err != nil {
			example := task.Problems(kind, task.EvalStream, c.seed, 1)[0]
			return fmt.Errorf("--prompt: %w; write a problem such as %q", err, task.Text(kind, example.Prompt))
		}
	}
	l, err := c.openLab()
	if err != nil {
		return err
	}
	defer l.close()
	attempt, examined, err := c.examineOne(ctx, l, problem, temperature, delta)
	if err != nil {
		return err
	}
	document := newTraceDocument(l.Task, attempt, examined, attention)
	return c.print(document, func(w io.Writer) { document.text(w, columns) })
}

func (c *console) examineOne(ctx context.Context, l *lab, p task.Problem, temperature float64, delta int) (a examine.Attempt, e examine.Examined, err error) {
	d, sampling, err := c.decoder(l, 1, temperature)
	if err != nil {
		return a, e, err
	}
	attempts, err := c.attempts(ctx, l, d, []task.Problem{p}, examine.Longest(), sampling)
	if err != nil {
		return a, e, err
	}
	scorer, err := model.NewScorer(l.Model, len(attempts[0].Trace.Tokens))
	if err != nil {
		return a, e, err
	}
	e, err = examine.Look(scorer, attempts[0].Trace, delta)
	return attempts[0], e, err
}

func newTraceDocument(task task.Task, a examine.Attempt, e examine.Examined, attention bool) traceDocument {
	vocabulary := task.Vocabulary()
	d := traceDocument{
		Tokens: e.Tokens, PromptLength: e.PromptLength, Think: span{e.ThinkStart, e.ThinkEnd}, Answer: span{e.AnswerStart, e.AnswerEnd},
		LogProbs: e.LogProbs, Entropy: e.Entropy, Correct: e.Correct, WellFormed: e.WellFormed,
		Gold: a.Problem.Gold, Difficulty: a.Problem.Difficulty, Steps: stepsOf(task, e.Trace),
		FCI: e.FCI, FCIHeads: e.FCIHeads, Focus: e.Focus, Delta: e.Delta, Scores: scoresOf(e),
	}
	for _, token := range e.Tokens {
		d.Text = append(d.Text, vocabulary[token])
	}
	if attention {
		d.StepAttention, d.AnswerAttention = attentionOf(e)
	}
	return d
}

// attentionOf takes steps and answer out of the attention between all ranges.
func attentionOf(e examine.Examined) (steps [][][][]float64, answer [][][]float64) {
	a, K := e.Attention, len(e.Steps)
	row := func(l, h, j int) []float64 {
		keys := make([]float64, K)
		for k := range keys {
			keys[k] = a.At(l, h, j, 1+k)
		}
		return keys
	}
	steps, answer = make([][][][]float64, a.Layers), make([][][]float64, a.Layers)
	for l := range steps {
		steps[l], answer[l] = make([][][]float64, a.Heads), make([][]float64, a.Heads)
		for h := range steps[l] {
			steps[l][h] = make([][]float64, K)
			for j := range K {
				steps[l][h][j] = row(l, h, 1+j)
			}
			answer[l][h] = row(l, h, 1+K)
		}
	}
	return steps, answer
}

func (d traceDocument) text(w io.Writer, columns []string) {
	fmt.Fprintf(w, "%s\n\n", line(d.Text[:d.PromptLength]))
	var shown []stepScore
	for _, name := range columns {
		i := slices.IndexFunc(d.Scores, func(s stepScore) bool { return s.Name == name })
		shown = append(shown, d.Scores[i])
		fmt.Fprintf(w, "%s\t", d.Scores[i].Symbol)
	}
	fmt.Fprintf(w, "label\tstep\n")
	for k, s := range d.Steps {
		for _, v := range shown {
			fmt.Fprintf(w, "%v\t", v.Steps[k])
		}
		fmt.Fprintf(w, "%s\t%s\n", s.Label, line(d.Text[s.Start:s.End]))
	}
	verdict := "wrong"
	if d.Correct {
		verdict = "correct"
	}
	fmt.Fprintf(w, "%s%s\t%s\n", strings.Repeat("\t", len(shown)), verdict, line(d.Text[d.Think.End:]))
	for _, v := range shown {
		fmt.Fprintf(w, "%s, rank correlation with the place of the step (earlier first): %v\n", v.Title, v.Position)
	}
	fmt.Fprintf(w, "\nthe right answer is %s; %d think tokens in %d steps\n", d.Gold, d.Think.End-d.Think.Start, len(d.Steps))
}

// line joins tokens without their line end.
func line(tokens []string) string {
	var b []byte
	for i, token := range tokens {
		if token == "\n" {
			continue
		}
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, token...)
	}
	return string(b)
}
