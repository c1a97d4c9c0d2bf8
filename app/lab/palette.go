package lab

import "strings"

// lettersKey is where the browser stores whether keys of one character are off.
const lettersKey = "attnlab-no-letters"

// Found are the commands that the dialog of all commands lists.
func (s *State) Found() (found []Action) {
	for _, a := range Actions {
		if a.Does != "" && strings.Contains(strings.ToLower(a.Does), strings.ToLower(s.Filter)) {
			found = append(found, a)
		}
	}
	return found
}

// keyInPalette moves among the listed commands, or runs the one that is picked. It returns false for other keys.
func (l *Lab) keyInPalette(key string) bool {
	found := l.Found()
	l.Picked = max(0, min(l.Picked, len(found)-1))
	switch key {
	case "ArrowDown":
		l.Picked = min(l.Picked+1, max(0, len(found)-1))
	case "ArrowUp":
		l.Picked = max(0, l.Picked-1)
	case "Enter":
		if l.Picked < len(found) && found[l.Picked].Allowed(l) {
			l.Do("run:" + found[l.Picked].Name)
		}
		return true
	default:
		return false
	}
	if len(found) > 0 {
		l.screen.Reveal("command-" + found[l.Picked].Name)
	}
	return true
}
