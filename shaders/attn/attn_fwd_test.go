package attn

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestDevice(t *testing.T) { gputest.Verify(t, Cases(gputest.Rand(2))...) }
