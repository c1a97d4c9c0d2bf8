package lab

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

func (l *Lab) ChosenWords() string {
	if len(l.Kept()) == 0 {
		return "Compare runs side by side: the same seed, the same budget."
	}
	return fmt.Sprintf("%d of %s chosen. Tick runs to draw and count them.", len(l.ChosenRuns()), explain.Plural(len(l.Kept()), "run"))
}

// noRun in View.Runs means that every tick was taken away.
const noRun = "-"

// Compares reports whether a run is compared.
func (v View) Compares(id string) bool {
	return v.Compared == "" || slices.Contains(strings.Split(v.Compared, ","), id)
}

// Kept is every run, with the current state of the current one.
func (s *State) Kept() []session.KeptRun {
	now := session.KeptRun{Info: s.Run.Info, Settings: s.Run.Settings, Metrics: s.Run.Metrics}
	i := slices.IndexFunc(s.Runs.Runs, func(r session.KeptRun) bool { return r.Info.ID == now.Info.ID })
	switch {
	case now.Info.ID == "":
		return s.Runs.Runs
	case i < 0:
		return append(slices.Clip(s.Runs.Runs), now)
	}
	runs := slices.Clone(s.Runs.Runs)
	runs[i] = now
	return runs
}

func (s *State) ChosenRuns() (runs []session.KeptRun) {
	for _, r := range s.Kept() {
		if s.Compares(r.Info.ID) {
			runs = append(runs, r)
		}
	}
	return runs
}

// ChosenIDs is the chosen runs as a figure's address takes them.
func (s *State) ChosenIDs() string {
	ids := []string{}
	for _, r := range s.ChosenRuns() {
		ids = append(ids, r.Info.ID)
	}
	if len(ids) == 0 {
		ids = []string{noRun}
	}
	return url.QueryEscape(strings.Join(ids, ","))
}

// choose ticks a run, or takes its tick away. All of them is written as none, so that a new run is among them.
func (s *State) choose(id string, is bool) {
	ids, all := []string{}, true
	for _, r := range s.Kept() {
		if r.Info.ID == id && is || r.Info.ID != id && s.Compares(r.Info.ID) {
			ids = append(ids, r.Info.ID)
		} else {
			all = false
		}
	}
	switch {
	case all:
		s.Compared = ""
	case len(ids) == 0:
		s.Compared = noRun
	default:
		s.Compared = strings.Join(ids, ",")
	}
}

// export asks for all steps of the chosen runs as a file of that name.
func (l *Lab) export(name string) {
	command := session.ExportMetrics{Name: name}
	for _, r := range l.ChosenRuns() {
		command.IDs = append(command.IDs, r.Info.ID)
	}
	l.exporting = name
	l.Send(command)
}

// setCompare gives a control of the Compare page its value; it returns false if the page has no such control.
func (l *Lab) setCompare(name, value string) bool {
	id, found := strings.CutPrefix(name, "contender:")
	if found {
		l.choose(id, value == "true")
	}
	return found
}
