package lab

import (
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// In the dialog of commands the arrows pick and Enter runs what is picked, also from the field where letters are typed.
func TestPaletteByKeys(t *testing.T) {
	l, engine := ready(t, Start())
	labtest.Sent(t, engine, 1)
	l.Receive(labtest.Trace())
	l.Receive(session.Status{Stage: "ready"})
	press := func(key string) bool { return l.Key(KeyPress{Key: key, Focus: OnText}) }
	l.Do("keys")
	l.Set("filter", "dark")
	if found := l.Found(); len(found) == 0 || found[0].Name != "theme" {
		t.Fatalf("%d commands are found", len(found))
	}
	if !press("Enter") || l.Dialog != "" || l.Theme == "" {
		t.Errorf("Enter: dialog %q, theme %q", l.Dialog, l.Theme)
	}
	l.Do("keys")
	l.Set("filter", "")
	all := l.Found()
	press("ArrowUp")
	for range len(all) + 3 {
		if !press("ArrowDown") {
			t.Fatal("ArrowDown is left to the page")
		}
	}
	if l.Picked != len(all)-1 {
		t.Errorf("at the end command %d of %d is picked", l.Picked, len(all))
	}
	if l.Set("filter", "t"); l.Picked != 0 {
		t.Error("typing leaves the pick where it was")
	}
	if press("a") {
		t.Error("a letter is taken from the field")
	}
}

// Keys of one character can be switched off (WCAG 2.1.4), and that is stored; all others stay.
func TestLettersSwitchOff(t *testing.T) {
	v := Start()
	l, engine := ready(t, v)
	labtest.Sent(t, engine, 1)
	l.Receive(labtest.Trace())
	l.Receive(session.Status{Stage: "ready"})
	screen := &labtest.Screen{}
	l.screen = screen
	l.Set("no-letters", "true")
	if off, ok := screen.Stored[lettersKey].(bool); !ok || !off {
		t.Errorf("stored is %v", screen.Stored)
	}
	for _, a := range Actions {
		for _, key := range strings.Fields(a.keys) {
			if _, own, found := strings.Cut(key, ":"); found {
				key = own
			}
			if len([]rune(key)) == 1 && l.Key(KeyPress{Key: key}) {
				t.Errorf("%q still does %s", key, a.Name)
			}
		}
	}
	if !l.Key(KeyPress{Key: "k", Ctrl: true}) || l.Dialog != "keys" {
		t.Error("Ctrl+K opens no dialog any more")
	}
	l.Do("close")
	l.Set("no-letters", "false")
	if !l.Key(KeyPress{Key: "?"}) {
		t.Error("? is still off")
	}
}
