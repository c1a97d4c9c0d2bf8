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
	if len(l.AllRuns()) == 0 {
		return "Compare runs side by side: the same seed, the same budget."
	}
	return fmt.Sprintf("%d of %s chosen. Tick runs to draw and count them.", len(l.ChosenRuns()), explain.Plural(len(l.AllRuns()), "run"))
}

// noRun in View.Runs means that no run is ticked.
const noRun = "-"

// Compares reports whether a run is compared.
func (v View) Compares(id string) bool {
	return v.Compared == "" || slices.Contains(strings.Split(v.Compared, ","), id)
}

// SortedRuns are all runs in the order of the list.
func (s *State) SortedRuns() []session.KeptRun { return inOrder(s.AllRuns(), s.RunOrder) }

// AllRuns is every run, with the newest state of the current one.
func (s *State) AllRuns() []session.KeptRun {
	now := session.KeptRun{Info: s.Run.Info, Settings: s.Run.Settings, Base: s.Run.Base, Metrics: s.Run.Metrics}
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
	for _, r := range s.AllRuns() {
		if s.Compares(r.Info.ID) {
			runs = append(runs, r)
		}
	}
	return runs
}

// ChosenIDs is the ids of the chosen runs in the form of a figure's address.
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

// choose ticks a run, or removes its tick. Where all are ticked the link names none, so that a new run is ticked too.
func (s *State) choose(id string, is bool) {
	s.View.Contrast = Contrast{}
	ids, all := []string{}, true
	for _, r := range s.AllRuns() {
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

// chooseMany ticks all runs, none, or those of one method as they are shown by its button: all of them, or none where all are.
func (s *State) chooseMany(which string) {
	s.View.Contrast = Contrast{}
	method, one := strings.CutPrefix(which, "method:")
	switch {
	case which == "all":
		s.Compared = ""
	case which == "none":
		s.Compared = noRun
	case one:
		is := !s.ComparesMethod(method)
		for _, r := range s.AllRuns() {
			if r.Settings.Method == method {
				s.choose(r.Info.ID, is)
			}
		}
	}
}

// ComparesMethod reports whether all runs of a method are compared.
func (s *State) ComparesMethod(method string) bool {
	return !slices.ContainsFunc(s.AllRuns(), func(r session.KeptRun) bool { return r.Settings.Method == method && !s.Compares(r.Info.ID) })
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
	switch {
	case found:
		l.choose(id, value == "true")
	case l.setContrast(name, value):
	case name == "run-order":
		l.RunOrder = value
	case name == "run-name":
		l.NewName = value
	default:
		return false
	}
	return true
}
