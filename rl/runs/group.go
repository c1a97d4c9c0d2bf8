package runs

import (
	"cmp"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Series is what runs have in common that differ in nothing but their seed. The page and the command line average runs of
// equal series, see [Repeats]. The zero value is of a run of unknown settings.
type Series struct {
	Method     string `json:"method"`
	Base       string `json:"base"` // SHA-256 of its weights, or its name where that was not recorded
	Task       string `json:"task"`
	Teacher    string `json:"teacher"`
	Difficulty string `json:"difficulty"`
	FocusHeads string `json:"focus_heads"`
	Reflection string `json:"reflection"` // like Base
	Probe      int    `json:"probe"`
	Hyper      string `json:"hyper"` // "kl=0.1 std=off": what differs from the lab's values, or after "paper=on" from the paper's
	Plan       string `json:"plan"`  // "steps=40", "budget=300000"; empty where it was not recorded
}

// Series returns what the settings have in common with those of other seeds.
func (s Settings) Series() Series {
	if s.Method == "" {
		return Series{}
	}
	of := Series{Method: s.Method, Base: s.Model, Task: s.Task, FocusHeads: s.FocusHeads,
		Reflection: filepath.Base(s.Reflection), Probe: s.Probe}
	if s.Reflection == "" {
		of.Reflection = ""
	}
	if s.Base != nil && s.Base.Weights != "" {
		of.Base = s.Base.Weights
	}
	if s.ReflectionModel != nil {
		of.Reflection = s.ReflectionModel.Weights
	}
	of.Teacher, of.Difficulty = s.described()
	var changed, plan []string
	if s.Paper {
		changed = append(changed, "paper=on")
	}
	for _, v := range s.changes() {
		changed = append(changed, v.String())
	}
	if s.Steps > 0 {
		plan = append(plan, "steps="+strconv.Itoa(s.Steps))
	}
	if s.Budget > 0 {
		plan = append(plan, "budget="+strconv.FormatInt(s.Budget, 10))
	}
	of.Hyper, of.Plan = strings.Join(changed, " "), strings.Join(plan, " ")
	return of
}

// Standing is how far a run of a series is.
type Standing struct {
	Series
	Step     int  `json:"step"`
	Finished bool `json:"finished"`
}

// Repeats reports whether a mean over two runs is meaningful: they are of one series and equally far. Finished runs with a
// budget of tokens are: it ends them at nearly the same step. Where the plan was not recorded, ends within a tenth count as equal.
func Repeats(a, b Standing) bool {
	if a.Method == "" || a.Series != b.Series {
		return false
	}
	if a.Plan == "" {
		apart, far := a.Step-b.Step, max(a.Step, b.Step)
		return 10*max(apart, -apart) <= far
	}
	return a.Step == b.Step || a.Finished && b.Finished && strings.Contains(a.Plan, "budget=")
}

// Standing is how far the run is. Of a run that has only metrics, the steps that it records may be those that it took: a budget
// may have ended it.
func (r Run) Standing() Standing {
	s := Standing{r.Settings.Series(), r.Log.Step(), r.Finished()}
	if r.Settings.Budget == 0 && r.Result == nil && !r.Resumable() {
		s.Plan = ""
	}
	return s
}

// Group puts values that are alike together: each joins the first group whose first value is alike. Groups and their values are
// in the order of list.
func Group[R any](list []R, alike func(first, r R) bool) (groups [][]R) {
	for _, r := range list {
		i := slices.IndexFunc(groups, func(g []R) bool { return alike(g[0], r) })
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

// group is the finished runs of one row.
type group struct {
	label string
	runs  []finished
}

// groupRuns makes a row of runs that repeat each other and were measured alike, in the order of their methods. notes name
// what separates runs of one series. It returns an error for a run that is there twice.
func groupRuns(list []finished, order []string) (groups []*group, notes []string, err error) {
	rows := Group(list, func(first, r finished) bool {
		if !Repeats(first.Run.Standing(), r.Run.Standing()) {
			return false
		}
		apart := Differences(first.measured, r.measured, likeSeeds)
		if len(apart) > 0 {
			notes = append(notes, fmt.Sprintf("%s and %s are separate rows: they were measured with %s", first.Name, r.Name, strings.Join(apart, ", ")))
		}
		return len(apart) == 0
	})
	for i, r := range list {
		for _, before := range list[:i] {
			if r.Run.Settings.isUnknown() && before.Run.Settings.isUnknown() && reflect.DeepEqual(before.Run.Log.Columns(), r.Run.Log.Columns()) {
				return nil, nil, fmt.Errorf("%s and %s are the same log twice; leave one out", before.Name, r.Name)
			}
		}
	}
	var titles []Title
	for _, row := range rows {
		title := row[0].Run.Settings.title()
		title.Step, title.Measured = row[0].Run.Log.Step(), &row[0].measured
		titles = append(titles, title)
	}
	for i, label := range Names(titles) {
		label = cmp.Or(label, rows[i][0].Name) // of a log of another trainer, whose method is not known
		slices.SortStableFunc(rows[i], func(a, b finished) int { return cmp.Compare(a.Run.Settings.Seed, b.Run.Settings.Seed) })
		for j, r := range rows[i][1:] {
			if before := rows[i][j]; before.Run.Settings.Seed == r.Run.Settings.Seed {
				return nil, nil, fmt.Errorf("%s and %s are the same run twice (%s, seed %d); leave one out", before.Name, r.Name, titles[i].Label(), r.Run.Settings.Seed)
			}
		}
		groups = append(groups, &group{label, rows[i]})
	}
	slices.SortStableFunc(groups, func(a, b *group) int {
		x, y := a.runs[0].Run.Settings.Method, b.runs[0].Run.Settings.Method
		return cmp.Or(slices.Index(order, x)-slices.Index(order, y), strings.Compare(a.label, b.label))
	})
	return groups, notes, nil
}
