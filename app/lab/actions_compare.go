package lab

import "attnlab/app/session"

// compareActions are the actions of the Compare page.
func compareActions() []Action {
	some := func(l *Lab) bool { return l.Page == PageCompare && len(l.ChosenRuns()) > 0 }
	contrasted := func(l *Lab) bool { return l.Page == PageCompare && l.Contrasted() }
	return []Action{
		{"use-settings", "", "", true, nil, func(l *Lab, a string) {
			for _, r := range l.AllRuns() {
				if r.Info.ID == a {
					l.Plan, l.stopped = l.PlanOf(r.Settings), l.Run.Info.ID
					l.show(PageTrain)
				}
			}
		}},
		{"share-run", "", "", false, nil, func(l *Lab, a string) { l.copyRun(a) }},
		{"choose-runs", "", "", true, nil, func(l *Lab, a string) { l.chooseMany(a) }},
		{"run-menu", "", "", false, nil, func(l *Lab, a string) {
			if l.Renaming, l.Dropping = "", ""; l.Menu == a {
				a = ""
			}
			l.Menu = a
		}},
		{"ask-rename", "", "", false, nil, func(l *Lab, a string) {
			l.Renaming, l.NewName = a, ""
			for _, r := range l.AllRuns() {
				if r.Info.ID == a {
					l.NewName = r.Info.Name
				}
			}
			if a != "" {
				l.screen.Focus("run-name")
			}
		}},
		{"rename-run", "", "", false, func(l *Lab) bool { return l.Ready() }, func(l *Lab, a string) {
			l.Send(session.RenameRun{ID: a, Name: l.NewName})
			l.Renaming = ""
		}},
		{"ask-drop", "", "", false, nil, func(l *Lab, a string) { l.Dropping = a }},
		{"save-csv", "compare:s", "Save the chosen runs as CSV", false, some, func(l *Lab, _ string) {
			l.export("attnlab-runs.csv")
		}},
		{"save-json", "", "Save the chosen runs as JSON", false, some, func(l *Lab, _ string) {
			l.export("attnlab-runs.json")
		}},
		{"contrast", "", "Contrast a row of the chosen runs with every other row", false, (*Lab).mayContrast, func(l *Lab, _ string) { l.contrast() }},
		{"save-contrasts", "", "Save the contrasts of rows as CSV", false, contrasted, func(l *Lab, _ string) { l.saveContrasts("csv") }},
		{"save-contrasts-json", "", "Save the contrasts of rows as JSON", false, contrasted, func(l *Lab, _ string) { l.saveContrasts("json") }},
		{"save-scatter", "compare:p", "Save the plot as PNG", false, some, func(l *Lab, _ string) { l.screen.SaveFigure("scatter", "png") }},
		{"save-curves", "", "Save the curves as PNG", false, some, func(l *Lab, _ string) { l.screen.SaveFigure("curves", "png") }},
	}
}
