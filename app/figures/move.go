package figures

// moved is the place in a list of n that a key leads to from another, -1 for none. It returns false for a key that does not move.
func moved(key Key, at, n int) (to int, ok bool) {
	switch key {
	case Left, Up:
		if at--; at < -1 { // none before: from the end
			at = n - 1
		}
	case Right, Down:
		at++
	case First:
		at = 0
	case Last:
		at = n - 1
	case Enter:
	default:
		return at, false
	}
	return max(0, min(n-1, at)), true
}

// moveHead selects another of the heads of each layer; the first without one. It returns false for a key that does not move.
func (v *View) moveHead(key Key, layers, heads int) bool {
	s := v.Selection
	none := s.Layer < 0 || s.Head < 0
	switch key {
	case Left:
		s.Head--
	case Right:
		s.Head++
	case Up:
		s.Layer--
	case Down:
		s.Layer++
	case First:
		s.Head = 0
	case Last:
		s.Head = heads - 1
	case Enter:
	default:
		return false
	}
	if none {
		s.Layer, s.Head = 0, 0
	}
	if layers > 0 && heads > 0 {
		s.Layer, s.Head = max(0, min(layers-1, s.Layer)), max(0, min(heads-1, s.Head))
		v.Select(s)
	}
	return true
}
