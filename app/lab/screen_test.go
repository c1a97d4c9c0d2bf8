package lab

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// What the lab asks of the browser, by a fake screen.
func TestTheLabAsksTheScreen(t *testing.T) {
	l, _ := idle(t)
	screen := l.screen.(*labtest.Screen)
	l.Do("page:heads")
	if !strings.HasPrefix(screen.Hash, "page=heads") || screen.Entries != 1 {
		t.Errorf("another page: the address is %q after %d entries", screen.Hash, screen.Entries)
	}
	if l.Do("step:1"); !strings.Contains(screen.Hash, "step=2") || screen.Entries != 1 {
		t.Errorf("a step: the address is %q after %d entries", screen.Hash, screen.Entries)
	}
	l.Do("link")
	if l.Notice != "Link copied." || screen.Copied != "#"+screen.Hash {
		t.Errorf("after copying %q: %q", screen.Copied, l.Notice)
	}
	if screen.Wait(); l.Notice != "" {
		t.Errorf("the notice stays: %q", l.Notice)
	}
	screen.NoClipboard = true
	if l.Do("link"); !strings.Contains(l.Notice, "did not allow") {
		t.Errorf("without a clipboard: %q", l.Notice)
	}
	screen.NoAwake = "The browser refuses to keep the screen awake."
	if l.Set("awake", "true"); l.Awake || !strings.HasPrefix(l.Asleep, screen.NoAwake) {
		t.Errorf("awake %v, %q", l.Awake, l.Asleep)
	}
	screen.NoAwake = ""
	if l.Set("awake", "true"); !screen.IsAwake || l.Asleep != "" {
		t.Errorf("awake %v, %q", screen.IsAwake, l.Asleep)
	}
	for _, action := range []string{"open-trace", "pick-folder", "pick-gguf", "open-run", "open-run-folder"} {
		l.Do(action)
	}
	if want := []string{"open-trace", "open-model", "open-gguf", "open-run", "open-run-folder"}; !slices.Equal(screen.Picked, want) {
		t.Errorf("files are asked for by %v", screen.Picked)
	}
	l.Do("theme")
	l.Do("keys")
	l.Do("close")
	l.Do("reopen:host")
	l.SetNewer(true)
	l.Do("reload")
	if screen.Themed != "light" || screen.Modals != 1 || !slices.Equal(screen.Loaded, []string{"host", "update"}) {
		t.Errorf("theme %q, %d dialogs, loaded %v", screen.Themed, screen.Modals, screen.Loaded)
	}
	l.Receive(labtest.Run("running"))
	if screen.Titled != "Step 3 of 40 · attnlab" {
		t.Errorf("the title is %q", screen.Titled)
	}
}

// A play moves on with the screen's clock, and an old clock does not move another play.
func TestPlayByTheScreensClock(t *testing.T) {
	l, _ := idle(t)
	screen := l.screen.(*labtest.Screen)
	l.Do("walk")
	for _, want := range []int{4, 6, 8, 10, 13} {
		if screen.Wait(); l.Selection.Token != want {
			t.Fatalf("token %d is selected, want %d", l.Selection.Token, want)
		}
	}
	if l.Playing || screen.Wait() && l.Selection.Token != 13 {
		t.Error("a play does not end with the trace")
	}
	l.Do("walk")
	l.Do("play") // pause
	l.Do("walk")
	if screen.Wait(); l.Selection.Token != 4 {
		t.Errorf("two clocks moved on to token %d", l.Selection.Token)
	}
}

// A later visit knows how lessons ended; a browser that stores nothing has a lab all the same.
func TestOpenWithAndWithoutMemory(t *testing.T) {
	for _, c := range []struct {
		stored string
		want   int
	}{{"", 0}, {"null", 0}, {"nonsense", 0}, {`{"Where to branch":{"numbers":"1","says":"Once."}}`, 1}} {
		var hub session.Hub
		engine, port := hub.Join(), hub.Join()
		l := New(Link{Port: port}, "", Example{Trace: labtest.Trace()})
		l.Open(&labtest.Screen{}, func(_ string, to any) error {
			if c.stored == "" {
				return errors.New("storage is denied")
			}
			return json.Unmarshal([]byte(c.stored), to)
		})
		if len(l.Endings) != c.want || l.Endings == nil {
			t.Errorf("%q: %v", c.stored, l.Endings)
		}
		if got := labtest.Sent(t, engine, 1)[0]; got != any(session.Hello{}) {
			t.Errorf("%q: the engine receives %#v", c.stored, got)
		}
	}
}

// A key does what it is for, and leaves text, controls and dialogs alone.
func TestKeyPresses(t *testing.T) {
	for _, c := range []struct {
		press KeyPress
		want  bool
	}{
		{KeyPress{Key: "u"}, true}, {KeyPress{Key: "u", Focus: OnText}, false}, {KeyPress{Key: "Escape", Focus: OnText}, true},
		{KeyPress{Key: " "}, true}, {KeyPress{Key: " ", Focus: OnButton}, false}, {KeyPress{Key: " ", Focus: OnControl}, false},
		{KeyPress{Key: "ArrowRight", Focus: OnControl}, false}, {KeyPress{Key: "ArrowRight", Focus: OnButton}, true},
		{KeyPress{Key: "K", Ctrl: true}, true}, {KeyPress{Key: "k", Meta: true}, true}, {KeyPress{Key: "u", Ctrl: true}, false},
		{KeyPress{Key: "u", Alt: true}, false}, {KeyPress{Key: "u", Composing: true}, false}, {KeyPress{Key: "Q"}, false},
	} {
		l, _ := idle(t)
		if got := l.Key(c.press); got != c.want {
			t.Errorf("%+v is used: %v", c.press, got)
		}
	}
	l, _ := idle(t)
	l.Do("keys")
	if l.Key(KeyPress{Key: "u"}) || !l.Key(KeyPress{Key: "Escape"}) || l.Dialog != "" {
		t.Error("a dialog does not keep the keys")
	}
}
