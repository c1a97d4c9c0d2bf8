package figures

import (
	"fmt"
	"math"
	"slices"
	"strconv"
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
	if counted[-2] == 0 || counted[-3] == 0 || counted[-4] == 0 {
		t.Errorf("histograms have the bins %v", counted)
	}
	texts := f.Caption()
	for _, shape := range f.scene.Shapes {
		if label, ok := shape.(draw.Label); ok {
			texts += " | " + label.Text
		}
	}
	for _, want := range []string{"11 responses to one problem", "8 are right", "they part at step 1", "11 of 12 responses, 8 right", "1 ✓", "3 ✗", "answers, 7 in all", "tokens", "reward, tlmre"} {
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

// Each answer has a bar as high as its responses, right ones in a colour of their own; where there are too many, the last bar has the rest.
func TestSamplesCountAnswers(t *testing.T) {
	v := labtest.Samples(11)
	for i := range v.Responses {
		v.Responses[i].Answer, v.Responses[i].Right = []string{"4", "7", "4", ""}[i%4], i%4 == 0 || i%4 == 2
	}
	if got, want := answerCounts(v.Responses), []answerCount{{"4", 6, 6}, {"7", 3, 0}, {"", 2, 0}}; !slices.Equal(got, want) {
		t.Errorf("the answers are %v, want %v", got, want)
	}
	_, f := of[*samples](t, "samples", 800, 460, v)
	bars := map[int]draw.Box{}
	var tips []string
	for _, target := range f.scene.Targets {
		if target.Row == -4 {
			bars[target.Col] = target.Box
			tips = append(tips, strings.Join(target.Tip(), ": "))
		}
	}
	if want := []string{"answer 4: 6 of 11, 6 right", "answer 7: 3 of 11, 0 right", "answer none: 2 of 11, 0 right"}; !slices.Equal(tips, want) {
		t.Errorf("the tips are %q", tips)
	}
	for i, n := range []float64{6, 3, 2} {
		high := n / 6 * bars[0].H
		right := i == 0
		if !slices.ContainsFunc(f.scene.Shapes, func(s draw.Shape) bool {
			fill, ok := s.(draw.Fill)
			return ok && fill.X == bars[i].X && math.Abs(fill.H-high) < 1e-9 && math.Abs(fill.Y+fill.H-bars[i].Y-bars[i].H) < 1e-9 && (fill.Color == f.Palette.Essential) == right
		}) {
			t.Errorf("answer %d has no bar of height %v, right %v", i, high, right)
		}
	}
	named := func() (names []string) {
		for i, shape := range f.scene.Shapes {
			label, ok := shape.(draw.Label)
			if !ok || label.Text != "right" && label.Text != "wrong" {
				continue
			}
			if key, ok := f.scene.Shapes[i-1].(draw.Fill); ok && (key.Color == f.Palette.Essential) == (label.Text == "right") {
				names = append(names, label.Text)
			}
		}
		return names
	}
	if got := named(); !slices.Equal(got, []string{"right", "wrong"}) {
		t.Errorf("the colours of the bars are named %q", got)
	}
	v.Judged = false
	if _, f = of[*samples](t, "samples", 800, 460, v); len(named()) != 0 {
		t.Error("answers that nobody judged have colours")
	}
	many := labtest.Samples(60)
	for i := range many.Responses {
		many.Responses[i].Answer = strconv.Itoa(i)
	}
	for _, width := range []float64{366, 800, 1200} {
		h, f := of[*samples](t, "samples", width, 460, many)
		check(t, "many answers", h)
		n := 0
		for _, target := range f.scene.Targets {
			if target.Row == -4 {
				if target.X+target.W > width {
					t.Errorf("at %v pixels an answer lies outside", width)
				}
				text := target.Tip()[1]
				of := 0
				fmt.Sscanf(text, "%d of 60", &of)
				n += of
			}
		}
		if n != 60 {
			t.Errorf("at %v pixels the bars count %d of 60 responses", width, n)
		}
	}
}
