package runs

import (
	"slices"
	"strconv"
	"strings"
)

// Title is what the name of a row of repeats is made from.
type Title struct {
	Series
	Model string // name of the base, for people
	From  string // where the runs come from; empty if that does not matter

	Step     int       // how far the runs are; 0 if unknown
	Measured *Measured // how their numbers were measured; nil if that was not recorded
}

// title is that of a row of runs with these settings.
func (s Settings) title() Title { return Title{Series: s.Series(), Model: s.BaseName()} }

// Label is the method and what sets the series apart from the method's usual values, such as "attnpo kappa=0.5".
func (t Title) Label() string { return Names([]Title{t})[0] }

// own is what the label of a series consists of, as "name=value".
func (t Title) own() (own []string) {
	if t.FocusHeads != "" {
		own = append(own, "focus-heads="+t.FocusHeads)
	}
	own = append(own, strings.Fields(t.Hyper)...)
	if t.Reflection != "" {
		own = append(own, "reflection="+shortSum(t.Reflection))
	}
	return append(own, strings.Fields(t.Plan)...)
}

// shortSum is the beginning of a checksum; a name stays as it is.
func shortSum(text string) string {
	if len(text) == 64 {
		return text[:8]
	}
	return text
}

// Names returns the name of each row of a table or figure: its method and what sets it apart from the other rows. Settings that
// all rows share are left out, and so are the length of a run and the reflection model if there is only one of them. Rows with equal names get
// more: the task, the base, the number of probing problems, the reflection model, their origin, their length, and the conditions by which their
// measurements differ. Rows that differ in nothing recorded get a number. A row without a method has the name "".
func Names(rows []Title) []string {
	own := make([][]string, len(rows))
	var shared []string
	plans, reflections, known := map[string]bool{}, map[string]bool{}, 0
	for i, t := range rows {
		if t.Method == "" {
			continue
		}
		if own[i] = t.own(); known == 0 {
			shared = slices.Clone(own[i])
		}
		known++
		shared = slices.DeleteFunc(shared, func(s string) bool { return !slices.Contains(own[i], s) })
		plans[t.Plan] = true
		if t.Reflection != "" {
			reflections[t.Reflection] = true
		}
	}
	for i, t := range rows {
		own[i] = slices.DeleteFunc(own[i], func(s string) bool {
			return known > 1 && slices.Contains(shared, s) || len(plans) == 1 && slices.Contains(strings.Fields(t.Plan), s) ||
				len(reflections) == 1 && s == "reflection="+shortSum(t.Reflection)
		})
	}
	names := make([]string, len(rows))
	for i, t := range rows {
		names[i] = strings.Join(append([]string{t.Method}, own[i]...), " ")
	}
	parts := []func(Title) (name, value, of string){
		func(t Title) (string, string, string) { return "task", t.Task, t.Task },
		func(t Title) (string, string, string) { return "teacher", t.Teacher, t.Teacher },
		func(t Title) (string, string, string) { return "difficulty", t.Difficulty, t.Difficulty },
		func(t Title) (string, string, string) { return "base", t.Model, t.Base },
		func(t Title) (string, string, string) { return "weights", shortSum(t.Base), t.Base },
		func(t Title) (string, string, string) { return "probe", strconv.Itoa(t.Probe), strconv.Itoa(t.Probe) },
		func(t Title) (string, string, string) { return "reflection", shortSum(t.Reflection), t.Reflection },
		func(t Title) (string, string, string) { return "from", t.From, t.From },
		func(t Title) (string, string, string) {
			if t.Step == 0 {
				return "step", "", ""
			}
			return "step", strconv.Itoa(t.Step), strconv.Itoa(t.Step)
		},
	}
	for _, c := range conditions {
		if !slices.Contains(likeSeeds, c.name) {
			continue
		}
		parts = append(parts, func(t Title) (name, value, of string) {
			if t.Measured == nil {
				return c.label, "", ""
			}
			of = c.of(*t.Measured)
			return c.label, shortSum(of), of
		})
	}
	for _, more := range parts {
		before := slices.Clone(names)
		for i, t := range rows {
			name, value, of := more(t)
			for j, other := range rows {
				if _, _, theirs := more(other); t.Method != "" && value != "" && before[j] == before[i] && theirs != of {
					names[i] += " " + name + "=" + value
					break
				}
			}
		}
	}
	seen := map[string]int{}
	for i, name := range names {
		if seen[name]++; seen[name] > 1 && name != "" {
			names[i] += " number=" + strconv.Itoa(seen[name])
		}
	}
	return names
}
