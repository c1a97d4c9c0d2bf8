package decode

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestAttendDevice(t *testing.T) { gputest.Verify(t, attendCases(gputest.Rand(1))...) }
