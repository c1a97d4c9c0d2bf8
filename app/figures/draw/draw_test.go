package draw

import (
	"image/color"
	"math"
	"slices"
	"testing"
)

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		n      int
		want   float64
	}{{0, 1, 5, 0.2}, {0, 1, 4, 0.5}, {0.41, 0.62, 5, 0.05}, {0, 125000, 5, 50000}, {0, 3e-3, 3, 1e-3}, {5, 5, 4, 1}} {
		if got := TickStep(c.lo, c.hi, c.n); math.Abs(got-c.want) > 1e-9*c.want {
			t.Errorf("%v to %v in %d: %v, want %v", c.lo, c.hi, c.n, got, c.want)
		}
	}
	for _, c := range []struct {
		v, step float64
		want    string
	}{{0.30000000000000004, 0.1, "0.3"}, {40, 20, "40"}, {50000, 50000, "50k"}, {12500, 500, "12.5k"}, {2e6, 5e5, "2.0M"}, {-0.25, 0.05, "−0.25"}, {1e-17, 0.1, "0"}, {3e-5, 1e-5, "3e−05"}} {
		if got := TickText(c.v, c.step); got != c.want {
			t.Errorf("%v by %v is %q, want %q", c.v, c.step, got, c.want)
		}
	}
	for _, c := range [][2]float64{{0.4, 0.9}, {0.5, 0.5}, {0.99, 1}, {0, 0}} {
		lo, hi := Widen(c[0], c[1], 0.1, 0, 1)
		if lo > c[0] || hi < c[1] || lo < 0 || hi > 1 || hi-lo < 0.049 {
			t.Errorf("%v widens to %v, %v", c, lo, hi)
		}
	}
}

// No axis takes for ever, however small its span is for its numbers.
func TestMultiples(t *testing.T) {
	if got := Multiples(1e16, 1e16+2, 0.5); len(got) > 100 {
		t.Errorf("%d multiples", len(got))
	}
	for _, span := range [][2]float64{{math.NaN(), 1}, {0, math.NaN()}, {1, 0}, {math.Inf(-1), math.Inf(1)}} {
		if got := Multiples(span[0], span[1], TickStep(span[0], span[1], 5)); len(got) > 100 {
			t.Errorf("%d multiples of %v", len(got), span)
		}
	}
}

// A curve breaks where a value is missing and where the caller asks for it; what is alone between
// two breaks is a dot. Dense or not, no value is left out and no gap is bridged.
func TestCurveBreaks(t *testing.T) {
	nan, ink := math.NaN(), color.RGBA{1, 2, 3, 255}
	for _, c := range []struct {
		y       []float64
		breaks  []bool
		lengths []int // points of each piece
	}{
		{[]float64{1, 2, 3, 4}, nil, []int{4}},
		{[]float64{1, 2, nan, 4}, nil, []int{2, 1}},
		{[]float64{nan, 2, nan, 4}, nil, []int{1, 1}},
		{[]float64{1, 2, math.Inf(1), 4}, nil, []int{2, 1}},
		{[]float64{1, 2, 3, 4}, []bool{false, false, true, false}, []int{2, 2}},
		{[]float64{1, 2, 3, 4}, []bool{false, true, true, true}, []int{1, 1, 1, 1}},
		{[]float64{nan, nan, nan, nan}, nil, nil},
	} {
		var s Scene
		s.Curve(Plot{Box: Rect(0, 0, 100, 50), Along: [2]float64{1, 4}, Up: [2]float64{0, 4}}, []float64{1, 2, 3, 4}, c.y, c.breaks, false, 2, ink)
		var lengths []int
		for _, shape := range s.Shapes {
			switch p := shape.(type) {
			case Path:
				lengths = append(lengths, len(p.Points))
			case Dot:
				lengths = append(lengths, 1)
			}
		}
		if !slices.Equal(lengths, c.lengths) {
			t.Errorf("%v with breaks %v has pieces of %v, want %v", c.y, c.breaks, lengths, c.lengths)
		}
	}
	var s Scene // ten values a pixel, with a hole of five pixels in the middle
	x, y := make([]float64, 1000), make([]float64, 1000)
	for i := range x {
		x[i], y[i] = float64(i), 1
		if i >= 475 && i < 525 {
			y[i] = nan
		}
	}
	s.Curve(Plot{Box: Rect(0, 0, 100, 50), Along: [2]float64{0, 999}, Up: [2]float64{0, 4}}, x, y, nil, false, 2, ink)
	if len(s.Shapes) != 2 {
		t.Fatalf("a dense curve with a hole has %d pieces", len(s.Shapes))
	}
	left, right := s.Shapes[0].(Path).Points, s.Shapes[1].(Path).Points
	if end, begin := left[len(left)-1][0], right[0][0]; begin-end < 4 {
		t.Errorf("the hole goes from %v to %v", end, begin)
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Number(0), "0"}, {Number(0.12345), "0.123"}, {Number(0.012345), "0.0123"}, {Number(1e-5), "1.0e−05"}, {Number(math.NaN()), "–"}, {Number(math.Inf(-1)), "–"},
		{Fixed(0.00001, 3), "1.0e−05"}, {Fixed(0.5, 3), "0.500"}, {Fixed(0.4472, 0), "0.45"}, {Fixed(0.0321, 1), "0.032"}, {Fixed(-0.002, 2), "−0.0020"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestArcGeometry(t *testing.T) {
	a := Arc{X0: 0, Y0: 100, X1: 200, Y1: 100, BY: -100}
	for _, p := range [][3]float64{{100, 0, 0}, {100, 10, 10}, {0, 100, 0}, {200, 100, 0}, {100, 100, 100}, {29.29, 29.29, 0}} {
		if d := a.distance(p[0], p[1]); math.Abs(d-p[2]) > 0.5 {
			t.Errorf("%v, %v is %.2f away, want %v", p[0], p[1], d, p[2])
		}
	}
}
