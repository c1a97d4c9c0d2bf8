package lab

import "attnlab/app/session"

// takeFollowed shows newer answers. A slider at the last answer stays at the last.
func (s *State) takeFollowed(f session.Followed) {
	atEnd := s.Answer >= len(s.Followed.Answers)-1 || f.ID != s.Followed.ID
	s.Followed = f
	if atEnd || s.Answer >= len(f.Answers) {
		s.Answer = max(0, len(f.Answers)-1)
	}
}
