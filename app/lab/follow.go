package lab

import (
	"slices"
	"time"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// answerTime is how long a play shows each answer.
const answerTime = 700 * time.Millisecond

// FollowedRun is the run whose answers the page shows beside those of its base, empty for none: on the Train page the current run, or
// before there is one, as an example, the run to beat; on the Compare page the one that was chosen for it.
func (s *State) FollowedRun() (id string, example bool) {
	switch {
	case s.Page == PageCompare:
		return s.chosenToFollow, false
	case s.Page != PageTrain || s.ShownMethod() == runs.Pretrain:
		return "", false
	case s.Run.Info.ID != "":
		return s.Run.Info.ID, false
	}
	id, _ = s.RunToBeat()
	return id, id != ""
}

// KeptRunOf is a run of the list by its id.
func (s *State) KeptRunOf(id string) (session.KeptRun, bool) {
	i := slices.IndexFunc(s.Runs.Runs, func(r session.KeptRun) bool { return r.Info.ID == id })
	if i < 0 {
		return session.KeptRun{}, false
	}
	return s.Runs.Runs[i], true
}

// follow requests what a run answers, to the problem of a text where that is not empty.
func (l *Lab) follow(id, text string) {
	if l.Page == PageCompare {
		l.chosenToFollow = id
		l.screen.Reveal("followed")
	}
	l.Send(session.FollowRun{ID: id, Text: text})
}

// followOnArrival requests the answers of the run that the Train page shows, once, where it has another run's.
func (l *Lab) followOnArrival() {
	if l.Page != PageTrain || !l.Opened || !l.Ready() {
		return
	}
	id, _ := l.FollowedRun()
	if run, ok := l.KeptRunOf(id); !ok || !run.Info.Answers || l.Followed.ID == id || l.asked == id {
		return
	}
	l.asked = id
	l.Send(session.FollowRun{ID: id})
}

// takeFollowed shows newer answers. A slider at the last answer stays at the last.
func (s *State) takeFollowed(f session.Followed) {
	atEnd := s.Answer >= len(s.Followed.Answers)-1 || f.ID != s.Followed.ID
	s.Followed, s.asked = f, ""
	if atEnd || s.Answer >= len(f.Answers) {
		s.Answer = max(0, len(f.Answers)-1)
	}
}

// playAnswers goes through the answers from the first, or stops.
func (l *Lab) playAnswers() {
	if l.PlayingAnswers = !l.PlayingAnswers; !l.PlayingAnswers {
		return
	}
	if l.Answer >= len(l.Followed.Answers)-1 {
		l.Answer = 0
	}
	l.answersRun++
	l.nextAnswer(l.answersRun)
}

// nextAnswer shows the next answer in a moment, until the last.
func (l *Lab) nextAnswer(run int) {
	l.screen.After(answerTime, func() {
		if !l.PlayingAnswers || l.answersRun != run {
			return
		}
		if l.Answer < len(l.Followed.Answers)-1 {
			l.Answer++
		}
		if l.Answer >= len(l.Followed.Answers)-1 {
			l.PlayingAnswers = false
			return
		}
		l.nextAnswer(run)
	})
}
