package theme

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/rl/task"
)

var palettes = map[string]Palette{"light": Light, "dark": Dark}

func TestContrast(t *testing.T) {
	if got := Contrast(rgb(0x000000), rgb(0xffffff)); math.Abs(got-21) > 1e-9 {
		t.Errorf("black on white is %v, want 21", got)
	}
	if got := Contrast(rgb(0x777777), rgb(0xffffff)); math.Abs(got-4.478) > 1e-3 { // WCAG's well-known near miss
		t.Errorf("#777 on white is %v, want 4.478", got)
	}
	for name, p := range palettes {
		need := func(what string, text, on color.RGBA, least float64) {
			if got := Contrast(text, on); got < least {
				t.Errorf("%s: %s has %.2f:1, want at least %v:1", name, what, got, least)
			}
		}
		for _, on := range []color.RGBA{p.Ground, p.Surface} {
			need("ink", p.Ink, on, 7)
			need("muted", p.Muted, on, 4.5)
			need("accent", p.Accent, on, 4.5)
			for _, label := range Labels {
				need(label, p.Label(label), on, 3)
			}
			for i, c := range p.Series {
				need(fmt.Sprintf("series %d", i), c, on, 3)
			}
			need("the high end of score", p.Score(1), on, 4.5)
			need("the low end of signed", p.Signed(-1), on, 3)
			need("the high end of signed", p.Signed(1), on, 3)
		}
		need("text on accent", p.On(p.Accent), p.Accent, 4.5)
		for _, label := range Labels {
			need("text on "+label, p.On(p.Label(label)), p.Label(label), 4.5)
		}
		for i, c := range p.Series {
			for j := range i {
				if got := distance(c, p.Series[j]); got < 0.09 {
					t.Errorf("%s: series %d and %d are only %.3f apart", name, j, i, got)
				}
			}
			for _, label := range []string{"essential", "correcting", "wrong"} {
				if got := distance(c, p.Label(label)); got < 0.06 {
					t.Errorf("%s: series %d is only %.3f from %s", name, i, got, label)
				}
			}
		}
		for i := -100; i <= 100; i++ {
			x := float64(i) / 100
			need(fmt.Sprintf("text on signed %v", x), p.On(p.Signed(x)), p.Signed(x), 4.5)
			need(fmt.Sprintf("text on score %v", x), p.On(p.Score(x)), p.Score(x), 4.5)
		}
	}
}

// The ramps are even: each of ten steps is the same distance in OKLab, within what
// eight bits a channel can say.
func TestRampsAreEven(t *testing.T) {
	for name, p := range palettes {
		var steps []float64
		for i := range Steps {
			steps = append(steps, distance(p.Score(float64(i)/Steps), p.Score(float64(i+1)/Steps)))
		}
		if low, high := slices.Min(steps), slices.Max(steps); high > 1.1*low || low < 0.03 {
			t.Errorf("%s: steps of score from %.4f to %.4f", name, low, high)
		}
		if low, high := distance(p.Signed(0), p.Signed(-1)), distance(p.Signed(0), p.Signed(1)); max(low, high) > 1.25*min(low, high) {
			t.Errorf("%s: the signed ramp's arms are %.3f and %.3f long", name, low, high)
		}
		first, last := hue(p.Score(0.3)), hue(p.Score(1))
		if math.Abs(first-last) > 10 {
			t.Errorf("%s: score turns from hue %.0f to %.0f", name, first, last)
		}
		if p.Score(0) == p.Score(1) || p.Score(math.NaN()) != p.Score(0) || p.Score(7) != p.Score(1) || p.Signed(-7) != p.Signed(-1) {
			t.Errorf("%s: values outside the ramp", name)
		}
	}
}

// Red and green-blue stay apart for people without one of the two kinds of cone
// that make them (Viénot, Brettel and Mollon 1999).
func TestSignedForColourBlind(t *testing.T) {
	kinds := map[string][9]float64{
		"protanopia":   {0.11238, 0.88762, 0, 0.11238, 0.88762, 0, 0.00401, -0.00401, 1},
		"deuteranopia": {0.29275, 0.70725, 0, 0.29275, 0.70725, 0, -0.02234, 0.02234, 1},
	}
	for name, p := range palettes {
		for kind, m := range kinds {
			for _, x := range []float64{0.5, 1} {
				if got := distance(seen(p.Signed(-x), m), seen(p.Signed(x), m)); got < 0.06 { // three times the smallest visible difference
					t.Errorf("%s, %s: -%v and %v are only %.3f apart", name, kind, x, x, got)
				}
			}
		}
	}
}

func TestCSS(t *testing.T) {
	css := CSS()
	for _, want := range []string{":root {", "@media screen {\n  [data-theme=dark] {", "@media screen and (prefers-color-scheme: dark)", ":root:not([data-theme=light])",
		"--ground: #fbfaf7;", "--ground: #14161a;", "--accent: #2458d3;", "--on-accent: #ffffff;", "--score-10: ", "--on-signed-20: ",
		".label-wrong { background: var(--wrong); color: var(--on-wrong); }"} {
		if !strings.Contains(css, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Count(css, "{") != strings.Count(css, "}") {
		t.Error("the braces do not match")
	}
	for x, want := range map[float64]int{-1: 0, 0: 10, 1: 20, 9: 20, math.NaN(): 10} {
		if got := SignedStep(x); got != want {
			t.Errorf("SignedStep(%v) = %d, want %d", x, got, want)
		}
	}
	if ScoreStep(0.26) != 3 || ScoreStep(2) != Steps || ScoreStep(math.NaN()) != 0 {
		t.Error("ScoreStep")
	}
}

func distance(a, b color.RGBA) float64 {
	p, q := toLab(a), toLab(b)
	return math.Sqrt((p[0]-q[0])*(p[0]-q[0]) + (p[1]-q[1])*(p[1]-q[1]) + (p[2]-q[2])*(p[2]-q[2]))
}

// hue is the angle in OKLab, in degrees.
func hue(c color.RGBA) float64 {
	lab := toLab(c)
	return math.Atan2(lab[2], lab[1]) * 180 / math.Pi
}

func seen(c color.RGBA, m [9]float64) color.RGBA {
	r, g, b := linear(c)
	return color.RGBA{encode(m[0]*r + m[1]*g + m[2]*b), encode(m[3]*r + m[4]*g + m[5]*b), encode(m[6]*r + m[7]*g + m[8]*b), 255}
}

// The names of the labels are those of package task, and each has a colour of its own.
func TestLabelsAreThoseOfTasks(t *testing.T) {
	var names []string
	for _, l := range task.Labels() {
		names = append(names, l.String())
	}
	if !slices.Equal(Labels, names) {
		t.Errorf("labels %v, package task has %v", Labels, names)
	}
	for _, p := range []Palette{Light, Dark} {
		seen := map[color.RGBA]string{}
		for _, l := range Labels {
			if c := p.Label(l); seen[c] != "" {
				t.Errorf("%s has the colour of %s", l, seen[c])
			}
			seen[p.Label(l)] = l
		}
	}
}

// A ramp's colours are those of the line through OKLab, to one level of a channel.
func TestRampIsTheLine(t *testing.T) {
	for _, p := range []Palette{Light, Dark} {
		a, b := p.score[0], p.score[1]
		for i := range 777 {
			x := float64(i) / 776
			got, want := mix(a, b, x), mixLab(a, b, x)
			for _, d := range []int{int(got.R) - int(want.R), int(got.G) - int(want.G), int(got.B) - int(want.B)} {
				if d < -1 || d > 1 {
					t.Fatalf("at %.3f %v, want %v", x, got, want)
				}
			}
		}
	}
}
