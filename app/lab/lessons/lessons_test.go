package lessons

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"attnlab/app/lab/glossary"
)

var marked = regexp.MustCompile(`\[([^\]]*)\]`)

func words(text string) int {
	return len(strings.Fields(marked.ReplaceAllStringFunc(text, func(m string) string {
		shown, _, _ := strings.Cut(strings.Trim(m, "[]"), "|")
		return shown
	})))
}

func TestLessonTexts(t *testing.T) {
	for n, c := range All {
		at := "lesson " + strconv.Itoa(n+1)
		if len(c.Steps) < 3 || len(c.Steps) > 5 || len(c.Choices) != len(c.Bounds)+1 || len(c.Tries) != 2 || c.About == "" || c.Minutes < 1 {
			t.Errorf("%s: %d steps, %d choices, %d bounds, %d tries", at, len(c.Steps), len(c.Choices), len(c.Bounds), len(c.Tries))
		}
		for i := 1; i < len(c.Bounds); i++ {
			if c.Bounds[i] <= c.Bounds[i-1] {
				t.Errorf("%s: the bounds %v do not rise", at, c.Bounds)
			}
		}
		if a, r, k := c.StepFor(Asks), c.StepFor(Runs), c.StepFor(Checks); !(a < r && r < k) {
			t.Errorf("%s asks at %d, runs at %d, checks at %d", at, a, r, k)
		}
		for i, s := range c.Steps {
			at := at + "." + strconv.Itoa(i+1)
			if w := words(s.Text); w > 60 || w < 10 {
				t.Errorf("%s has %d words", at, w)
			}
			for _, m := range marked.FindAllStringSubmatch(s.Text, -1) {
				shown, word, two := strings.Cut(m[1], "|")
				if !two {
					word = shown
				}
				if _, ok := glossary.Find(word); !ok {
					t.Errorf("%s refers to %q, which the glossary does not have", at, word)
				}
			}
			if strings.Contains(s.Text+s.Title, "!") || s.Title == "" {
				t.Errorf("%s: title %q", at, s.Title)
			}
		}
	}
}

func TestFind(t *testing.T) {
	c := &Lesson{Choices: []string{"low", "middle", "high"}, Bounds: []float64{0, 1}, Quantity: "x"}
	for _, k := range []struct {
		m       Measured
		guess   int
		settled bool
		choice  int
		says    string
	}{
		{Measured{Value: 0.5, SE: 0.1, N: 100, Freedom: 99}, 2, true, 2, "The measurement agrees"},
		{Measured{Value: 0.5, SE: 0.1, N: 100, Freedom: 99}, 1, true, 2, "You predicted: low. Measured: middle"},
		{Measured{Value: 1.5, SE: 0.1, N: 100, Freedom: 99}, 0, true, 3, "You made no prediction"},
		{Measured{Value: 0.1, SE: 0.1, N: 100, Freedom: 99}, 2, false, 0, "Too close to call: the 95 % interval is −0.098 to 0.298, which includes 0.000"},
		{Measured{Value: 0.5, SE: 0.2, N: 4, Freedom: 2}, 2, false, 0, "Too close to call"}, // t = 4.303 at two degrees of freedom
		{Measured{Value: 0.5, SE: 0, N: 2, What: "runs", Freedom: 1}, 2, false, 0, "Too few runs"},
		{Measured{Value: math.NaN(), SE: 0.1, N: 9, Freedom: 8}, 2, false, 0, "Too few"},
	} {
		f := c.Find(k.m, k.guess)
		if f.Settled != k.settled || f.Choice != k.choice || !strings.Contains(f.Says, k.says) {
			t.Errorf("%+v with guess %d: %+v", k.m, k.guess, f)
		}
	}
}
