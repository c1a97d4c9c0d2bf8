package draw

import (
	"strings"
	"testing"
)

// Notes stand below the scene, none is wider than it, and no word is lost.
func TestWithNotes(t *testing.T) {
	s := Scene{Width: 120, Height: 100}
	note := "a caption of several words and averylongwordthatfitsnolineofthispicture"
	out := s.WithNotes(note, "second")
	text := ""
	for _, shape := range out.Shapes {
		l := shape.(Label)
		if l.Y <= 100 || l.Y > out.Height || Width(l.Text, l.Mono, l.Size) > 120 {
			t.Errorf("%q at %v of %v", l.Text, l.Y, out.Height)
		}
		text += l.Text
	}
	if got, want := strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(note, " ", "")+"second"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if same := s.WithNotes(); same.Height != 100 || len(same.Shapes) != 0 {
		t.Error("a scene without notes has changed")
	}
}
