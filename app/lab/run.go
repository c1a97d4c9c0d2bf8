package lab

import (
	"fmt"
	"slices"
	"strconv"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// training is the part of a run's state that only this page has.
type training struct {
	Mistyped  map[string]string // what was typed for a hyper-parameter and cannot be read
	pausing   string            // run that is asked to pause and has not yet
	stopped   string            // dismissed run: the settings may be changed for another
	Group     int               // whose rollouts are listed
	PairRow   int               // rollouts of two runs that are set side by side
	Awaited   *int              // rollout whose credit was requested and has not arrived
	LossBy    string            // the quantity that colours the tokens of a loss, one of [LossColours]; empty is the first
	LossToken int               // whose numbers are shown
	exporting string            // run, or file of metrics, that this page has requested
	Awake     bool              // keep the screen on
	Asleep    string            // why it may not, as a sentence
	Away      away
}

// away is how fast a run was while this tab was hidden.
type away struct {
	hidden     bool
	step       int     // when it was hidden
	ShownRate  float64 // tokens a second, last seen while it was shown
	HiddenRate float64
}

// Slowed reports whether the browser clearly slowed the hidden tab. It slows no engine in a program of its own.
func (l *Lab) Slowed() bool {
	a := l.Away
	return !l.Native() && a.HiddenRate > 0 && a.HiddenRate < 0.7*a.ShownRate
}

// ShownMethod is the method of the current run, or of the plan if there is no run.
func (s *State) ShownMethod() string {
	if s.Run.Info.ID != "" {
		return s.Run.Settings.Method
	}
	return s.Plan.Method
}

func (s *State) Running() bool { return s.Run.Info.State == "running" }

// Pausing reports whether the run pauses after the step that it is taking.
func (s *State) Pausing() bool { return s.Running() && s.pausing == s.Run.Info.ID }

// part is what the engine does within a training step, empty where that is not known.
func (s *State) part() string {
	switch {
	case s.Status.Part == "":
		return ""
	case s.Status.PartOf > 0:
		return fmt.Sprintf("%s %d of %d", s.Status.Part, s.Status.PartDone, s.Status.PartOf)
	}
	return s.Status.Part
}

// Fixed reports whether a run that is not finished, or one that trains in turn with it, fixes the settings.
func (s *State) Fixed() bool {
	open := func(i session.RunInfo) bool { return slices.Contains([]string{"new", "running", "paused"}, i.State) }
	i := s.Run.Info
	return i.ID != "" && i.ID != s.stopped && (open(i) || s.Paired() && open(s.Second.Info))
}

// takeRun shows a newer snapshot of the current run. The plan follows a run that is new here.
func (s *State) takeRun(r session.Run) {
	if r.Info.ID != s.Run.Info.ID {
		s.Mistyped, s.stopped, s.Group, s.Awaited, s.Credit, s.TokenLosses, s.LossToken = nil, "", 0, nil, session.Credit{}, session.TokenLosses{}, 0
		if r.Info.ID != "" {
			s.Plan = s.PlanOf(r.Settings)
			s.Plan.Beside = s.Second.Settings.Method
		}
	}
	if s.Run = r; !s.Running() {
		s.pausing = ""
	}
	if groups := s.Groups(); len(groups) > 0 && !slices.Contains(groups, s.Group) {
		s.Group = groups[0]
	}
	if r.Rate > 0 && s.Running() {
		if s.Away.hidden {
			s.Away.HiddenRate = r.Rate
		} else {
			s.Away.ShownRate = r.Rate
		}
	}
}

// takeCredit shows the requested credit, or the same rollout of a newer step.
func (s *State) takeCredit(c session.Credit) {
	s.Credit = c
	if s.Awaited != nil && *s.Awaited == c.Rollout {
		s.Awaited = nil
	}
}

func (l *Lab) stoppable() bool { return l.Fixed() }

// takeSteps continues the current run, or begins one by the plan. 0 steps continue to its end.
func (l *Lab) takeSteps(n int) {
	if !l.Fixed() {
		beside := l.Plan.Beside
		l.Send(session.Begin{Settings: l.Settings()})
		if beside != "" && slices.Contains(l.BesideMethods(), beside) {
			l.Send(session.TrainBeside{Method: beside})
		}
	}
	l.Send(session.Advance{Steps: n})
}

// RunState is the state of the run, as sentences.
func (s *State) RunState() string {
	i, of := s.Run.Info, s.Run.Settings.Steps
	at := fmt.Sprintf("Step %s of %s", explain.Grouped(int64(i.Step)), explain.Grouped(int64(of)))
	switch {
	case i.ID == "" && s.Capabilities.Model.Name == "":
		return "The engine is loading: " + s.Booting + "."
	case i.ID == "" && s.Status.Busy:
		return explain.UpperFirst(s.Status.Stage) + "."
	case i.ID == "":
		text := "No run yet. Choose a method and press Start. You can pause a run"
		if s.Runs.Closed != "" {
			return text + "."
		}
		return text + "; it is saved " + s.Kept() + "."
	case i.State == "new" && s.Status.Busy:
		return explain.UpperFirst(s.Status.Stage) + "."
	case i.State == "new" && len(s.Run.Base) == 0:
		return "Stopped before the base was measured. Start measures it again."
	case i.State == "new":
		return "The base was measured. No training step was taken yet."
	case i.State == "running" && s.stopped == i.ID:
		return at + ". Stops after the current step."
	case s.Pausing():
		return explain.Joined(at+", pausing after this step", s.part()) + "."
	case i.State == "running" && s.Status.Stage == "measuring the base":
		return explain.Joined("Measuring the base before the first step", s.part()) + "."
	case i.State == "running":
		text := explain.Joined(at, s.part())
		if s.Run.Left > 0 {
			text += ", " + explain.Duration(s.Run.Left) + " left"
		}
		if s.Run.Rate > 0 {
			text += ", " + explain.Counts(s.Run.Rate) + " tokens per second"
		}
		return text + "."
	case i.State == "done":
		return at + ": done."
	case i.State == session.MetricsOnly:
		return fmt.Sprintf("%d steps, metrics only: you can compare this run but not resume it.", i.Step)
	case s.stopped == i.ID:
		return "Stopped at step " + strconv.Itoa(i.Step) + " of " + strconv.Itoa(of) + ". You can resume it."
	}
	return at + ", paused."
}

// Resumable are the saved runs that can be resumed, the newest first, without the current one.
func (s *State) Resumable() (runs []session.KeptRun) {
	for _, r := range s.Runs.Runs { // as the engine lists them
		if r.Info.ID != s.Run.Info.ID && slices.Contains([]string{"new", "running", "paused"}, r.Info.State) {
			runs = append(runs, r)
		}
	}
	return runs
}

// Elsewhere are the runs that another tab or program has open, the newest first.
func (s *State) Elsewhere() (runs []session.KeptRun) {
	for _, r := range s.Runs.Runs {
		if r.Info.State == session.Elsewhere {
			runs = append(runs, r)
		}
	}
	return runs
}

// Other is who else may have a run open.
func (s *State) Other() string {
	if s.Connection.State != "" {
		return "another program"
	}
	return "another tab"
}

// StateOf is the state of a run of the list, in words.
func (s *State) StateOf(i session.RunInfo) string {
	if i.State == session.Elsewhere {
		return "open in " + s.Other()
	}
	return i.State
}

// RunToBeat is the id of the shipped run that the curves of the Train page show before the first own step, and behind it: of the method
// and the seed where there is one, else of the method, else of any; empty where none is shipped. same is false where none began from the model of the plan: it is then an example only.
func (s *State) RunToBeat() (id string, same bool) {
	best, model := -1, s.Settings().Model
	if s.Run.Info.ID != "" {
		model = s.Run.Settings.Model
	}
	for _, r := range s.Runs.Runs {
		if r.Info.From != "shipped" || s.ShownMethod() == runs.Pretrain {
			continue
		}
		fit := 0
		if r.Settings.Model == model {
			fit, same = 8, true
		}
		if r.Settings.Method == s.ShownMethod() {
			fit += 2
			if r.Settings.Series.FocusHeads == "" && r.Settings.Series.Hyper == "" {
				fit++
			}
			if uint64(r.Settings.Seed) == s.Plan.Seed {
				fit++
			}
		}
		if fit > best {
			best, id = fit, r.Info.ID
		}
	}
	return id, same
}
