package session

import (
	"math"
	"reflect"
	"testing"
)

func TestLinks(t *testing.T) {
	at := func(reader, read int) float64 {
		switch {
		case read == 0:
			return float64(reader) // the later, the more
		case reader == 4 && read == 1:
			return math.Inf(1)
		case reader == 3 && read == 1:
			return 0.5
		}
		return 0
	}
	want := []Link{{3, 1, 0.5}, {3, 0, 3}, {4, 0, 4}}
	if got := Links(5, 2, 2, at); !reflect.DeepEqual(got, want) {
		t.Errorf("the two strongest readers two ranges away: %v, want %v", got, want)
	}
	if got := Links(5, 2, 0, at); len(got) != 4 {
		t.Errorf("all readers: %v", got)
	}
	if got := Links(5, 0, 0, at); len(got) != 5 {
		t.Errorf("neighbours too, but no range itself: %v", got)
	}
	if got := LargestApart(5, 2, at); got != 4 {
		t.Errorf("the largest is %v", got)
	}
	if got := LargestApart(2, 2, at); got != 0 {
		t.Errorf("of neighbours alone it is %v", got)
	}
}
