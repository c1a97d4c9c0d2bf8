package decode

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestFeedDevice(t *testing.T) { gputest.Verify(t, feedCases(gputest.Rand(1))...) }
