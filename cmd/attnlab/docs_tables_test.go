package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// shippedRuns are the folders of web/runs.
func shippedRuns(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob("../../web/runs/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("%v, %v", dirs, err)
	}
	return dirs
}

// spreadShort is mean ± deviation as documents write it, without the zero before the point.
func spreadShort(s runs.Spread, decimals int) string {
	strip := func(n number) string { return strings.TrimPrefix(stat.Decimals(float64(n), decimals), "0") }
	return strip(s.Mean) + " ± " + strip(s.SD)
}

// cited finds a contrast that a sentence cites: "(−.80, −1.38 to −.22)", with or without the zero before the point.
var cited = regexp.MustCompile(`\(([+−]?[0-9.]+), ([+−]?[0-9.]+) to ([+−]?[0-9.]+)\)`)

// claimed finds a contrast that a sentence cites right after its verdict: "not shown (−.06, −.14 to +.03)".
var claimed = regexp.MustCompile(`(not shown|shown) (` + cited.String() + `)`)

// contrastText prints a contrast as a sentence cites it.
func contrastText(c runs.Contrast) string {
	texts := c.Texts()
	return fmt.Sprintf("(%s, %s)", texts[0], texts[1])
}

// TestDocsTables checks that README, docs/results.md and the lesson on credit have the numbers of the shipped runs: every row of the table, the contrasts as
// attnlab compare --paired prints them, and in every sentence the contrast that it cites, with the verdict that the sentence begins with.
func TestDocsTables(t *testing.T) {
	var d runs.Comparison
	document(t, &d, "", append([]string{"compare", "--paired", "attnpo", "--outcome", "redundant_steps"}, shippedRuns(t)...)...)
	var all runs.Comparison
	document(t, &all, "", append([]string{"compare", "--paired", "attnpo"}, shippedRuns(t)...)...)
	var table strings.Builder
	comparison{d}.paired(&table, true)
	_, table2, _ := strings.Cut(table.String(), "\n\n")

	verdicts := map[string]stat.Verdict{}
	for _, c := range append(d.Paired, all.Paired...) {
		if _, seen := verdicts[contrastText(c)]; !seen { // the declared outcome first
			verdicts[contrastText(c)] = c.Verdict
		}
	}
	lesson, err := os.ReadFile("../../app/lab/lessons/credit.go")
	if err != nil {
		t.Fatal(err)
	}
	if m := cited.FindString(string(lesson)); verdicts[m] != stat.NotShown {
		t.Errorf("the lesson cites %q as not shown; attnlab compare --paired says %q", m, verdicts[m])
	}
	controls, err := os.ReadFile("../../app/lab/lessons/controls.go")
	if err != nil {
		t.Fatal(err)
	}
	claims := claimed.FindAllStringSubmatch(string(controls), -1)
	for _, m := range claims {
		if verdict := verdicts[m[2]]; string(verdict) != m[1] {
			t.Errorf("the lesson on controls cites %s as %s; attnlab compare --paired says %q", m[2], m[1], verdict)
		}
	}
	if len(claims) != 2 || len(claims) != len(cited.FindAllString(string(controls), -1)) {
		t.Errorf("the lesson on controls makes %d claims: %q", len(claims), claims)
	}
	base := d.Bases[0]
	first := fmt.Sprintf("| %s | %s | %s |", stat.Decimals(float64(base.RedundantSteps), 2), strings.TrimPrefix(stat.Decimals(float64(base.Accuracy), 3), "0"), stat.Decimals(float64(base.ThinkTokens), 1))
	for _, path := range []string{"../../README.md", "../../docs/results.md"} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		for _, r := range d.Rows {
			row := fmt.Sprintf("| %s | %s | %s |", spreadShort(r.Labels["redundant"], 2), spreadShort(runs.Spread{Mean: r.Accuracy, SD: r.AccuracySD}, 3),
				spreadShort(runs.Spread{Mean: r.ThinkTokens, SD: r.ThinkTokensSD}, 1))
			if strings.Count(text, row) != 1 {
				t.Errorf("%s has the row of %s %d times: %s", path, r.Method, strings.Count(text, row), row)
			}
		}
		for _, line := range strings.Split(strings.TrimSpace(table2), "\n") {
			if !strings.HasPrefix(line, "|---") && strings.Count(text, line) != 1 {
				t.Errorf("%s has this line of attnlab compare --paired %d times: %s", path, strings.Count(text, line), line)
			}
		}
		if strings.Count(text, first) != 1 {
			t.Errorf("%s has the row of the base %d times: %s", path, strings.Count(text, first), first)
		}
		sentences := 0
		for _, line := range strings.Split(text, "\n- **")[1:] {
			head, rest, _ := strings.Cut(line, "**")
			for _, m := range cited.FindAllString(rest, -1) {
				sentences++
				if got, known := verdicts[m]; !known || !strings.EqualFold(string(got), head) {
					t.Errorf("%s: a sentence that begins with %q cites %s, whose verdict is %q", path, head, m, got)
				}
			}
		}
		if sentences < len(d.Paired) {
			t.Errorf("%s: sentences cite %d contrasts, the table has %d", path, sentences, len(d.Paired))
		}
	}
}
