package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// insideDocument is what inside prints. Two numbers are those of the two Targets.
type insideDocument struct {
	Tokens       []int          `json:"tokens"`
	Text         []string       `json:"text"`
	PromptLength int            `json:"prompt_length"`
	Token        int            `json:"token"`   // position of the token that is explained; the pass that predicts it is at the one before
	Targets      []insideToken  `json:"targets"` // the token that was written, and the one it is compared with
	Lens         []lensRow      `json:"lens"`
	Shares       model.Shares   `json:"shares"`
	Head         model.HeadView `json:"head"`
	Ablation     *ablationTable `json:"ablation,omitempty"`
	Patching     *patchTable    `json:"patching,omitempty"`
	openedAs
}

type insideToken struct {
	Token int    `json:"token"`
	Text  string `json:"text"`
}

// lensRow is what the residual stream says before a layer; the last row is after the last.
type lensRow struct {
	Layer    int         `json:"layer"`
	LogProbs []float64   `json:"logprobs"` // of the targets
	Best     insideToken `json:"best"`
	BestLog  float64     `json:"best_logprob"`
}

// ablationTable is what answers lose without heads.
type ablationTable struct {
	By           examine.Ablation `json:"by"`
	Traces       int              `json:"traces"` // responses with an answer
	LogProb      number           `json:"log_prob"`
	LogProbError number           `json:"log_prob_standard_error"`
	Right        number           `json:"right"` // share
	RightError   number           `json:"right_standard_error"`
	Each         []ablationRow    `json:"each"`
}

type ablationRow struct {
	Heads   []score.Head  `json:"heads"`
	LogProb differenceRow `json:"log_prob"`
	Right   differenceRow `json:"right"`
}

// differenceRow is a paired difference over responses.
type differenceRow struct {
	Mean  number `json:"mean"`
	Error number `json:"standard_error"`
	Low   number `json:"low"`
	High  number `json:"high"`
}

func differenceRowOf(d stat.Difference) differenceRow {
	return differenceRow{number(d.Mean), number(d.Error), number(d.Low), number(d.High)}
}

// figure3 is a number with three decimals.
func figure3(x number) string { return stat.Decimals(float64(x), 3) }

func (r differenceRow) String() string {
	return fmt.Sprintf("%s ± %s  (%s to %s)", stat.Signed(float64(r.Mean), 3), figure3(r.Error), stat.Signed(float64(r.Low), 3), stat.Signed(float64(r.High), 3))
}

func (d *insideDocument) ablated(a *examine.Ablating, by examine.Ablation) {
	t := &ablationTable{By: by, Traces: a.Traces(), Each: []ablationRow{}}
	p, pe := a.LogProb()
	r, re := a.Right()
	t.LogProb, t.LogProbError, t.Right, t.RightError = number(p), number(pe), number(r), number(re)
	d.Ablation = t
}

// patchTable is what comes back of the answer where states of the response are put into another one.
type patchTable struct {
	Edit     *editedTrace  `json:"edit,omitempty"` // that leads to the other response
	Seed     *uint64       `json:"seed,omitempty"` // or the sampling seed that does
	Response string        `json:"response"`       // the other
	Targets  []insideToken `json:"targets"`        // the first tokens in which the answers differ: of the response, and of the other
	From     float64       `json:"from"`           // logit of the first target less that of the second in the response
	To       float64       `json:"to"`             // and in the other
	LogProbs []float64     `json:"logprobs"`       // of the first target in both
	Ranges   []patchRange  `json:"ranges"`
	Back     [][]number    `json:"back"`   // [layers][ranges]
	Gained   [][]number    `json:"gained"` // [layers][ranges] rise of the first target's log-probability in the other
}

type patchRange struct {
	Name  string `json:"name"` // prompt, a step by its number, or answer
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// take fills in what was measured with the other response.
func (t *patchTable) take(kind task.Task, to task.Trace, p examine.Patching) {
	vocabulary := kind.Vocabulary()
	t.Response, t.From, t.To, t.LogProbs = task.Text(kind, to.Response()), p.From, p.To, p.Likely[:]
	for _, token := range p.Tokens {
		t.Targets = append(t.Targets, insideToken{token, vocabulary[token]})
	}
	for k, r := range p.Ranges {
		name := fmt.Sprint(k)
		switch k {
		case 0:
			name = "prompt"
		case len(p.Ranges) - 1:
			name = "answer"
		}
		t.Ranges = append(t.Ranges, patchRange{name, r.Start, r.End})
	}
	numbers := func(table [][]float64) (rows [][]number) {
		for _, layer := range table {
			var row []number
			for _, x := range layer {
				row = append(row, number(x))
			}
			rows = append(rows, row)
		}
		return rows
	}
	t.Back, t.Gained = numbers(p.Back), numbers(p.Gained)
}

// mostKeys is how many tokens that a head reads are listed for people.
const mostKeys = 12

func (d insideDocument) text(w io.Writer) {
	a, b := d.name(d.Targets[0]), d.name(d.Targets[1])
	before := d.Text[max(0, d.Token-8):d.Token]
	fmt.Fprintf(w, "token %d, %s, after %s; compared with %s\n\n", d.Token, a, line(before), b)
	fmt.Fprintf(w, "before layer\tlog p %s\tlog p %s\tlikeliest\n", a, b)
	for _, r := range d.Lens {
		name := fmt.Sprint(r.Layer)
		if r.Layer == len(d.Lens)-1 {
			name = "end"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, stat.Decimals(r.LogProbs[0], 3), stat.Decimals(r.LogProbs[1], 3), d.name(r.Best))
	}
	fmt.Fprintf(w, "\nadds to the logit of\t%s\t%s\tdifference\n", a, b)
	row := func(name string, x []float64) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, stat.Signed(x[0], 3), stat.Signed(x[1], 3), stat.Signed(x[0]-x[1], 3))
	}
	row("embedding", d.Shares.Embed)
	for l, heads := range d.Shares.Heads {
		for h, x := range heads {
			row(fmt.Sprintf("head %d.%d", l, h), x)
		}
		row(fmt.Sprintf("feed-forward %d", l), d.Shares.Feed[l])
	}
	row("sum", d.Shares.Sum())
	row("logit", d.Shares.Logits)

	v := d.Head
	fmt.Fprintf(w, "\nhead %d.%d reads\tq·k\tq·k/√C\tweight\tvalue\tto %s\tto %s\n", v.Layer, v.Head, a, b)
	reads := slices.Clone(v.Reads)
	slices.SortStableFunc(reads, func(x, y model.Read) int { return cmp.Compare(y.Weight, x.Weight) })
	rest := model.Read{Logits: make([]float64, 2)}
	for n, r := range reads {
		if n < mostKeys {
			fmt.Fprintf(w, "%d %s\t%s\t%s\t%.4f\t%.3f\t%s\t%s\n", r.Key, d.name(insideToken{d.Tokens[r.Key], d.Text[r.Key]}), stat.Decimals(r.Dot, 3), stat.Decimals(r.Scaled, 3), r.Weight, r.Value, stat.Signed(r.Logits[0], 4), stat.Signed(r.Logits[1], 4))
			continue
		}
		rest.Weight += r.Weight
		rest.Logits[0] += r.Logits[0]
		rest.Logits[1] += r.Logits[1]
	}
	if more := len(reads) - mostKeys; more > 0 {
		fmt.Fprintf(w, "%d more\t\t\t%.4f\t\t%s\t%s\n", more, rest.Weight, stat.Signed(rest.Logits[0], 4), stat.Signed(rest.Logits[1], 4))
	}
	fmt.Fprintf(w, "sum\t\t\t%.4f\t\t%s\t%s\n", 1.0, stat.Signed(v.Logits[0], 4), stat.Signed(v.Logits[1], 4))
	d.writePatching(w)
	d.writeAblation(w)
}

// name is a token with its line end shown.
func (d insideDocument) name(t insideToken) string { return strings.ReplaceAll(t.Text, "\n", "⏎") }

func (d insideDocument) writePatching(w io.Writer) {
	p := d.Patching
	if p == nil {
		return
	}
	a, b := d.name(p.Targets[0]), d.name(p.Targets[1])
	var other string
	if p.Edit != nil {
		other = fmt.Sprintf("the one with %q", strings.TrimSpace(p.Edit.Text))
	} else {
		other = fmt.Sprintf("the response by seed %d", *p.Seed)
	}
	table := func(title string, rows [][]number, format func(x float64) string) {
		fmt.Fprintf(w, "\nstates of this response put into %s: %s\n", other, title)
		fmt.Fprint(w, "before layer")
		for _, r := range p.Ranges {
			fmt.Fprintf(w, "\t%s", r.Name)
		}
		fmt.Fprintln(w)
		for l, row := range rows {
			fmt.Fprint(w, l)
			for _, x := range row {
				text := "–"
				if !math.IsNaN(float64(x)) {
					text = format(float64(x))
				}
				fmt.Fprintf(w, "\t%s", text)
			}
			fmt.Fprintln(w)
		}
	}
	table(fmt.Sprintf("the share of %s less %s that comes back (%s here, %s there)", a, b, stat.Decimals(p.From, 3), stat.Decimals(p.To, 3)), p.Back, func(x float64) string { return stat.Decimals(x, 3) })
	table(fmt.Sprintf("how much the log-probability of %s rises (%s here, %s there)", a, stat.Decimals(p.LogProbs[0], 3), stat.Decimals(p.LogProbs[1], 3)), p.Gained, func(x float64) string { return stat.Signed(x, 3) })
	fmt.Fprintln(w, "– where a step has another number of tokens in both")
}

func (d insideDocument) writeAblation(w io.Writer) {
	t := d.Ablation
	if t == nil {
		return
	}
	fmt.Fprintf(w, "\n%d responses with an answer, heads replaced by %s: log-probability of the answer %s ± %s, right answers %s ± %s\n", t.Traces,
		t.By, figure3(t.LogProb), figure3(t.LogProbError), figure3(t.Right), figure3(t.RightError))
	fmt.Fprintln(w, "without\tlog-probability\tright answers")
	for _, r := range t.Each {
		var names []string
		for _, h := range r.Heads {
			names = append(names, fmt.Sprintf("%d.%d", h.Layer, h.Head))
		}
		fmt.Fprintf(w, "%s\t%v\t%v\n", strings.Join(names, ","), r.LogProb, r.Right)
	}
}
