//go:build js || desktop

package window

import (
	"bytes"
	"fmt"
	"image/gif"
	"os"
	"testing"

	"attnlab/app/figures"
	"attnlab/app/session"

	"github.com/hajimehoshi/ebiten/v2"
)

// A film has a picture for every answer, each another one, and leaves the figure where it was.
func TestFilm(t *testing.T) {
	figure, err := figures.New("followed")
	if err != nil {
		t.Fatal(err)
	}
	var saved []byte
	game := New(figure, func(session.Command) {}, func(_ string, b []byte) { saved = b }, func(string) {}, func() string { return "" })
	figure.Resize(640, 260)
	f := session.Followed{ID: "r", Problem: "<bos> 8 9 7 7 ? 31 <think>", Gold: "31"}
	lines := []string{"8 + 9 = 1 7", "7 * 7 = 4 9", "back", "9 - 7 = 2", "wait 9 - 7 = 2 ok", "8 * 2 = 1 6"}
	for n := range 4 {
		a := session.FollowedAnswer{Step: 10 * n, Correct: n > 1}
		for k, line := range lines[:len(lines)-n] {
			start := len(a.Text)
			for _, w := range bytes.Fields([]byte(line)) {
				a.Text = append(a.Text, string(w))
			}
			a.Text = append(a.Text, "\n")
			a.Steps = append(a.Steps, session.StepView{Start: start, End: len(a.Text), Label: []string{"essential", "wrong", "correcting", "redundant"}[k%4]})
		}
		a.Text = append(a.Text, "</think>", "#", "3", "1", "<eos>")
		for i := range a.Text {
			a.Change = append(a.Change, float64(n*(i%7-3))/4)
		}
		f.Answers = append(f.Answers, a)
		for i := range f.Answers[0].Text {
			f.Answers[n].OnFirst = append(f.Answers[n].OnFirst, float64(n*(i%5-3))/3)
		}
	}
	game.Show(f)
	game.Save(GIF)
	screen := ebiten.NewImage(640, 260)
	if err := game.Update(); err != nil {
		t.Fatal(err)
	}
	game.Draw(screen)
	before := figure.Caption()
	film, err := gif.DecodeAll(bytes.NewReader(saved))
	if err != nil || len(film.Image) != 4 || film.Image[0].Bounds() != screen.Bounds() {
		t.Fatalf("the film of %d bytes: %v", len(saved), err)
	}
	for i := 1; i < 4; i++ {
		if bytes.Equal(film.Image[i].Pix, film.Image[i-1].Pix) {
			t.Errorf("pictures %d and %d are the same", i, i+1)
		}
	}
	if figure.Caption() != before || before != fmt.Sprintf("Two answers to one problem side by side: the base writes %d tokens, the policy after 30 steps %d.", len(f.Answers[0].Text), len(f.Answers[3].Text)) {
		t.Errorf("the figure says %q, then %q", before, figure.Caption())
	}
	if path := os.Getenv("ATTNLAB_FILM"); path != "" { // to look at it
		if err := os.WriteFile(path, saved, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
