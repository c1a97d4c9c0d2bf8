package attn

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestMain(m *testing.M) { gputest.Main(m) }
