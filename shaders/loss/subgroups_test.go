package loss

import (
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// Losses of rows by subgroups are what exact arithmetic gives.
func TestSubgroupsDevice(t *testing.T) {
	gputest.Verify(t, SubgroupCases(gputest.Rand(60))...)
}

// The size of a subgroup does not matter.
func TestSubgroupsOfAnySize(t *testing.T) {
	gputest.VerifyEmulated(t, xentRowCases(gputest.Rand(62), XentRowSubgroups)[len(logitSizes)])
}

// A device takes the kernels that were found faster on it.
func TestSubgroupsAreChosen(t *testing.T) {
	d := gpu.OpenHost()
	if XentRowFor(d) != XentRow || PolicyRowFor(d) != PolicyRow {
		t.Error("without a choice the loss goes by subgroups")
	}
	d.Subgroups = true
	if XentRowFor(d) != XentRowSubgroups || PolicyRowFor(d) != PolicyRowSubgroups || !XentRowSubgroups.Subgroups || XentRow.Subgroups {
		t.Error("with subgroups chosen the loss does not go by them")
	}
}
