package hf

import (
	"context"
	"errors"
	"testing"
)

// A model that is read by rows has the checksum of its arena, whatever its files: with padding between parameters, vectors of several
// tensors, several files, blocks.
func TestWeightsSumByRows(t *testing.T) {
	seen := map[string]string{}
	for name := range goldenModels {
		s, _, _ := openGolden(t, name)
		c, err := s.Checkpoint(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := WeightsSum(context.Background(), s.Config, s)
		if want := c.WeightsSum(); err != nil || got != want {
			t.Errorf("%s: %s, %v, its arena has %s", name, got, err, want)
		}
		if other, twice := seen[got]; twice {
			t.Errorf("%s has the checksum of %s", name, other)
		}
		seen[got] = name
	}
	s, _, _ := openGolden(t, "qwen3-bf16")
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := WeightsSum(ctx, s.Config, s); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped checksum: %v", err)
	}
}
