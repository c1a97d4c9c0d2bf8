package runs

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Measured records how a number was measured: by which model, on which problems, and
// how it sampled. Two numbers may be averaged or subtracted only where these agree. Empty text and
// nil mean that it was not recorded.
type Measured struct {
	Model       string   `json:"model"`       // SHA-256 of the weights that were measured
	Base        string   `json:"base"`        // SHA-256 of the weights that their training began from; of a base its own
	Task        string   `json:"task"`        //
	Teacher     string   `json:"teacher"`     //
	Difficulty  string   `json:"difficulty"`  // "2-5"
	Temperature *float64 `json:"temperature"` // of sampling
	TopP        *float64 `json:"top_p"`       // of sampling, 1 is off
	MaxLength   *int     `json:"max_length"`  // tokens of the longest response
	Problems    *int     `json:"problems"`    //
	Stream      string   `json:"stream"`      // that the problems were drawn from
	Seed        *Seed    `json:"seed"`        // of problems and sampling
	Tokens      *int64   `json:"tokens"`      // generated in training before the measurement
	Updates     *int     `json:"updates"`     // of the optimiser before it
	Adapter     string   `json:"adapter"`     // device that computed it
	// Wording is how problems of free text are put: step rule, markers, examples, and the checksum of a list of problems.
	Wording string `json:"wording,omitempty"`
}

// To points to a value, for the fields of [Measured].
func To[T any](v T) *T { return &v }

// condition is one field of Measured as text, empty where it is not recorded.
type condition struct {
	name  string
	label string // short name, for the name of a row: "problems" in "grpo problems=500"
	of    func(m Measured) string
}

func textOf[T any](v *T) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(*v)
}

var conditions = []condition{
	{"model", "model", func(m Measured) string { return m.Model }},
	{"base", "base", func(m Measured) string { return m.Base }},
	{"task", "task", func(m Measured) string { return m.Task }},
	{"teacher", "teacher", func(m Measured) string { return m.Teacher }},
	{"difficulty", "difficulty", func(m Measured) string { return m.Difficulty }},
	{"wording", "wording", func(m Measured) string { return m.Wording }},
	{"temperature", "temperature", func(m Measured) string { return number(m.Temperature) }},
	{"top-p", "top-p", func(m Measured) string { return number(m.TopP) }},
	{"longest response", "max-length", func(m Measured) string { return textOf(m.MaxLength) }},
	{"number of problems", "problems", func(m Measured) string { return textOf(m.Problems) }},
	{"stream of problems", "stream", func(m Measured) string { return m.Stream }},
	{"seed", "seed", func(m Measured) string { return textOf(m.Seed) }},
	{"tokens so far", "tokens", func(m Measured) string { return textOf(m.Tokens) }},
	{"updates so far", "updates", func(m Measured) string { return textOf(m.Updates) }},
	{"adapter", "adapter", func(m Measured) string { return m.Adapter }},
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

// The conditions that must agree. Weights, tokens and updates are not among them: they
// differ between a base and a trained model.
var (
	// likeSeeds agree where numbers of several seeds are averaged.
	likeSeeds = []string{"base", "task", "teacher", "difficulty", "wording", "temperature", "top-p", "longest response", "number of problems", "stream of problems", "adapter"}
	// likeModels agree where numbers of two models are subtracted.
	likeModels = []string{"base", "task", "teacher", "difficulty", "wording", "temperature", "top-p", "longest response", "stream of problems"}
	// besides may differ between two models, which is named.
	besides = []string{"number of problems", "adapter"}
)

// Differences names each of the conditions by which a and b differ, with both values. A value that one of them did not
// record differs from one that is.
func Differences(a, b Measured, names []string) (differences []string) {
	for _, c := range conditions {
		if !slices.Contains(names, c.name) {
			continue
		}
		if x, y := c.of(a), c.of(b); x != y {
			differences = append(differences, fmt.Sprintf("%s %s and %s", c.name, short(x), short(y)))
		}
	}
	return differences
}

// Alike reports whether numbers of two runs were measured in a way that allows their mean. Nil is of a run that did not record
// it.
func Alike(a, b *Measured) bool {
	if a == nil || b == nil {
		return a == b
	}
	return len(Differences(*a, *b, likeSeeds)) == 0
}

// short is a value for a sentence: a checksum by its first digits.
func short(text string) string {
	if text == "" {
		return "(not recorded)"
	}
	if len(text) == 64 && !strings.Contains(text, " ") {
		return text[:8] + "…"
	}
	return text
}

// Rows are the conditions as pairs of name and value, for a table.
func (m Measured) Rows() [][2]string {
	rows := make([][2]string, len(conditions))
	for i, c := range conditions {
		rows[i] = [2]string{c.name, short(c.of(m))}
	}
	return rows
}

// MeasuredRows are the conditions of measurements of several seeds, as [Measured.Rows]: every distinct value, of tokens and
// updates the smallest and the largest.
func MeasuredRows(all []Measured) [][2]string {
	rows := make([][2]string, len(conditions))
	for i, c := range conditions {
		var values []string
		for _, m := range all {
			if v := short(c.of(m)); !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		between := ", "
		if c.name == "tokens so far" || c.name == "updates so far" {
			slices.SortStableFunc(values, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) }) // whole numbers
			if len(values) > 2 {
				values = []string{values[0], values[len(values)-1]}
			}
			between = " to "
		}
		rows[i] = [2]string{c.name, strings.Join(values, between)}
	}
	return rows
}

// oldEvalStream is the stream of evaluations that did not record it: problems were divided otherwise then.
const oldEvalStream = "eval of version 1"
