package main

import (
	"attnlab/rl/runs"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// table is rows of cells below a head.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write prints the table in columns, or in Markdown.
func (t *table) write(w io.Writer, markdown bool) {
	before, between, after := "", "\t", ""
	if markdown {
		before, between, after = "| ", " | ", " |"
	}
	for i, row := range append([][]string{t.head}, t.rows...) {
		fmt.Fprintln(w, before+strings.Join(row, between)+after)
		if i == 0 && markdown {
			fmt.Fprintln(w, "|"+strings.Repeat("---|", len(row)))
		}
	}
	fmt.Fprintln(w)
}

// tables prints the outcomes of the runs, their costs, their focus heads before and after, and how all of it was measured.
func (d comparison) tables(w io.Writer, markdown bool) {
	switch {
	case d.Task == "": // logs of other trainers alone
		fmt.Fprint(w, "Means over seeds")
	case d.Difficulty == "":
		fmt.Fprintf(w, "Task %s, means over seeds", d.Task)
	default:
		fmt.Fprintf(w, "Task %s, difficulty %s, means over seeds", d.Task, d.Difficulty)
	}
	fmt.Fprint(w, " ± standard deviation.")
	for _, b := range d.Bases {
		fmt.Fprintf(w, " The %s: %s", d.baseLabel(b), b.From)
		if b.Problems > 0 {
			fmt.Fprintf(w, ", %d problems", b.Problems)
		}
		if len(b.Seeds) > 0 {
			fmt.Fprintf(w, ", seeds %s", strings.Trim(fmt.Sprint(b.Seeds), "[]"))
		}
		fmt.Fprint(w, ".")
	}
	fmt.Fprint(w, "\n\n")
	d.outcomes().write(w, markdown)
	d.costs().write(w, markdown)
	heads := table{head: []string{"method", "seed", "head", "step ranking before", "after"}}
	for _, r := range d.Rows {
		for _, h := range r.FocusHeads {
			heads.add(r.Method, fmt.Sprint(h.Seed), fmt.Sprintf("L%d·H%d", h.Layer, h.Head), h.Before.String(), h.After.String())
		}
	}
	if len(heads.rows) > 0 {
		heads.write(w, markdown)
	}
	d.conditions().write(w, markdown)
	d.remarks(w)
}

// remarks prints what was measured otherwise and what was skipped.
func (d comparison) remarks(w io.Writer) {
	for _, text := range d.Notes {
		fmt.Fprintf(w, "Note: %s.\n", text)
	}
	for _, text := range d.LeftOut {
		fmt.Fprintf(w, "Skipped: %s.\n", text)
	}
	if len(d.LeftOut)+len(d.Notes) > 0 {
		fmt.Fprintln(w)
	}
}

// baseLabel is "base", or of several bases "base of a c" with the marks of its rows.
func (d comparison) baseLabel(b runs.BaseRow) string {
	if len(d.Bases) == 1 {
		return "base"
	}
	label := "base of"
	for _, i := range b.Of {
		label += " " + mark(i)
	}
	return label
}

// conditions describes how each row and its base were measured.
func (d comparison) conditions() *table {
	t := &table{head: []string{"measured"}}
	var columns [][][2]string
	for _, r := range d.Rows {
		t.head, columns = append(t.head, r.Method), append(columns, runs.MeasuredRows(r.Measured))
	}
	for _, b := range d.Bases {
		t.head, columns = append(t.head, d.baseLabel(b)), append(columns, runs.MeasuredRows(b.Measured))
	}
	for i := range columns[0] {
		cells := []string{columns[0][i][0]}
		for _, column := range columns {
			cells = append(cells, column[i][1])
		}
		t.add(cells...)
	}
	return t
}

// outcomes has each base above its rows.
func (d comparison) outcomes() *table {
	t := &table{head: []string{"", "method", "seeds", "accuracy", "by difficulty", "think tokens", "length", "reflections", "easy / hard", "redundant removed", "essential lost", "AES"}}
	for _, b := range d.Bases {
		t.add(baseMark, d.baseLabel(b), "", three(b.Accuracy), levelsText(b.ByDifficulty), one(b.ThinkTokens), "", spreadText(runs.Spread{Mean: b.Reflections, SD: noNumber}, two), endsText(b.ByDifficulty), "", "", "")
		for _, i := range b.Of {
			r := d.Rows[i]
			t.add(mark(i), r.Method, fmt.Sprint(r.Seeds), spreadText(runs.Spread{Mean: r.Accuracy, SD: r.AccuracySD}, three), levelsText(r.ByDifficulty),
				spreadText(runs.Spread{Mean: r.ThinkTokens, SD: r.ThinkTokensSD}, one), unit(signed(percent(r.LengthChange), r.LengthChange)), spreadText(r.Reflections, two), endsText(r.ByDifficulty), unit(spreadText(r.RedundantRemoved, percent)),
				unit(spreadText(r.EssentialLost, percent)), signed(two(r.AES), r.AES))
		}
	}
	return t
}

func (d comparison) costs() *table {
	t := &table{head: []string{"method", "groups all correct", "all wrong", "valid", "valid per 10,000 tokens", "steps", "updates", "tokens", "charged", "training GFLOP", "minutes", "credit AUC", "score ~ place", "tokens to half gain"}}
	if d.Reach > 0 {
		t.head = append(t.head, fmt.Sprintf("tokens to %.2g", d.Reach))
	}
	for _, r := range d.Rows {
		row := []string{r.Method, unit(spreadText(r.Groups.AllCorrect, percent)), unit(spreadText(r.Groups.AllWrong, percent)), unit(spreadText(r.Groups.Valid, percent)),
			spreadText(r.ValidRate, one), spreadText(r.Steps, whole), spreadText(r.Updates, whole), spreadText(r.GeneratedTokens, thousands), spreadText(r.ChargedTokens, thousands), spreadText(r.Compute, whole),
			spreadText(r.Seconds, func(n number) string { return fmt.Sprintf("%.1f", time.Duration(float64(n)*1e9).Minutes()) }), spreadText(r.CreditAUC, two), spreadText(r.ScorePosition, two), halfText(r)}
		if d.Reach > 0 {
			row = append(row, fmt.Sprintf("%s (%d of %d)", spreadText(r.TokensToReach, thousands), r.Reached, r.Seeds))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// spreadText prints mean ± standard deviation, where there are.
func spreadText(s runs.Spread, form func(number) string) string {
	if math.IsNaN(float64(s.Mean)) {
		return "–"
	}
	if math.IsNaN(float64(s.SD)) {
		return form(s.Mean)
	}
	return form(s.Mean) + " ± " + form(s.SD)
}

// unit puts a percent sign behind a number, not behind a dash.
func unit(text string) string {
	if text == "–" {
		return text
	}
	return text + " %"
}

func levelsText(levels []runs.Level) string {
	var at, all []string
	for _, l := range levels {
		at, all = append(at, fmt.Sprint(l.Difficulty)), append(all, two(l.Accuracy.Mean))
	}
	if len(at) == 0 {
		return ""
	}
	return strings.Join(all, " ") + " (" + strings.Join(at, " ") + ")"
}

// endsText is the reflections at the easiest and the hardest difficulty.
func endsText(levels []runs.Level) string {
	if len(levels) < 2 {
		return ""
	}
	return two(levels[0].Reflections.Mean) + " / " + two(levels[len(levels)-1].Reflections.Mean)
}

// signed puts a plus before what is above 0.
func signed(text string, n number) string {
	if n > 0 {
		return "+" + text
	}
	return text
}

func three(n number) string   { return format("%.3f", n, 1) }
func two(n number) string     { return format("%.2f", n, 1) }
func one(n number) string     { return format("%.1f", n, 1) }
func whole(n number) string   { return format("%.0f", n, 1) }
func percent(n number) string { return format("%.0f", n, 100) }

// thousands is a count in thousands, with a decimal where it is small.
func thousands(n number) string {
	if math.Abs(float64(n)) < 9950 {
		return format("%.1f k", n, 1e-3)
	}
	return format("%.0f k", n, 1e-3)
}

// format is n times scale as text, a dash where it is unknown. What rounds to 0 has no sign.
func format(verb string, n number, scale float64) string {
	if math.IsNaN(float64(n)) {
		return "–"
	}
	text := fmt.Sprintf(verb, scale*float64(n))
	if strings.Trim(text, "-0. k") == "" {
		text = strings.TrimPrefix(text, "-")
	}
	return text
}

// halfText is the tokens to half of the gain, with the runs that gained where not all did.
func halfText(r runs.Row) string {
	text := spreadText(r.TokensToHalf, thousands)
	if r.Gained > 0 && r.Gained < r.Seeds {
		text += fmt.Sprintf(" (%d of %d)", r.Gained, r.Seeds)
	}
	return text
}
