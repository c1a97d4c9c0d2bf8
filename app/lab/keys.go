package lab

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// KeyPress is a key that was pressed, and what has the focus.
type KeyPress struct {
	Key            string // as KeyboardEvent.key
	Ctrl, Meta     bool
	Alt, Composing bool
	InLesson       bool // the focus is inside the lesson
	Focus          Focus
}

// Focus is a kind of element, by the keys that it uses itself.
type Focus int

// The kinds of elements.
const (
	OnPage    Focus = iota // uses no keys
	OnButton               // uses Space
	OnControl              // uses Space and the arrows: a checkbox, a slider
	OnText                 // uses every key but Escape
)

// Key carries out the action of a key. It is false if the key has none here.
func (l *Lab) Key(k KeyPress) bool {
	if k.Alt || k.Composing {
		return false
	}
	key := k.Key
	if key == " " {
		key = "Space"
	}
	if l.Dialog == "keys" && l.keyInPalette(key) {
		return true
	}
	if l.NoLetters && !k.Ctrl && !k.Meta && utf8.RuneCountInString(key) == 1 {
		return false
	}
	if k.Ctrl {
		key = "Ctrl+" + strings.ToLower(key)
	}
	if k.Meta {
		key = "Meta+" + strings.ToLower(key)
	}
	page := l.Page
	if k.InLesson {
		page = "lesson"
	}
	name := actionOfKey(page, key)
	switch {
	case name == "",
		key == "Space" && (k.Focus == OnButton || k.Focus == OnControl),
		key != "Escape" && k.Focus == OnText,
		strings.HasPrefix(key, "Arrow") && k.Focus == OnControl,
		l.Dialog != "" && name != "escape" && name != "keys":
		return false
	}
	l.Do(name)
	return true
}

// actionOfKey is the action of a key, written like "Ctrl+z", on a page. The page's own action comes before that of all
// pages. It is empty if there is none.
func actionOfKey(page, key string) string {
	for _, k := range []string{page + ":" + key, key} {
		for _, a := range Actions {
			if slices.Contains(strings.Fields(a.keys), k) {
				return a.Name
			}
		}
	}
	return ""
}

var keyNames = strings.NewReplacer("ArrowRight", "→", "ArrowLeft", "←", "ArrowDown", "↓", "ArrowUp", "↑", "Escape", "Esc", "Meta+k", "⌘K", "Ctrl+", "Ctrl ")

// KeyNames are the keys of an action as written on a keyboard.
func (a Action) KeyNames() []string {
	keys := strings.Fields(a.keys)
	for i, k := range keys {
		if _, own, found := strings.Cut(k, ":"); found {
			k = own
		}
		keys[i] = keyNames.Replace(k)
	}
	return keys
}
