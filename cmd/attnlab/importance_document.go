package main

import (
	"fmt"
	"io"
	"strings"

	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// importanceDocument is what importance prints.
type importanceDocument struct {
	Steps    []importanceStep  `json:"steps"`
	Spearman map[string]number `json:"spearman"`
	Ranking  []importanceRank  `json:"ranking"`
	Labels   []importanceLabel `json:"labels"`
	Problems int               `json:"problems"` // responses whose steps are measured
	Sampled  int               `json:"sampled"`  // responses
	Correct  int               `json:"correct"`  // of the measured ones
	Samples  int               `json:"samples"`  // continuations of each kind from each place
	Success  string            `json:"success"`  // "right", or "same-answer" where nobody knows the right one
	Delta    int               `json:"delta"`
	Longest  int               `json:"max_length"` // tokens of the longest response
	openedAs
}

// importanceStep is a step with its scores and what it contributes.
type importanceStep struct {
	Problem  int        `json:"problem"`
	Step     int        `json:"step"`
	Text     string     `json:"text"`
	Label    task.Label `json:"label"`
	FCI      number     `json:"fci"`
	Focus    number     `json:"focus"`
	Position float64    `json:"position"`

	Importance    number `json:"importance"`
	Low           number `json:"low"`
	High          number `json:"high"`
	StandardError number `json:"standard_error"`
	Samples       int    `json:"samples"`   // continuations from before the step
	Differs       int    `json:"differs"`   // of these, with another step
	Kept          int    `json:"kept"`      // continuations that keep the step
	KeptRate      number `json:"kept_rate"` // share of right ones
	DiffersRate   number `json:"differs_rate"`

	Resampled effectRow `json:"resampled"`
	Forced    effectRow `json:"forced"`
}

// effectRow is a difference of success probabilities with its 95 % interval.
type effectRow struct {
	Value         number `json:"value"`
	StandardError number `json:"standard_error"`
	Low           number `json:"low"`
	High          number `json:"high"`
}

func effectRowOf(e examine.Effect) effectRow {
	return effectRow{number(e.Value), number(e.StandardError), number(e.Low), number(e.High)}
}

// interval writes a signed value with its interval.
func (e effectRow) interval() string {
	if e.Value.String() == noNumber.String() {
		return noNumber.String()
	}
	if e.Low.String() == noNumber.String() {
		return fmt.Sprintf("%+.3f", e.Value)
	}
	return fmt.Sprintf("%+.3f [%+.3f, %+.3f]", e.Value, e.Low, e.High)
}

// importanceRank is how well something ranks importance.
type importanceRank struct {
	By     examine.Ranker `json:"by"`
	Rho    effectRow      `json:"rho"`           // rank correlation, mean over responses
	Over   effectRow      `json:"over_position"` // less that of position on the same responses
	Traces int            `json:"responses"`
	Steps  int            `json:"steps"`
}

// importanceLabel is the mean importance of the steps with one label. Responses count as independent, steps of one do not.
type importanceLabel struct {
	Label         task.Label `json:"label"`
	Importance    number     `json:"importance"`
	StandardError number     `json:"standard_error"`
	Resampled     number     `json:"resampled"`
	ResampledErr  number     `json:"resampled_standard_error"`
	Steps         int        `json:"steps"` // with an importance
}

// newImportanceDocument makes the document of some traces; of[i] is the problem of trace i.
func newImportanceDocument(kind task.Task, traces []examine.Important, of []int, samples, delta int, seed uint64) importanceDocument {
	d := importanceDocument{Steps: []importanceStep{}, Spearman: map[string]number{}, Ranking: []importanceRank{}, Labels: []importanceLabel{},
		Problems: len(traces), Samples: samples, Delta: delta}
	for i, t := range traces {
		if t.Correct {
			d.Correct++
		}
		focus, place := t.FocusOf(), score.Position.Of(t.Input()).Steps
		for k, s := range t.Importance {
			e := effectRowOf(s.Counterfactual)
			d.Steps = append(d.Steps, importanceStep{Problem: of[i], Step: k, Text: task.Text(kind, t.Tokens[t.Steps[k].Start:t.Steps[k].End]), Label: t.Steps[k].Label,
				FCI: number(t.FCIOf(k)), Focus: number(focus[k]), Position: place[k],
				Importance: e.Value, Low: e.Low, High: e.High, StandardError: e.StandardError,
				Samples: s.Before.N, Differs: s.Differs.N, Kept: s.Kept.N, KeptRate: number(s.Kept.Of()), DiffersRate: number(s.Differs.Of()),
				Resampled: effectRowOf(s.Resampled), Forced: effectRowOf(s.Forced)})
		}
	}
	for _, r := range examine.RankImportance(traces, seed) {
		d.Spearman[string(r.By)] = number(r.Rho.Value)
		d.Ranking = append(d.Ranking, importanceRank{r.By, effectRowOf(r.Rho), effectRowOf(r.Over), r.Traces, r.Steps})
	}
	for _, label := range task.Labels() {
		if row, ok := labelImportance(traces, label); ok {
			d.Labels = append(d.Labels, row)
		}
	}
	return d
}

func labelImportance(traces []examine.Important, label task.Label) (row importanceLabel, ok bool) {
	var counterfactual, resampled [][]float64
	for _, t := range traces {
		var c, r []float64
		for k, s := range t.Importance {
			if t.Steps[k].Label == label {
				c, r = append(c, s.Counterfactual.Value), append(r, s.Resampled.Value)
			}
		}
		if c = stat.Known(c); len(c) > 0 {
			counterfactual, row.Steps = append(counterfactual, c), row.Steps+len(c)
		}
		if r = stat.Known(r); len(r) > 0 {
			resampled = append(resampled, r)
		}
	}
	if len(resampled) == 0 {
		return row, false
	}
	mean := func(x [][]float64) (number, number) {
		if len(x) == 0 {
			return noNumber, noNumber
		}
		m, se := stat.ClusterMean(x)
		return number(m), number(se)
	}
	row.Label = label
	row.Importance, row.StandardError = mean(counterfactual)
	row.Resampled, row.ResampledErr = mean(resampled)
	return row, true
}

// mostStepRows is how many steps the text lists; the JSON has all.
const mostStepRows = 60

func (d importanceDocument) text(w io.Writer) {
	fmt.Fprintf(w, "problem\tstep\tlabel\timportance\tdiffer\tresampled\tforced\tFCI\tfocus\ttext\n")
	for i, s := range d.Steps {
		if i == mostStepRows {
			fmt.Fprintf(w, "and %d more steps (--json lists all)\n", len(d.Steps)-i)
			break
		}
		text := []rune(strings.Join(strings.Fields(s.Text), " "))
		if len(text) > 40 {
			text = append(text[:40], '…')
		}
		e := effectRow{s.Importance, s.StandardError, s.Low, s.High}
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%d of %d\t%s\t%s\t%v\t%v\t%s\n", s.Problem, s.Step, s.Label, e.interval(), s.Differs, s.Samples, s.Resampled.interval(), s.Forced.interval(), s.FCI, s.Focus, string(text))
	}
	fmt.Fprintf(w, "\nlabel\timportance\tresampled\tsteps\n")
	for _, l := range d.Labels {
		fmt.Fprintf(w, "%s\t%v ± %v\t%v ± %v\t%d\n", l.Label, l.Importance, l.StandardError, l.Resampled, l.ResampledErr, l.Steps)
	}
	fmt.Fprintf(w, "\nimportance ranked by\tSpearman\tover position\tresponses\tsteps\n")
	for _, r := range d.Ranking {
		over := r.Over.interval()
		if r.By == examine.ByPosition {
			over = noNumber.String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", strings.ReplaceAll(string(r.By), "fci", "FCI"), r.Rho.interval(), over, r.Traces, r.Steps)
	}
	success := "are right"
	if d.Success != "right" {
		success = "give the answer of the response"
	}
	fmt.Fprintf(w, "\n%d of %d responses have steps to resample, %d of these are right; %d continuations from each place, successful where they %s\n", d.Problems, d.Sampled, d.Correct, d.Samples, success)
}
