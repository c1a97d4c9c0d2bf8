package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/rl/runs"
)

func (p *Page) trainPage() app.UI {
	right := p.rolloutsPanel
	if p.ShownMethod() == runs.Pretrain {
		right = p.samplePanel
	}
	return app.Div().Class("columns train", when(p.Run.Info.ID == "", "blank"), when(p.Fixed(), "at-work")).Body(
		app.Section().Class("column controls").Aria("label", "method and settings").Body(
			p.methodPanel(),
			p.adaptersPanel(),
			p.settingsPanel(),
			p.runsPanel(),
		),
		app.Section().Class("column middle").Aria("label", "the run").Body(
			p.runHead(),
			p.secondHead(),
			p.runTransport(),
			app.If(p.Run.Info.ID != "", p.bigNumbers),
			p.figure("curves", "Metrics of the run, step by step", true),
			p.curveControls(),
			p.smallNumbers(),
			p.metricsTable(),
			p.pairPanel(),
			p.savedRollouts(),
			p.runNotes(),
		),
		app.Section().Class("column figures credit").Aria("label", "credit").Body(p.followedPanel(), right()),
	)
}

// runHead shows the name and the state of the run.
func (p *Page) runHead() app.UI {
	name := p.Run.Info.Name
	if p.Run.Info.ID == "" {
		if name = p.Title(p.Plan.Method); p.Wrong()["method"] != "" { // a link can name any
			name = "Train"
		}
	}
	return app.Div().Class("trace-head").ID("run-head").Body(
		app.Div().Body(
			app.H1().Text(name),
			app.P().Class("verdict").Aria("live", "polite").Text(p.RunState()),
		),
		app.Progress().Class("run-progress", when(p.Run.Info.ID == "", "off")).Max(max(1, p.Run.Settings.Steps)).Value(p.Run.Info.Step).Aria("label", "steps of the run"),
	)
}

// runTransport are the buttons of the run: first those that train it, then those that use it. Every button keeps its place while the run changes
// its state, so that a click hits what it was meant for; what comes and goes stands last in its row.
func (p *Page) runTransport() app.UI {
	i := p.Run.Info
	word, sign := "Start", "play"
	switch {
	case p.Pausing():
		word, sign = "Pausing", "pause"
	case p.Running():
		word, sign = "Pause", "pause"
	case p.Fixed() && i.Step > 0:
		word = "Resume"
	}
	train := append([]app.UI{
		p.button("train", "primary", icon(sign), app.Text(word)),
		p.button("train-step", "", icon("next"), app.Text("One step")),
		p.button("train-stop", "", icon("stop"), app.Text("Stop")),
	}, p.pairButtons()...)
	if !p.Running() && !p.Fixed() && i.ID != "" && i.State == "paused" {
		train = append(train, p.button("resume-run:"+i.ID, "", app.Text("Resume the stopped run")))
	}
	if p.Status.Busy && !p.Running() && p.Opened {
		train = append(train, p.button("cancel", "quiet", icon("stop"), app.Text("Stop the engine")))
	}
	return app.Div().Class("run-buttons").ID("run-buttons").Body(
		app.Div().Class("buttons").Body(train...),
		app.If(i.ID != "", func() app.UI { return app.Div().Class("buttons").Body(p.runUses()...) }),
	)
}

// runUses are the buttons that use or save the run. While it trains they wait.
func (p *Page) runUses() (buttons []app.UI) {
	i := p.Run.Info
	add := func(b ...app.HTMLButton) {
		for _, one := range b {
			buttons = append(buttons, waits(p.Running(), one))
		}
	}
	if i.HasModel() {
		add(p.button("use-run", "", app.Text("Use on Trace")), p.button("export-run", "", app.Text("Export")))
		add(p.adapterExports(p.Run)...)
		add(p.handOvers(i, p.Run.Settings.Method, "")...)
	}
	if lab.Browses(i, p.Run.Settings.Method) {
		buttons = append(buttons, p.button("rollouts:"+i.ID, "", app.Text("All rollouts")))
	}
	return buttons
}

// waits disables a button as long as is.
func waits(is bool, b app.HTMLButton) app.HTMLButton {
	if is {
		return b.Disabled(true)
	}
	return b
}

// runNotes are notes about a long run: where it is saved, and how the browser slows it.
func (p *Page) runNotes() app.UI {
	awake := app.Input().Type("checkbox").DataSet("set", "awake")
	if p.Awake {
		awake = awake.Checked(true)
	}
	kept, hidden := "Runs are saved "+p.Lab.Kept()+" while they train. After a reload you can resume them.", "Training continues while this tab is hidden, as fast as the browser allows."
	if p.Native() {
		kept, hidden = "Runs are saved "+p.Lab.Kept()+" while they train.", "Training continues while this page is hidden or closed, and stops with the program there. A stopped run can be resumed."
	}
	switch {
	case p.Runs.Closed != "":
		kept = p.Runs.Closed
	case p.Run.Info.ID == "":
	case p.Run.Kept >= 0:
		kept = fmt.Sprintf("Saved at step %d %s. After a reload the run continues from there.", p.Run.Kept, p.Lab.Kept())
		if p.Native() {
			kept = fmt.Sprintf("Saved at step %d %s.", p.Run.Kept, p.Lab.Kept())
		}
	default:
		kept = "Not saved " + p.Lab.Kept() + " yet."
	}
	if p.Runs.Storage != "" {
		kept += " " + p.Runs.Storage
	}
	if p.Slowed() {
		hidden = fmt.Sprintf("While this tab was hidden the browser slowed training down: %.0f tokens per second, against %.0f now. Training stays fast in a window of its own or with this tab in front.", p.Away.HiddenRate, p.Away.ShownRate)
	}
	note := p.Run.Info.Note
	return app.Div().Class("run-notes").ID("run-notes").Body(
		app.P().Class("hint").Text(kept),
		app.P().Class("hint").Text(hidden),
		app.If(note != "", func() app.UI { return app.P().Class("hint").Text(note) }),
		app.Label().Class("check").Body(awake, app.Text("keep the screen awake")),
		app.If(p.Asleep != "", func() app.UI { return app.P().Class("hint bad").Text(p.Asleep) }),
	)
}
