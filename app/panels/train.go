package panels

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// training is what of a run is this page's own.
type training struct {
	mistyped  map[string]string // what was typed for a hyper-parameter and cannot be read
	stopped   string            // run that was put aside: its settings may be changed for another
	group     int               // whose rollouts are listed
	awaited   *int              // rollout whose credit has been asked for and is not there yet
	exporting string            // run, or file of metrics, that this page has asked for
	awake     bool              // the screen is to stay on
	asleep    string            // why it may not, as a sentence
	away      away
}

// away is how a run went on while nobody could see this tab.
type away struct {
	hidden     bool
	step       int     // when it was hidden
	shownRate  float64 // tokens a second, last seen while it was shown
	hiddenRate float64
}

// slowed tells whether the browser gives a hidden tab clearly less.
func (a away) slowed() bool { return a.hiddenRate > 0 && a.hiddenRate < 0.7*a.shownRate }

func (l *Lab) trainPage() app.UI {
	right := l.rolloutsPanel
	if l.shownMethod() == pretrain {
		right = l.samplePanel
	}
	return app.Div().Class("columns train", when(l.run.Info.ID == "", "blank"), when(l.fixed(), "at-work")).Body(
		app.Section().Class("column controls").Aria("label", "method and settings").Body(
			l.methodPanel(),
			l.settingsPanel(),
			l.runsPanel(),
		),
		app.Section().Class("column middle").Aria("label", "the run").Body(
			l.runHead(),
			l.runTransport(),
			l.bigNumbers(),
			l.figure("curves", "Metrics of the run, step by step", true),
			l.curveControls(),
			l.smallNumbers(),
			l.metricsTable(),
			l.runNotes(),
		),
		app.Section().Class("column figures credit").Aria("label", "credit").Body(right()),
	)
}

// shownMethod is that of the run at work, or of the plan for one.
func (s *state) shownMethod() string {
	if s.run.Info.ID != "" {
		return s.run.Settings.Method
	}
	return s.Plan.Method
}

func (s *state) running() bool { return s.run.Info.State == "running" }

// fixed tells whether the settings are those of a run that goes on.
func (s *state) fixed() bool {
	i := s.run.Info
	return i.ID != "" && i.ID != s.stopped && slices.Contains([]string{"new", "running", "paused"}, i.State)
}

// takeRun shows a newer snapshot of the run at work; the plan follows a run that is new here.
func (s *state) takeRun(r session.Run) {
	if r.Info.ID != s.run.Info.ID {
		s.mistyped, s.stopped, s.group, s.awaited, s.credit = nil, "", 0, nil, session.Credit{}
		if r.Info.ID != "" {
			s.Plan = planOf(r.Settings)
		}
	}
	s.run = r
	if groups := s.groups(); len(groups) > 0 && !slices.Contains(groups, s.group) {
		s.group = groups[0]
	}
	if r.Rate > 0 && s.running() {
		if s.away.hidden {
			s.away.hiddenRate = r.Rate
		} else {
			s.away.shownRate = r.Rate
		}
	}
}

// takeCredit shows what was asked for, or the same rollout of a newer step.
func (s *state) takeCredit(c session.Credit) {
	s.credit = c
	if s.awaited != nil && *s.awaited == c.Rollout {
		s.awaited = nil
	}
}

// trainActions are what can be done on the Train page.
func trainActions() []action {
	may := func(state func(l *Lab) bool) func(l *Lab) bool {
		return func(l *Lab) bool { return l.Page == pageTrain && state(l) }
	}
	steps := may(func(l *Lab) bool { return l.ready() && !l.running() && (l.fixed() || len(l.wrong()) == 0) })
	exists := func(l *Lab) bool { return l.ready() && (l.run.Info.ID != "" || len(l.runs.Runs) > 0) }
	return []action{
		{"train", "train:Space", "Start training, pause it, or go on with it", false,
			may(func(l *Lab) bool { return l.running() || l.ready() && (l.fixed() || len(l.wrong()) == 0) }),
			func(l *Lab, _ string) {
				if l.running() {
					l.send(session.Cancel{Command: "Advance"})
					return
				}
				l.takeSteps(0)
			}},
		{"train-step", "train:ArrowRight", "Take one training step", false, steps, func(l *Lab, _ string) { l.takeSteps(1) }},
		{"train-stop", "train:q", "Stop the run, and keep it as it is", false, may((*Lab).stoppable), func(l *Lab, _ string) {
			if l.running() {
				l.send(session.Cancel{Command: "Advance"})
			}
			l.stopped = l.run.Info.ID
		}},
		{"method", "", "", true, may(func(l *Lab) bool { return !l.fixed() }), func(l *Lab, a string) { l.chooseMethod(a) }},
		{"reset", "", "", true, may(func(l *Lab) bool { return !l.fixed() }), func(l *Lab, a string) { l.reset(a) }},
		{"reset-all", "", "Set all hyper-parameters back to the lab's values", true, may(func(l *Lab) bool { return !l.fixed() }), func(l *Lab, _ string) { l.Plan.Hyper, l.mistyped = "", nil }},
		{"group", "", "", false, nil, func(l *Lab, a string) { l.group = parse(a, 0, strconv.Atoi) }},
		{"group-next", "train:n", "Rollouts of the next problem", false, may((*Lab).hasRollouts), func(l *Lab, _ string) { l.moveGroup(1) }},
		{"group-before", "train:b", "Rollouts of the problem before", false, may((*Lab).hasRollouts), func(l *Lab, _ string) { l.moveGroup(-1) }},
		{"credit", "", "", false, (*Lab).hasRollouts, func(l *Lab, a string) { l.showCredit(parse(a, 0, strconv.Atoi)) }},
		{"credit-next", "train:ArrowDown", "Credit of the next rollout", false, may((*Lab).hasRollouts), func(l *Lab, _ string) { l.moveCredit(1) }},
		{"credit-before", "train:ArrowUp", "Credit of the rollout before", false, may((*Lab).hasRollouts), func(l *Lab, _ string) { l.moveCredit(-1) }},
		{"use-run", "", "Use the trained model on the Trace page", false, exists, func(l *Lab, a string) {
			if a == "" {
				a = l.run.Info.ID
			}
			l.send(session.UseModel{Name: "run:" + a})
			l.show(pageTrace)
		}},
		{"export-run", "", "Save the run at work as a zip file", false, exists, func(l *Lab, a string) {
			if a == "" {
				a = l.run.Info.ID
			}
			l.exporting = a
			l.send(session.ExportRun{ID: a})
		}},
		{"resume-run", "", "", false, func(l *Lab) bool { return l.ready() }, func(l *Lab, a string) {
			l.stopped = ""
			l.send(session.ResumeRun{ID: a})
			l.show(pageTrain)
		}},
		{"drop-run", "", "", false, func(l *Lab) bool { return l.ready() }, func(l *Lab, a string) { l.send(session.DropRun{ID: a}) }},
		{"open-run", "", "Import a run from a zip file or its metrics.jsonl", false, func(l *Lab) bool { return l.ready() }, func(l *Lab, _ string) { l.screen.pick("open-run") }},
		{"open-run-folder", "", "Import a run from a folder", false, func(l *Lab) bool { return l.ready() }, func(l *Lab, _ string) { l.screen.pick("open-run-folder") }},
	}
}

func (l *Lab) stoppable() bool { return l.fixed() }

// takeSteps goes on with the run at work, or begins one by the plan; 0 steps go on to its end.
func (l *Lab) takeSteps(n int) {
	if !l.fixed() {
		l.send(session.Begin{Settings: l.settings()})
	}
	l.send(session.Advance{Steps: n})
}

// runHead says which run is shown and how it stands.
func (l *Lab) runHead() app.UI {
	name := l.run.Info.Name
	if l.run.Info.ID == "" {
		name = methodName(l.Plan.Method)
	}
	return app.Div().Class("trace-head").ID("run-head").Body(
		app.Div().Body(
			app.H1().Text(name),
			app.P().Class("verdict").Aria("live", "polite").Text(l.runState()),
		),
		app.If(l.run.Info.ID != "", func() app.UI {
			return app.Progress().Class("run-progress").Max(max(1, l.run.Settings.Steps)).Value(l.run.Info.Step).Aria("label", "steps of the run")
		}),
	)
}

// runState is how things stand, as sentences.
func (s *state) runState() string {
	i, of := s.run.Info, s.run.Settings.Steps
	at := fmt.Sprintf("Step %d of %d", i.Step, of)
	switch {
	case i.ID == "" && s.capabilities.Model.Name == "":
		return "The engine is being loaded: " + s.booting + "."
	case i.ID == "" && s.status.Busy:
		return upperFirst(s.status.Stage) + "."
	case i.ID == "":
		return "No run yet. Choose a method and press Start; a run can be paused, and it keeps itself in this browser."
	case i.State == "new" && s.status.Busy:
		return upperFirst(s.status.Stage) + "."
	case i.State == "new":
		return "The base is measured; no step has been taken."
	case i.State == "running" && s.stopped == i.ID:
		return at + ". Stops after the step under way."
	case i.State == "running" && s.status.Stage == "measuring the base":
		return "Measuring the base before the first step."
	case i.State == "running":
		text := at
		if s.run.Left > 0 {
			text += ", " + duration(s.run.Left) + " left"
		}
		if s.run.Rate > 0 {
			text += ", " + counts(s.run.Rate) + " tokens a second"
		}
		return text + "."
	case i.State == "done":
		return at + ": done."
	case i.State == session.MetricsOnly:
		return fmt.Sprintf("%d steps, metrics only: it can be compared and not gone on with.", i.Step)
	case s.stopped == i.ID:
		return "Stopped at step " + strconv.Itoa(i.Step) + " of " + strconv.Itoa(of) + "; it can be resumed."
	}
	return at + ", paused."
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// duration is a time for people, from seconds.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d s", int(d.Seconds()+0.5))
}

// runTransport are the buttons of the run, by its state.
func (l *Lab) runTransport() app.UI {
	i := l.run.Info
	var buttons []app.UI
	add := func(b ...app.UI) { buttons = append(buttons, b...) }
	switch {
	case l.running():
		add(l.button("train", "primary", icon("pause"), app.Text("Pause")),
			l.button("train-stop", "", icon("stop"), app.Text("Stop")))
	case l.fixed():
		word := "Resume"
		if i.Step == 0 {
			word = "Start"
		}
		add(l.button("train", "primary", icon("play"), app.Text(word)),
			l.button("train-step", "", icon("next"), app.Text("One step")),
			l.button("train-stop", "", icon("stop"), app.Text("Stop")))
	default:
		add(l.button("train", "primary", icon("play"), app.Text("Start")),
			l.button("train-step", "", icon("next"), app.Text("One step")))
		if i.ID != "" && i.State == "paused" {
			add(l.button("resume-run:"+i.ID, "", app.Text("Resume the stopped run")))
		}
	}
	if l.status.Busy && !l.running() && l.opened {
		add(l.button("cancel", "quiet", icon("stop"), app.Text("Stop what the engine is at")))
	}
	if i.ID != "" && !l.running() && i.State != session.MetricsOnly {
		add(app.Span().Class("grow"), l.button("use-run", "", app.Text("Use on Trace")), l.button("export-run", "", app.Text("Export")))
	}
	return app.Div().Class("buttons run-buttons").ID("run-buttons").Body(buttons...)
}

// runNotes are what a visitor should know about a long run: where it is kept, and what the browser does to it.
func (l *Lab) runNotes() app.UI {
	awake := app.Input().Type("checkbox").DataSet("set", "awake")
	if l.awake {
		awake = awake.Checked(true)
	}
	kept := "A run keeps itself in this browser as it goes, and can be gone on with after a reload."
	switch {
	case l.run.Info.ID == "":
	case l.run.Kept >= 0:
		kept = fmt.Sprintf("Kept at step %d in this browser: after a reload it goes on from there.", l.run.Kept)
	default:
		kept = "Not kept in this browser yet."
	}
	hidden := "Training goes on while this tab is hidden, as fast as the browser lets it."
	if l.away.slowed() {
		hidden = fmt.Sprintf("While this tab was hidden the browser slowed training down: %.0f tokens a second where it has %.0f now. In a window of its own, or with the tab in front, it keeps its pace.", l.away.hiddenRate, l.away.shownRate)
	}
	note := l.run.Info.Note
	return app.Div().Class("run-notes").ID("run-notes").Body(
		app.P().Class("hint").Text(kept),
		app.P().Class("hint").Text(hidden),
		app.If(note != "", func() app.UI { return app.P().Class("hint").Text(note) }),
		app.Label().Class("check").Body(awake, app.Text("keep the screen awake")),
		app.If(l.asleep != "", func() app.UI { return app.P().Class("hint bad").Text(l.asleep) }),
	)
}
