package lab

import (
	"time"

	"attnlab/app/session"
)

// answerTime is how long a play shows each answer.
const answerTime = 700 * time.Millisecond

// takeFollowed shows newer answers. A slider at the last answer stays at the last.
func (s *State) takeFollowed(f session.Followed) {
	atEnd := s.Answer >= len(s.Followed.Answers)-1 || f.ID != s.Followed.ID
	s.Followed = f
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
