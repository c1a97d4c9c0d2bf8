package decode

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestNextDevice(t *testing.T) { gputest.Verify(t, nextCases(gputest.Rand(1))...) }
