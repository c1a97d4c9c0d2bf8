package lab

import (
	"slices"
	"strconv"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// Ablated says which heads are ablated, how, and over how many problems. The zero value is none.
type Ablated struct {
	Heads    string // "each", or heads that are ablated together, "1.2,0.3"
	By       string // one of [session.AblateBy]
	Problems int
}

// EachHead in Ablated.Heads ablates every head alone.
const EachHead = "each"

// startAblated is what is ablated where a visitor chooses nothing, as on the command line.
func startAblated() Ablated { return Ablated{EachHead, session.AblateBy[0], 50} }

// write adds an ablation to a link.
func (a Ablated) write(add func(key, value string)) {
	start := startAblated()
	if a.Problems == 0 {
		return
	}
	add("ablate", a.Heads)
	if a.By != start.By {
		add("ablate-by", a.By)
	}
	if a.Problems != start.Problems {
		add("ablate-over", strconv.Itoa(a.Problems))
	}
}

// readAblated is the inverse of write.
func readAblated(q *linkReader) Ablated {
	if !q.has("ablate") {
		return Ablated{}
	}
	a := startAblated()
	heads, wrong := headsNamed(q.text("ablate"))
	if wrong != "" {
		q.refuse("ablate")
		return Ablated{}
	}
	a.Heads = heads
	q.choose("ablate-by", &a.By, session.AblateBy)
	q.whole("ablate-over", &a.Problems, 1, session.MaxProblems)
	return a
}

// headsNamed reads "each", or heads such as "1.2, 0.3" as "1.2,0.3". It returns a sentence where they are none.
func headsNamed(text string) (heads, wrong string) {
	if strings.TrimSpace(text) == EachHead {
		return EachHead, ""
	}
	if heads, wrong = focusHeads(text); heads == "" && wrong == "" {
		wrong = "Write each, or heads as layer.head, such as 1.2, with commas between."
	}
	return heads, wrong
}

// command is the ablation as the engine takes it.
func (a Ablated) command() session.Ablate {
	c := session.Ablate{By: a.By, Problems: a.Problems}
	if a.Heads == EachHead {
		return c
	}
	for one := range strings.SplitSeq(a.Heads, ",") {
		layer, head, _ := explain.ParseHead(one)
		c.Heads = append(c.Heads, [2]int{layer, head})
	}
	return c
}

// ablatedOf is what the engine ablated.
func ablatedOf(c session.Ablate) Ablated {
	a := Ablated{EachHead, c.By, c.Problems}
	var heads []string
	for _, h := range c.Heads {
		heads = append(heads, headText(h))
	}
	if len(heads) > 0 {
		a.Heads = strings.Join(heads, ",")
	}
	return a
}

// headText is a head as a field has it, 1.2.
func headText(h [2]int) string { return strconv.Itoa(h[0]) + "." + strconv.Itoa(h[1]) }

// headTexts are heads with commas between.
func headTexts(heads [][2]int) string { return ablatedOf(session.Ablate{Heads: heads}).Heads }

// ablate measures what answers lose without the chosen heads.
func (l *Lab) ablate() {
	l.Ablations, l.View.Ablated = session.Ablations{}, l.Controls.Ablated
	l.Send(l.Controls.Ablated.command())
}

// toggleAblated puts the selected head among those that are ablated together, or takes it out. Without any, every head is ablated alone.
func (l *Lab) toggleAblated() {
	h, c := [2]int{l.Selection.Layer, l.Selection.Head}, l.Controls.Ablated.command()
	n := len(c.Heads)
	kept := slices.DeleteFunc(c.Heads, func(old [2]int) bool { return old == h })
	if len(kept) == n {
		kept = append(kept, h)
	}
	delete(l.Refused, "ablate-heads")
	l.Controls.Ablated.Heads = headTexts(kept)
}

// setAblated gives a control of ablation or patching its value. It returns false if there is no such control.
func (l *Lab) setAblated(name, value string) bool {
	switch name {
	case "ablate-heads":
		heads, wrong := headsNamed(value)
		if wrong != "" {
			l.refuse(name, value, wrong)
			break
		}
		delete(l.Refused, name)
		l.Controls.Ablated.Heads = heads
	case "ablate-by":
		if slices.Contains(session.AblateBy, value) {
			l.Controls.Ablated.By = value
		}
	case "ablate-over":
		if n, ok := l.whole(name, value, 1, session.MaxProblems); ok {
			l.Controls.Ablated.Problems = int(n)
		}
	default:
		return false
	}
	return true
}

// saveAblations offers the ablations as a file of a kind, csv or json.
func (l *Lab) saveAblations(kind string) {
	l.saveMeasured("Ablate", "ablations", "ablations", kind, ablationLines(&l.Ablations), l.Ablations)
}

// ablationLines are a head, a line for the whole model and a line an ablation. An empty field is a number that a single response does not have.
func ablationLines(v *session.Ablations) [][]string {
	number := func(x float64) string { return csvNumber(&x) }
	change := func(c session.Change) []string {
		low, high := "", ""
		if c.Interval != nil {
			low, high = number(c.Interval.Low), number(c.Interval.High)
		}
		return []string{number(c.Value), csvNumber(c.SE), low, high}
	}
	lines := [][]string{{"without", "by", "responses", "log_prob", "log_prob_error", "log_prob_low", "log_prob_high", "right", "right_error", "right_low", "right_high"},
		{"whole model", "", strconv.Itoa(v.Traces), number(v.LogProb.Value), csvNumber(v.LogProb.SE), "", "", number(v.Right.Value), csvNumber(v.Right.SE), "", ""}}
	for _, row := range v.Rows {
		line := append([]string{headTexts(row.Heads), v.Asked.By, strconv.Itoa(v.Traces)}, change(row.LogProb)...)
		lines = append(lines, append(line, change(row.Right)...))
	}
	return lines
}

// patch puts states of the response into another one.
func (l *Lab) patch(into string) {
	l.Patched, l.View.PatchInto = session.Patched{}, into
	l.Send(session.PatchStates{Into: into})
}

// savePatched offers what patching measured as a file of a kind, csv or json.
func (l *Lab) savePatched(kind string) {
	l.saveMeasured("PatchStates", "patched states", "patching", kind, patchLines(&l.Patched), l.Patched)
}

// patchLines are a head and a line for each layer and part.
func patchLines(v *session.Patched) [][]string {
	lines := [][]string{{"before_layer", "part", "label", "text", "same_tokens", "back", "gained"}}
	for l, row := range v.Back {
		for k, back := range row {
			part := v.Ranges[k]
			lines = append(lines, []string{strconv.Itoa(l), explain.PartName(k, len(v.Ranges)), part.Label, part.Text, strconv.FormatBool(part.Same), csvNumber(back), csvNumber(v.Gained[l][k])})
		}
	}
	return lines
}
