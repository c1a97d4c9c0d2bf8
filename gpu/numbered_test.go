package gpu

import "testing"

func TestEqualAdaptersAreNumbered(t *testing.T) {
	a, b := Info{Name: "A100", Backend: "vulkan"}, Info{Name: "A100", Backend: "gl"}
	want := []string{"vulkan:A100", "gl:A100", "vulkan:A100 #2", "vulkan:A100 #3"}
	for i, got := range numbered([]Info{a, b, a, a}) {
		if got.ID != want[i] {
			t.Errorf("adapter %d has the ID %q, want %q", i, got.ID, want[i])
		}
	}
}
