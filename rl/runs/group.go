package runs

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"attnlab/rl/hyper"
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
	Hyper      string `json:"hyper"` // "kl=0.1 std=off": what differs from the lab's values
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
	for _, v := range s.changes(func(p hyper.Param) string { return p.Lab.String() }) {
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

// own are the settings that name the run's row: what is not the lab's own.
func (s Settings) own() (all []setting) {
	if s.Paper {
		all = append(all, setting{"paper", "on"})
	}
	if s.FocusHeads != "" {
		all = append(all, setting{"focus-heads", s.FocusHeads})
	}
	all = append(all, s.changes(s.usual)...)
	if s.Reflection != "" {
		all = append(all, setting{"reflection", filepath.Base(s.Reflection)})
	}
	if s.Steps > 0 {
		all = append(all, setting{"steps", strconv.Itoa(s.Steps)})
	}
	if s.Budget > 0 {
		all = append(all, setting{"budget", strconv.FormatInt(s.Budget, 10)})
	}
	return all
}

// group is the finished runs of one row.
type group struct {
	method string
	own    []setting
	runs   []finished
}

// label is the method with what sets it apart.
func (g *group) label() string {
	text := g.method
	for _, s := range g.own {
		text += " " + s.String()
	}
	return text
}

// groupRuns makes a row of runs that repeat each other and were measured alike, in the order of their methods. notes name
// what separates runs of one series.
func groupRuns(runs []finished, order []string) (groups []*group, notes []string, err error) {
	for _, r := range runs {
		i := -1
		for at, g := range groups {
			first := g.runs[0]
			if !Repeats(first.Run.Standing(), r.Run.Standing()) {
				continue
			}
			if apart := Differences(first.measured, r.measured, likeSeeds); len(apart) > 0 {
				notes = append(notes, fmt.Sprintf("%s and %s are separate rows: they were measured with %s", first.Name, r.Name, strings.Join(apart, ", ")))
				continue
			}
			i = at
			break
		}
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{method: r.Run.Settings.Method, own: r.Run.Settings.own()})
		}
		g := groups[i]
		for _, other := range g.runs {
			if other.Run.Settings.Seed == r.Run.Settings.Seed {
				return nil, nil, fmt.Errorf("%s and %s are the same run twice (%s, seed %d); leave one out", other.Name, r.Name, g.label(), r.Run.Settings.Seed)
			}
		}
		g.runs = append(g.runs, r)
	}
	nameApart(groups)
	for _, g := range groups {
		slices.SortFunc(g.runs, func(a, b finished) int { return cmp.Compare(a.Run.Settings.Seed, b.Run.Settings.Seed) })
	}
	slices.SortStableFunc(groups, func(a, b *group) int {
		if a.method != b.method {
			return slices.Index(order, a.method) - slices.Index(order, b.method)
		}
		return strings.Compare(a.label(), b.label())
	})
	return groups, notes, nil
}

// nameApart drops the settings that distinguish no rows: those that all share, how far a row goes where all go as far,
// and the only reflection model.
func nameApart(groups []*group) {
	shared := slices.Clone(groups[0].own)
	plans, reflections := map[string]bool{}, map[string]bool{}
	isPlan := func(s setting) bool { return s.name == "steps" || s.name == "budget" }
	for _, g := range groups {
		plan := ""
		for _, s := range g.own {
			if isPlan(s) {
				plan += s.String()
			}
			if s.name == "reflection" {
				reflections[s.value] = true
			}
		}
		plans[plan] = true
		shared = slices.DeleteFunc(shared, func(s setting) bool { return len(groups) == 1 || !slices.Contains(g.own, s) })
	}
	for _, g := range groups {
		g.own = slices.DeleteFunc(g.own, func(s setting) bool {
			return slices.Contains(shared, s) || len(plans) == 1 && isPlan(s) || len(reflections) == 1 && s.name == "reflection"
		})
	}
	named := map[string]int{}
	for _, g := range groups {
		named[g.label()]++
		if n := named[g.label()]; n > 1 { // measured otherwise
			g.own = append(g.own, setting{"measured", strconv.Itoa(n)})
		}
	}
}
