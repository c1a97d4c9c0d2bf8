package main

import (
	"fmt"
	"strings"

	"attnlab/rl/runs"
)

// recipeColumns are the columns that tables of docs/results.md are made of: a cell of a row, and of the base where it has one.
var recipeColumns = map[string]struct {
	row  func(r runs.Row) string
	base func(b runs.BaseRow) string
}{
	"seeds": {row: func(r runs.Row) string { return fmt.Sprint(r.Seeds) }},
	"accuracy": {
		row:  func(r runs.Row) string { return docsSpread(runs.Spread{Mean: r.Accuracy, SD: r.AccuracySD}, three) },
		base: func(b runs.BaseRow) string { return noZero(three(b.Accuracy)) },
	},
	"by difficulty 2 to 5": {
		row:  func(r runs.Row) string { return docsLevels(r.ByDifficulty) },
		base: func(b runs.BaseRow) string { return docsLevels(b.ByDifficulty) },
	},
	"think tokens": {
		row:  func(r runs.Row) string { return docsSpread(runs.Spread{Mean: r.ThinkTokens, SD: r.ThinkTokensSD}, one) },
		base: func(b runs.BaseRow) string { return one(b.ThinkTokens) },
	},
	"redundant steps": {
		row:  func(r runs.Row) string { return docsSpread(r.Labels["redundant"], two) },
		base: func(b runs.BaseRow) string { return two(b.RedundantSteps) },
	},
	"redundant removed": {row: func(r runs.Row) string { return unit(docsSpread(r.RedundantRemoved, percent)) }},
	"essential lost":    {row: func(r runs.Row) string { return unit(docsSpread(r.EssentialLost, percent)) }},
	"all right / all wrong groups": {row: func(r runs.Row) string {
		return unit(percent(r.Groups.AllCorrect.Mean)) + " / " + unit(percent(r.Groups.AllWrong.Mean))
	}},
	"tokens to .85":              {row: func(r runs.Row) string { return docsSpread(r.TokensToReach, thousands) }},
	"tokens to half of the gain": {row: func(r runs.Row) string { return docsSpread(r.TokensToHalf, thousands) }},
	"accuracy while training":    {row: func(r runs.Row) string { return docsSpread(r.WhileTraining, three) }},
	"reflections, easiest / hardest": {
		row: func(r runs.Row) string {
			return noZero(two(r.ByDifficulty[0].Reflections.Mean)) + " / " + noZero(two(r.ByDifficulty[len(r.ByDifficulty)-1].Reflections.Mean))
		},
	},
	"tokens":                  {row: func(r runs.Row) string { return docsSpread(r.GeneratedTokens, thousands) }},
	"credit AUC":              {row: func(r runs.Row) string { return docsSpread(r.CreditAUC, two) }},
	"score ~ place":           {row: func(r runs.Row) string { return docsSpread(r.ScorePosition, two) }},
	"steps":                   {row: func(r runs.Row) string { return docsSpread(r.Steps, whole) }},
	"updates":                 {row: func(r runs.Row) string { return docsSpread(r.Updates, whole) }},
	"prefixes charged":        {row: func(r runs.Row) string { return docsSpread(r.ChargedTokens, thousands) }},
	"training GFLOP":          {row: func(r runs.Row) string { return docsSpread(r.Compute, whole) }},
	"valid per 10,000 tokens": {row: func(r runs.Row) string { return docsSpread(r.ValidRate, one) }},
}

// recipeTable is a table of the docs with its base, in the order of the recipe's rows.
func recipeTable(r runs.Recipe, made runs.Comparison, columns []string) *table {
	t := &table{head: columns}
	base := []string{"base"}
	for _, name := range columns[1:] {
		text := ""
		if of := recipeColumns[name].base; of != nil {
			text = of(made.Bases[0])
		}
		if name == "accuracy" && columns[1] != "redundant steps" {
			text += fmt.Sprintf(" (%s problems)", grouped(made.Bases[0].Problems))
		}
		base = append(base, text)
	}
	t.add(base...)
	for _, row := range r.Rows {
		cells := []string{strings.TrimSpace("`" + row.Flags + "` " + row.Note)}
		of := made.Rows[rowOf(r, made, row.Flags)]
		for _, name := range columns[1:] {
			cells = append(cells, recipeColumns[name].row(of))
		}
		t.add(cells...)
	}
	return t
}

// noZero leaves out the zero before the point, and has a true minus, as the docs do.
func noZero(text string) string {
	sign := ""
	if rest, below := strings.CutPrefix(text, "-"); below {
		sign, text = "−", rest
	}
	if strings.HasPrefix(text, "0.") {
		text = text[1:]
	}
	return sign + text
}

// docsSpread is mean ± standard deviation as the docs write it.
func docsSpread(s runs.Spread, form func(number) string) string {
	return spreadText(s, func(n number) string { return noZero(form(n)) })
}

// docsLevels are accuracies at rising difficulty.
func docsLevels(levels []runs.Level) string {
	var all []string
	for _, l := range levels {
		all = append(all, noZero(two(l.Accuracy.Mean)))
	}
	return strings.Join(all, " ")
}

// grouped is a whole number with commas between thousands.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
