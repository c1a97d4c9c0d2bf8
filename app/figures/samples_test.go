package figures

import (
	"math"
	"strings"
	"testing"

	"attnlab/app/figures/draw"
	"attnlab/app/lab/labtest"
)

// A bar has a piece for each step, as long as its tokens and in its label's colour; right responses come first, and shorter ones before longer ones.
func TestSamplesDrawTheSteps(t *testing.T) {
	v := labtest.Samples(11)
	_, f := of[*samples](t, "samples", 800, 460, v)
	b := f.bars()
	perToken := b.W / float64(f.longest)
	rows := map[int]draw.Target{}
	for _, target := range f.scene.Targets {
		if target.Row >= 0 {
			rows[target.Row] = target
		}
	}
	if len(rows) != 11 {
		t.Fatalf("%d responses are drawn", len(rows))
	}
	for i, r := range v.Responses {
		for k, step := range r.Steps {
			found := false
			for _, shape := range f.scene.Shapes {
				fill, ok := shape.(draw.Fill)
				if ok && fill.Y >= rows[i].Y && fill.Y+fill.H <= rows[i].Y+rows[i].H && math.Abs(fill.X-b.X-float64(step.Start)*perToken) < 0.01 &&
					math.Abs(fill.W-(float64(step.End-step.Start)*perToken-0.7)) < 0.01 && fill.Color == f.Palette.Label(step.Label) {
					found = true
				}
			}
			if !found {
				t.Errorf("step %d of response %d is not drawn", k+1, i+1)
			}
		}
		for j, other := range v.Responses {
			if r.Right && !other.Right && rows[i].Y > rows[j].Y || r.Right == other.Right && r.Tokens < other.Tokens && rows[i].Y > rows[j].Y {
				t.Errorf("response %d is below response %d", i+1, j+1)
			}
		}
	}
	counted := map[int]int{}
	for _, target := range f.scene.Targets {
		if tip := target.Tip(); target.Row < 0 {
			counted[target.Row] += strings.Count(strings.Join(tip, " "), " of 11")
		}
	}
	if counted[-2] == 0 || counted[-3] == 0 {
		t.Errorf("histograms have the bins %v", counted)
	}
	texts := f.Caption()
	for _, shape := range f.scene.Shapes {
		if label, ok := shape.(draw.Label); ok {
			texts += " | " + label.Text
		}
	}
	for _, want := range []string{"11 responses to one problem", "8 are right", "they part at step 1", "11 of 12 responses, 8 right", "1 ✓", "3 ✗", "tokens", "reward, tlmre"} {
		if !strings.Contains(texts, want) {
			t.Errorf("%q is not said: %s", want, texts)
		}
	}
	broken := labtest.Samples(3)
	broken.Responses[1].Steps[0].End = 99
	if _, f := of[*samples](t, "samples", 800, 460, broken); len(f.Responses) != 0 {
		t.Error("steps beyond the response are drawn")
	}
}
