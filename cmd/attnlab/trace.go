package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/hyper"
	"attnlab/rl/task"
)

var traceCommand = command{
	name: "trace",
	does: "writes one reasoning trace with everything known about it",
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
		return func(ctx context.Context, c *console) error {
			if *greedy {
				*temperature = 0
			}
			return c.trace(ctx, *prompt, *temperature, *delta, *attention)
		}
	},
}

func defaultDelta() int { return int(hyper.Lab("attnrl")["delta"]) }

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

	StepAttention   [][][][]float64 `json:"step_attention,omitempty"`
	AnswerAttention [][][]float64   `json:"answer_attention,omitempty"`
}

// span is a half-open range of token positions.
type span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

func (c *console) trace(ctx context.Context, prompt string, temperature float64, delta int, attention bool) error {
	if err := checkTemperature(temperature); err != nil {
		return err
	}
	if err := within(1, maxDelta, "delta", delta); err != nil {
		return err
	}
	kind, err := c.newTask()
	if err != nil {
		return err
	}
	problem := task.Problems(kind, task.EvalStream, c.seed, 1)[0]
	if prompt != "" {
		if problem, err = kind.Parse(prompt); err != nil {
			return fmt.Errorf("--prompt: %w", err)
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
	return c.print(document, document.text)
}

func (c *console) examineOne(ctx context.Context, l *lab, p task.Problem, temperature float64, delta int) (a examine.Attempt, e examine.Examined, err error) {
	d, sampling, err := c.decoder(l, 1, temperature)
	if err != nil {
		return a, e, err
	}
	attempts, err := c.attempts(ctx, l, d, []task.Problem{p}, sampling)
	if err != nil {
		return a, e, err
	}
	scorer, err := model.NewScorer(l.Model, len(attempts[0].Trace.Tokens))
	if err != nil {
		return a, e, err
	}
	examined, err := examine.Examine(scorer, []task.Trace{attempts[0].Trace}, delta)
	if err != nil {
		return a, e, err
	}
	return attempts[0], examined[0], nil
}

func newTraceDocument(task task.Task, a examine.Attempt, e examine.Examined, attention bool) traceDocument {
	vocabulary := task.Vocabulary()
	d := traceDocument{
		Tokens: e.Tokens, PromptLength: e.PromptLength, Think: span{e.ThinkStart, e.ThinkEnd}, Answer: span{e.AnswerStart, e.AnswerEnd},
		LogProbs: e.LogProbs, Entropy: e.Entropy, Correct: e.Correct, WellFormed: e.WellFormed,
		Gold: a.Problem.Gold, Difficulty: a.Problem.Difficulty, Steps: stepsOf(task, e.Trace),
		FCI: e.FCI, FCIHeads: e.FCIHeads, Focus: e.Focus, Delta: e.Delta,
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

func (d traceDocument) text(w io.Writer) {
	fmt.Fprintf(w, "%s\n\n", line(d.Text[:d.PromptLength]))
	fmt.Fprintf(w, "FCI\tentropy\tlabel\tstep\n")
	for k, s := range d.Steps {
		var entropy float32
		for _, h := range d.Entropy[s.Start:s.End] {
			entropy += h / float32(s.End-s.Start)
		}
		fmt.Fprintf(w, "%.4f\t%.3f\t%s\t%s\n", d.FCI[k], entropy, s.Label, line(d.Text[s.Start:s.End]))
	}
	verdict := "wrong"
	if d.Correct {
		verdict = "correct"
	}
	fmt.Fprintf(w, "\t\t%s\t%s\n", verdict, line(d.Text[d.Think.End:]))
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
