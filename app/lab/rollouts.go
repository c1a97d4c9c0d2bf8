package lab

import (
	"math"
	"slices"

	"attnlab/app/session"
)

func (l *Lab) HasRollouts() bool { return len(l.Run.Rollouts) > 0 }

// InGroup are the places of a group's rollouts in the table.
func (s *State) InGroup(group int) (places []int) {
	for i, r := range s.Run.Rollouts {
		if r.Group == group {
			places = append(places, i)
		}
	}
	return places
}

// Groups are the groups of the newest step, in order.
func (s *State) Groups() (groups []int) {
	for _, r := range s.Run.Rollouts {
		if len(groups) == 0 || groups[len(groups)-1] != r.Group {
			groups = append(groups, r.Group)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// Chosen is the place of the rollout whose credit is shown, or asked for.
func (s *State) Chosen() int {
	if s.Awaited != nil {
		return *s.Awaited
	}
	if len(s.Credit.Text) == 0 {
		return -1
	}
	return s.Credit.Rollout
}

func (s *State) LargestAdvantage() float64 {
	top := 0.0
	for _, r := range s.Run.Rollouts {
		top = math.Max(top, math.Abs(r.Advantage))
	}
	return top
}

func (l *Lab) showCredit(i int) {
	if i < 0 || i >= len(l.Run.Rollouts) {
		return
	}
	l.Awaited, l.Group = &i, l.Run.Rollouts[i].Group
	l.Send(session.ShowCredit{Rollout: i})
}

func (l *Lab) moveCredit(by int) {
	if places := l.InGroup(l.Group); len(places) > 0 {
		at := slices.Index(places, l.Chosen())
		if at < 0 && by < 0 {
			at = 0
		}
		l.showCredit(places[(at+by+len(places))%len(places)])
	}
}

func (l *Lab) moveGroup(by int) {
	if groups := l.Groups(); len(groups) > 0 {
		l.Group = groups[(max(0, slices.Index(groups, l.Group))+by+len(groups))%len(groups)]
	}
}
