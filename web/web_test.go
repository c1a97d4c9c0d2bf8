package web

import (
	"slices"
	"testing"
)

// The lab opens with the first base; the others are in alphabetical order.
func TestModelsBeginWithTheFirst(t *testing.T) {
	names := Models()
	if i := slices.Index(names, first); i != 0 || !slices.IsSorted(names[1:]) {
		t.Errorf("the bases are %q, want %s first and the rest in order", names, first)
	}
}
