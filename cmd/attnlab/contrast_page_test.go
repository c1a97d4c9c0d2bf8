package main

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/engine"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// The Compare page contrasts the shipped runs by the numbers of "attnlab compare --paired", for all outcomes and for one with a bound.
func TestContrastsOfPage(t *testing.T) {
	dirs, err := filepath.Glob("../../web/runs/*")
	if err != nil || len(dirs) < 16 {
		t.Fatalf("%d shipped runs, %v", len(dirs), err)
	}
	p := visitPage(t, &runs.Memory{}, func(l *engine.Library) {
		l.Runs = func(context.Context) (names []string, err error) {
			for _, dir := range dirs {
				names = append(names, filepath.Base(dir))
			}
			return names, nil
		}
		l.RunFile = func(_ context.Context, run, file string) ([]byte, error) {
			return os.ReadFile(filepath.Join("../../web/runs", run, file))
		}
	})
	for _, one := range []struct {
		row     string
		flags   []string
		outcome string
		within  float64
	}{
		{"attnpo", nil, "", 0},
		{"grpo", []string{"--outcome", "accuracy", "--within", "0.05"}, "accuracy", 0.05},
	} {
		var d runs.Comparison
		document(t, &d, "", slices.Concat([]string{"compare", "--paired", one.row}, one.flags, dirs)...)
		p.do(session.ContrastRuns{Row: "shipped-" + one.row + "-1", Outcome: one.outcome, Within: one.within})
		if len(d.Paired) == 0 || !reflect.DeepEqual(p.pairs.Rows, d.Paired) {
			t.Errorf("%s: the page has\n%+v\nthe command line\n%+v", one.row, p.pairs.Rows, d.Paired)
		}
		if len(p.pairs.LeftOut) != len(d.LeftOut) || strings.Join(p.pairs.Notes, "\n") != strings.Join(d.Notes, "\n") || p.pairs.Task != d.Task {
			t.Errorf("the page leaves out %q and notes %q, the command line %q and %q", p.pairs.LeftOut, p.pairs.Notes, d.LeftOut, d.Notes)
		}
	}
}
