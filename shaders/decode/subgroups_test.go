package decode

import (
	"testing"

	"attnlab/gpu/gputest"
)

// Draws by subgroups are those of the twin.
func TestSubgroupsDevice(t *testing.T) {
	gputest.Verify(t, SubgroupCases(gputest.Rand(62))...)
}

// The size of a subgroup does not matter.
func TestSubgroupsOfAnySize(t *testing.T) {
	gputest.VerifyEmulated(t, sampleRowCases(gputest.Rand(63), SampleRowSubgroups)[1])
}
