// Package near compares numbers in tests.
package near

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Want reports a test error unless got equals want within an absolute tolerance. NaN equals NaN.
func Want(t testing.TB, what string, got, want []float64, tolerance float64) {
	t.Helper()
	diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, tolerance), cmpopts.EquateNaNs(), cmpopts.EquateEmpty())
	if diff != "" {
		t.Errorf("%s: want (-), got (+):\n%s", what, diff)
	}
}
