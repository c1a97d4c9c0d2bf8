package lab

import (
	"fmt"
	"slices"
	"strconv"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// takeSecond shows a newer snapshot of the run that trains beside the current one. The plan follows it.
func (s *State) takeSecond(b session.Beside) {
	if b.Info.ID != s.Second.Info.ID {
		s.PairRow = 0
		s.Plan.Beside = b.Settings.Method
	}
	s.Second = b
}

// takePairs shows newer rollouts of both runs. Of fewer rollouts the last one is chosen.
func (s *State) takePairs(p session.PairedRollouts) {
	s.Pairs = p
	s.PairRow = max(0, min(s.PairRow, s.PairRows()-1))
}

// Paired reports whether two runs train in turn.
func (s *State) Paired() bool { return s.Second.Info.ID != "" }

// PairRows is how many rollouts of either run are listed, one beside another.
func (s *State) PairRows() int { return max(len(s.Pairs.First), len(s.Pairs.Second)) }

// Pair is the i-th rollout of each run, nil where one has fewer.
func (s *State) Pair(i int) (first, second *session.PairedRollout) {
	if i >= 0 && i < len(s.Pairs.First) {
		first = &s.Pairs.First[i]
	}
	if i >= 0 && i < len(s.Pairs.Second) {
		second = &s.Pairs.Second[i]
	}
	return first, second
}

// PairTrace is a rollout as a trace of its response alone.
func (s *State) PairTrace(r *session.PairedRollout) session.Trace {
	return session.Trace{Text: r.Text, Tokens: make([]int, len(r.Text)), Steps: r.Steps, Complete: true, Gold: s.Pairs.Gold, Correct: r.Correct}
}

// PairDifferences sets the i-th rollouts of both runs side by side; false where one of them is missing or empty.
func (s *State) PairDifferences(i int) (c *Differences, first, second session.Trace, ok bool) {
	a, b := s.Pair(i)
	if a == nil || b == nil || len(a.Text) == 0 || len(b.Text) == 0 {
		return nil, first, second, false
	}
	first, second = s.PairTrace(a), s.PairTrace(b)
	return compareTraces(&first, &second), first, second, true
}

// BesideMethods are the methods that can train beside that of the current run, or of the plan.
func (s *State) BesideMethods() []string {
	if s.ShownMethod() == runs.Pretrain {
		return nil
	}
	return slices.DeleteFunc(s.Methods.Names(), func(name string) bool { return name == runs.Pretrain || name == s.ShownMethod() })
}

// mayBegin reports whether a second run of the planned method can begin beside the current one.
func (l *Lab) mayBeginBeside() bool {
	return l.Ready() && l.Fixed() && !l.Paired() && slices.Contains(l.BesideMethods(), l.Plan.Beside)
}

// MayPair reports whether a saved run can train beside the current one: it draws the same problems and began from the same model.
func (s *State) MayPair(r session.KeptRun) bool {
	return s.Fixed() && r.Info.ID != s.Run.Info.ID && r.Info.ID != s.Second.Info.ID && (r.Info.State == "paused" || r.Info.State == "new") && sameDraws(s.Run.Settings, r.Settings)
}

// sameDraws reports whether runs with these settings draw the same problems for the same model.
func sameDraws(a, b session.RunSettings) bool {
	return a.Method != runs.Pretrain && b.Method != runs.Pretrain && a.Seed == b.Seed && a.Model == b.Model && a.Task == b.Task && a.Teacher == b.Teacher && a.Difficulty == b.Difficulty
}

// ResumablePair are two saved runs that trained in turn before a reload, in the order in which they began: the newest that can be resumed, and
// another of the same problems by another method that is as far, or a step from it, as a turn leaves them. ok is false where there are none.
func (s *State) ResumablePair() (first, second session.KeptRun, ok bool) {
	kept := s.Resumable()
	for i, r := range kept {
		if far := r.Info.Step - kept[0].Info.Step; i > 0 && r.Settings.Method != kept[0].Settings.Method && -1 <= far && far <= 1 && sameDraws(kept[0].Settings, r.Settings) {
			return r, kept[0], true
		}
	}
	return first, second, false
}

// resumePair resumes the runs of [State.ResumablePair].
func (l *Lab) resumePair() {
	first, second, ok := l.ResumablePair()
	if !ok {
		return
	}
	l.stopped = ""
	l.Send(session.ResumeRun{ID: first.Info.ID})
	l.Send(session.TrainBeside{ID: second.Info.ID})
	l.Send(session.Advance{Run: first.Info.ID})
	l.show(PageTrain)
}

// SecondState is the state of the run that trains beside the current one, as a sentence.
func (s *State) SecondState() string {
	i := s.Second.Info
	text := fmt.Sprintf("Beside it: %s, step %s of %s", i.Name, explain.Grouped(int64(i.Step)), explain.Grouped(int64(s.Second.Settings.Steps)))
	if i.State == "done" {
		text += ", done"
	}
	return text + "."
}

// pairActions are the actions of two runs that train in turn.
func pairActions() []Action {
	paired := func(l *Lab) bool { return l.Page == PageTrain && l.Paired() }
	problems := func(l *Lab) bool { return l.Page == PageTrain && l.Pairs.Problems > 1 }
	show := func(l *Lab, by int) {
		l.Send(session.ShowPair{Problem: (l.Pairs.Problem + by + l.Pairs.Problems) % l.Pairs.Problems})
	}
	return []Action{
		{"train-beside", "", "Train a second run beside this one, by the planned method", false, (*Lab).mayBeginBeside, func(l *Lab, _ string) {
			l.Send(session.TrainBeside{Method: l.Plan.Beside})
		}},
		{"resume-beside", "", "", false, func(l *Lab) bool { return l.Ready() && l.Fixed() }, func(l *Lab, id string) { l.Send(session.TrainBeside{ID: id}) }},
		{"resume-both", "", "Resume the two runs that trained in turn", false, func(l *Lab) bool {
			_, _, ok := l.ResumablePair()
			return ok && l.Ready() && l.Run.Info.ID == ""
		}, func(l *Lab, _ string) { l.resumePair() }},
		{"train-alone", "", "Save the second run and train the first alone", false, func(l *Lab) bool { return paired(l) && l.Ready() }, func(l *Lab, _ string) { l.Send(session.TrainBeside{}) }},
		{"pair-next", "", "Rollouts of both runs to the next problem", false, problems, func(l *Lab, _ string) { show(l, 1) }},
		{"pair-before", "", "Rollouts of both runs to the previous problem", false, problems, func(l *Lab, _ string) { show(l, -1) }},
		{"pair", "", "", false, paired, func(l *Lab, row string) { l.PairRow = max(0, min(parse(row, 0, strconv.Atoi), l.PairRows()-1)) }},
	}
}
