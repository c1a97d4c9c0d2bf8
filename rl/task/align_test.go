package task

import (
	"reflect"
	"testing"
)

// However many lines stand alone, each has its place: sums of .6 are not multiples of .6.
func TestAlignManyLinesAlone(t *testing.T) {
	var long []string
	for n := range 100 {
		if pairs := Align(long, nil); len(pairs) != n {
			t.Fatalf("%d lines beside none make %d pairs", n, len(pairs))
		}
		if pairs := Align(long, []string{"z", "z"}); len(pairs) != n+2 {
			t.Fatalf("%d lines beside two others make %d pairs", n, len(pairs))
		}
		if pairs := Align([]string{"z", "z"}, long); len(pairs) != n+2 {
			t.Fatalf("two lines beside %d others make %d pairs", n, len(pairs))
		}
		long = append(long, "x")
	}
}

func TestAlign(t *testing.T) {
	for _, c := range []struct {
		a, b []string
		want [][2]int
	}{
		{nil, nil, nil},
		{[]string{"a"}, nil, [][2]int{{0, -1}}},
		{nil, []string{"a"}, [][2]int{{-1, 0}}},
		{[]string{"g 6", "wait g 6 ok", "j 5"}, []string{"g 6", "j 5"}, [][2]int{{0, 0}, {1, -1}, {2, 1}}}, // a re-check was dropped
		{[]string{"g &o 7 = g 6"}, []string{"g &o 7 = g 5"}, [][2]int{{0, 0}}},                             // another value
		{[]string{"a b c"}, []string{"x y z"}, [][2]int{{-1, 0}, {0, -1}}},                                 // nothing in common
		{[]string{"x", "y"}, []string{"y", "x"}, [][2]int{{-1, 0}, {0, 1}, {1, -1}}},                       // order counts
		{[]string{"so c 5"}, []string{"j &a 9", "so c 5", "so c 5"}, [][2]int{{-1, 0}, {-1, 1}, {0, 2}}},   // one of two equal lines
	} {
		got := Align(c.a, c.b)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q and %q: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
