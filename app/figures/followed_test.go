package figures

import (
	"fmt"
	"strings"
	"testing"

	"attnlab/app/figures/draw"
	"attnlab/app/lab/labtest"
)

// Lines of both answers that are the same stand on one row, a line of one alone has a hatched place beside it, and the fill of a token
// is its change on one scale for all answers.
func TestFollowedSetsLinesSideBySide(t *testing.T) {
	f := labtest.Followed(6)
	h, figure := of[*followed](t, "followed", 800, 400, f)
	for _, at := range []int{0, 1, 2} {
		h.Set("at", fmt.Sprint(at), start)
		h.Scene(start)
		rows := map[string][]float64{}
		fills := map[string]draw.Fill{}
		var last draw.Fill
		hatches := 0
		for _, shape := range figure.scene.Shapes {
			switch s := shape.(type) {
			case draw.Fill:
				last = s
			case draw.Arc:
				if s.X0 != s.X1 && s.Y0 != s.Y1 {
					hatches++
				}
			case draw.Label:
				if strings.HasPrefix(s.Text, "k") {
					rows[s.Text] = append(rows[s.Text], s.Y)
					fills[fmt.Sprint(s.Text, s.X > 400)] = last
				}
			}
		}
		for k := range 6 {
			y := rows[fmt.Sprint("k", k)]
			kept := at == 0 || k%(4-at) != 1
			if kept && (len(y) != 2 || y[0] != y[1]) || !kept && len(y) != 1 {
				t.Errorf("answer %d: line %d stands at %v", at, k, y)
			}
		}
		if dropped := at > 0; dropped != (hatches > 0) {
			t.Errorf("answer %d: %d hatches", at, hatches)
		}
		top, _ := figure.scale()
		if got, want := fills["k2false"].Color, figure.Palette.Signed(f.Answers[at].OnFirst[8]/top); got != want {
			t.Errorf("answer %d: a token of the base is %v, want %v", at, got, want)
		}
		want := figure.Palette.Surface
		if at != 1 {
			i := strings.Count(strings.Split(strings.Join(f.Answers[at].Text, " "), "k2")[0], " ")
			want = figure.Palette.Signed(f.Answers[at].Change[i] / top)
		}
		if got := fills["k2true"].Color; got != want {
			t.Errorf("answer %d: a token of it is %v, want %v", at, got, want)
		}
	}
	if !strings.Contains(h.Caption(), "after 20 steps 16") {
		t.Errorf("the caption is %q", h.Caption())
	}
	h.Set("at", "1", start)
	if n := h.Frames(); n != 3 || len(h.FrameScene(2, start).Shapes) == 0 || figure.second() != 1 {
		t.Errorf("%d frames, and after one of them answer %d is shown", n, figure.second())
	}
	for i, step := range []struct {
		key  Key
		want int
	}{{First, 0}, {Right, 1}, {Right, 2}, {Right, 2}, {Left, 1}, {Last, 2}} {
		if h.Key(step.key, start); figure.second() != step.want {
			t.Errorf("key %d leads to answer %d, want %d", i, figure.second(), step.want)
		}
	}
}
