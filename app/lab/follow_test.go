package lab

import (
	"reflect"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

func answersUpTo(steps ...int) session.Followed {
	f := session.Followed{ID: "r"}
	for _, s := range steps {
		f.Answers = append(f.Answers, session.FollowedAnswer{Step: s})
	}
	return f
}

// The slider stays at the newest answer while the run answers, and where the visitor has put it otherwise. Play goes to the end and
// stops there.
func TestFollowedSlider(t *testing.T) {
	l, _ := ready(t, Start())
	screen := &labtest.Screen{}
	l.screen = screen
	if l.Do("save-film"); len(screen.Figures) != 0 {
		t.Error("there is a film of nothing")
	}
	l.Receive(answersUpTo(0))
	l.Receive(answersUpTo(0, 4))
	if l.Answer != 1 {
		t.Errorf("the newest answer is 1, shown is %d", l.Answer)
	}
	l.Receive(answersUpTo(0, 4, 8))
	l.Set("answer", "2")
	l.Receive(answersUpTo(0, 4, 8, 12))
	if l.Answer != 1 {
		t.Errorf("the visitor chose answer 1, shown is %d", l.Answer)
	}
	l.Set("answer", "99")
	if l.Answer != 3 {
		t.Errorf("past the end, shown is %d", l.Answer)
	}
	l.Do("play-answers")
	var seen []int
	for l.PlayingAnswers {
		seen = append(seen, l.Answer)
		if !screen.Wait() || len(seen) > 9 {
			t.Fatalf("the play hangs at %v", seen)
		}
	}
	if !reflect.DeepEqual(seen, []int{0, 1, 2}) || l.Answer != 3 {
		t.Errorf("the play shows %v and ends at %d", seen, l.Answer)
	}
	l.Do("save-film")
	l.Do("figure-svg:followed")
	if !reflect.DeepEqual(screen.Figures, []string{"followed.gif", "followed.svg"}) {
		t.Errorf("pictures %v", screen.Figures)
	}
	l.Receive(session.Followed{ID: "other"})
	if l.Answer != 0 {
		t.Errorf("a run without answers shows %d", l.Answer)
	}
}
