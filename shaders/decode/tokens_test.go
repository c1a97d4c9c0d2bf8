package decode

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestTokensDevice(t *testing.T) { gputest.Verify(t, tokensCases(gputest.Rand(1))...) }
