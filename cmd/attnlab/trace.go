package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
	"attnlab/rl/task/text"
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
  answer_loss     [K]           how much less likely the answer is, in nats, when attention to the step is removed (with --disrupt)

  edits                         what --edit wrote, and the response and the answer before it

--edit changes the response as a person would, and the model continues from there by the same random numbers: 3=TEXT writes TEXT in place of
step 3, +3=TEXT after it, and 3= deletes it, so that the step after it begins in its place. More of them follow one another.

--scores chooses the columns of the text: ` + strings.Join(score.Names(), ", ") + `.

  attnlab trace --seed 7
  attnlab trace --prompt "k 8 ; o 4 ; b &k * &o ; j &b + &o ; ? j" --greedy --json --attention
  attnlab trace --seed 7 --greedy --edit "1=o &b 9 + &p 7 = o 5"
  attnlab trace --model FOLDER --task text --prompt "What is 7 + 5 - 3? Think step by step." --step-rule line --disrupt
  attnlab trace --model FOLDER --task few-shot-chain --seed 3 --scores fci,fci-mean,receiver --layers 10-20
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeAnyTask(f)
		o.takeOpened(f)
		prompt := f.String("prompt", "", "`TEXT` of a problem of the task, with or without <bos> and <think>; in free text with or without the markers of a chat")
		greedy := f.Bool("greedy", false, "take the likeliest token at every place")
		temperature := f.Float64("temperature", 1, "`T` of sampling")
		delta := f.Int("delta", defaultDelta(), "`Δ`, steps from which on later steps count for FCI; 4 in the paper")
		attention := f.Bool("attention", false, "add step_attention and answer_attention")
		longest := f.Int("max-length", 0, "`N`, tokens of the longest response; by default as many as the context holds, as on the page")
		layers := f.String("layers", "", "`A-B`, layers whose heads FCI takes the maximum of in scores (by default all)")
		var edits []stepEdit
		f.Func("edit", "change a step of the response, `STEP=TEXT`, and let the model continue; may be repeated", func(arg string) error {
			e, err := parseEdit(arg)
			edits = append(edits, e)
			return err
		})
		disrupt := f.Bool("disrupt", false, "add answer_loss: one more forward pass a step")
		f.BoolVar(&o.stream, "stream", false, "write the response to standard error while it is sampled")
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
			return c.trace(ctx, tracing{*prompt, *temperature, *delta, *longest, *layers, *attention, *disrupt, edits, strings.Split(*columns, ",")})
		}
	},
}

// tracing is what the flags of trace say.
type tracing struct {
	prompt              string
	temperature         float64
	delta, longest      int
	layers              string
	attention, disrupts bool
	edits               []stepEdit
	columns             []string
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
	AnswerLoss      []float64       `json:"answer_loss,omitempty"` // [K] nats, with --disrupt
	Layers          *task.Range     `json:"layers,omitempty"`      // of --layers, both included
	Edits           []editedTrace   `json:"edits,omitempty"`       // with --edit, the first one first

	// Prompt and Response are the text that model read and wrote, markers and all. A tokenizer's pieces do not always show it.
	Prompt   string                    `json:"prompt"`
	Response string                    `json:"response"`
	Found    string                    `json:"found"` // the answer as it was read
	spell    func(tokens []int) string // of free text, whose tokens are no words; else nil
	openedAs
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

// scoresOf computes every score of the table. layers bounds the maximum of FCI, see [score.Input].
func scoresOf(e examine.Examined, layers [2]int) []stepScore {
	in, all := e.Input(), []stepScore{}
	in.Layers = layers
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

func (c *console) trace(ctx context.Context, t tracing) error {
	if err := cmp.Or(checkTemperature(t.temperature), checkDelta(t.delta), atLeast(0, "max-length", t.longest)); err != nil {
		return err
	}
	if !c.isText() { // a mistake in a prompt is found before a model is opened
		kind, err := c.newTask()
		if err != nil {
			return err
		}
		if _, err := c.problem(kind, t.prompt); err != nil {
			return err
		}
	}
	l, err := c.openLab(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	problem, err := c.problem(l.Task, t.prompt)
	if err != nil {
		return err
	}
	layers, given, err := layersOf(t.layers, l.Layers)
	if err != nil {
		return err
	}
	document, stopped := c.examineOne(ctx, l, problem, t, layers)
	if document.Tokens == nil {
		return stopped
	}
	document.Layers, document.openedAs = given, l.openedAs()
	if err := c.print(document, func(w io.Writer) { document.text(w, t.columns) }); err != nil {
		return err
	}
	return stopped
}

// problem reads --prompt, or draws the first problem of "attnlab eval".
func (c *console) problem(kind task.Task, prompt string) (task.Problem, error) {
	if free, ok := kind.(*text.Task); ok && prompt == "" && !free.Answered {
		return task.Problem{}, wrongUsage("task %s has no problems of its own; give a --prompt", free.Name())
	}
	if prompt == "" {
		return task.Problems(kind, task.EvalStream, c.seed, 1)[0], nil
	}
	problem, err := kind.Parse(prompt)
	if _, free := kind.(*text.Task); err != nil && !free {
		example := task.Problems(kind, task.EvalStream, c.seed, 1)[0]
		err = fmt.Errorf("%w; write a problem such as %q", err, task.Text(kind, example.Prompt))
	}
	if err != nil {
		err = fmt.Errorf("--prompt: %w", err)
	}
	return problem, err
}

// examineOne answers a problem and scores the response. If ctx ends while attention to steps is removed, it returns the document without that.
func (c *console) examineOne(ctx context.Context, l *lab, p task.Problem, t tracing, layers [2]int) (document traceDocument, err error) {
	longest := examine.Cap(t.longest, l.Model.MaxContext)
	d, sampling, err := c.decoder(l, 1, l.inUse([]task.Problem{p}, longest), t.temperature)
	if err != nil {
		return document, err
	}
	attempts, err := c.attempts(ctx, l, d, []task.Problem{p}, longest, sampling)
	if err != nil {
		return document, err
	}
	edits, err := c.edit(ctx, l, d, &attempts[0], t.edits, longest, sampling)
	if err != nil {
		return document, err
	}
	scorer, err := l.scorer([]task.Trace{attempts[0].Trace})
	if err != nil {
		return document, err
	}
	e, err := examine.Look(scorer, attempts[0].Trace, t.delta)
	if err != nil {
		return document, err
	}
	document = newTraceDocument(l.Task, attempts[0], e, t.attention)
	document.Scores, document.Edits = scoresOf(e, layers), edits
	if t.disrupts {
		losses, err := c.answerLosses(ctx, d, []task.Trace{attempts[0].Trace})
		if err != nil {
			return document, err
		}
		document.AnswerLoss = losses[0]
	}
	return document, nil
}

func newTraceDocument(kind task.Task, a examine.Attempt, e examine.Examined, attention bool) traceDocument {
	vocabulary := kind.Vocabulary()
	d := traceDocument{
		Tokens: e.Tokens, PromptLength: e.PromptLength, Think: span{e.ThinkStart, e.ThinkEnd}, Answer: span{e.AnswerStart, e.AnswerEnd},
		LogProbs: e.LogProbs, Entropy: e.Entropy, Correct: e.Correct, WellFormed: e.WellFormed,
		Gold: a.Problem.Gold, Difficulty: a.Problem.Difficulty, Steps: stepsOf(kind, e.Trace),
		FCI: e.FCI, FCIHeads: e.FCIHeads, Focus: e.Focus, Delta: e.Delta, Scores: scoresOf(e, [2]int{}),
		Prompt: task.Text(kind, a.Problem.Prompt), Response: task.Text(kind, a.Trace.Response()), Found: e.Answer,
	}
	if free, ok := kind.(*text.Task); ok {
		d.spell = free.Text
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
	line := func(from, to int) string { return line(d.Text[from:to]) }
	prompt := line(0, d.PromptLength)
	if d.spell != nil {
		line = func(from, to int) string { return strings.Join(strings.Fields(d.spell(d.Tokens[from:to])), " ") }
		prompt = d.Prompt
	}
	fmt.Fprintf(w, "%s\n\n", prompt)
	var shown []stepScore
	for _, name := range columns {
		i := slices.IndexFunc(d.Scores, func(s stepScore) bool { return s.Name == name })
		shown = append(shown, d.Scores[i])
		fmt.Fprintf(w, "%s\t", d.Scores[i].Symbol)
	}
	if d.AnswerLoss != nil {
		fmt.Fprintf(w, "answer loss\t")
	}
	fmt.Fprintf(w, "label\tstep\n")
	for k, s := range d.Steps {
		for _, v := range shown {
			fmt.Fprintf(w, "%v\t", v.Steps[k])
		}
		if d.AnswerLoss != nil {
			fmt.Fprintf(w, "%v\t", number(d.AnswerLoss[k]))
		}
		fmt.Fprintf(w, "%s\t%s\n", s.Label, line(s.Start, s.End))
	}
	verdict := "wrong"
	switch {
	case d.Correct:
		verdict = "correct"
	case d.Gold == "":
		verdict = "answer"
	}
	columnsBefore := len(shown)
	if d.AnswerLoss != nil {
		columnsBefore++
	}
	fmt.Fprintf(w, "%s%s\t%s\n", strings.Repeat("\t", columnsBefore), verdict, line(d.Think.End, len(d.Tokens)))
	for _, v := range shown {
		fmt.Fprintf(w, "%s, rank correlation with the place of the step (earlier first): %v\n", v.Title, v.Position)
	}
	d.writeEdits(w)
	if d.Gold == "" {
		fmt.Fprintf(w, "\nnobody knows the right answer; %d think tokens in %d steps\n", d.Think.End-d.Think.Start, len(d.Steps))
		return
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
