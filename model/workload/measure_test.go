package workload

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model/speed"
)

// pico is the smallest workload.
func pico() Workload {
	all := All(false)
	return all[slices.IndexFunc(all, func(w Workload) bool { return w.Name == "pico" })]
}

// TestKernelNames lists kernels in every tile that an adapter may use, each once: a filter that matches none of them measures no kernel.
func TestKernelNames(t *testing.T) {
	names := kernelNames()
	for _, want := range []string{"kernel-matmul_nt_8x8", "kernel-matmul_nt_64x64", "kernel-adamw", "token-kernel-attn_cached_c16", "token-kernel-sample"} {
		if n := len(slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name != want })); n != 1 {
			t.Errorf("%s is listed %d times in %q", want, n, names)
		}
	}
}

// TestMeasure measures two devices in turn: a row of each, with a model's size and the counts of one step.
func TestMeasure(t *testing.T) {
	var names []string
	devices := []*gpu.Device{gpu.OpenHost(), gpu.OpenHost()}
	rows, err := Measure(context.Background(), devices, Plan{Filter: regexp.MustCompile("^(train|decode)-pico$")}, func(done, total int, name string, rows []speed.Row) {
		names = append(names, name)
		if total != 2 || len(rows) != 2*done {
			t.Errorf("%d of %d done with %d rows", done, total, len(rows))
		}
	})
	if err != nil || len(rows) != 4 || !slices.Equal(names, []string{"train-pico", "decode-pico", ""}) {
		t.Fatalf("rows %+v, reports %q, %v", rows, names, err)
	}
	for i, want := range []string{"train-pico", "train-pico", "decode-pico", "decode-pico"} {
		if r := rows[i]; r.Name != want || r.Backend != gpu.Host || r.Runs < 1 || !(r.MinMs > 0 && r.MinMs <= r.MedianMs && r.MedianMs <= r.MaxMs) || r.Parameters != pico().parameters() || r.TokensPerSecond <= 0 {
			t.Errorf("row %d is %+v", i, r)
		}
	}
	if rows[0].Submits != 1 || rows[0].Dispatches < 10 {
		t.Errorf("a training step is %+v", rows[0])
	}
	for _, d := range devices {
		if d.Counters.Bytes != 0 {
			t.Errorf("%d bytes are left on the device", d.Counters.Bytes)
		}
	}
}

// TestMeasureStops returns the context's error and what was measured before.
func TestMeasureStops(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	rows, err := Measure(ctx, []*gpu.Device{gpu.OpenHost()}, Plan{Filter: regexp.MustCompile("pico")}, func(done, _ int, _ string, _ []speed.Row) {
		if done == 1 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || len(rows) != 1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// TestKernels measures the kernels of a training step and of a decoded token against ceilings. Every kernel that they use must count
// its work, or its share cannot be known.
func TestKernels(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		rows, err := Plan{Filter: regexp.MustCompile("")}.kernels(context.Background(), []*gpu.Device{d}, pico())
		if err != nil {
			t.Fatal(err)
		}
		c := speed.CeilingsOf(rows, backend(d))
		if !(c.Operations > 1e6 && c.Bytes > 1e6) {
			t.Errorf("ceilings are %+v", c)
		}
		n := map[string]int{}
		for _, r := range rows {
			prefix, _, _ := strings.Cut(r.Name, "kernel-")
			if prefix == "ceiling-product" || prefix == "ceiling-copy" {
				continue
			}
			if n[prefix]++; r.Bytes <= 0 || r.Share <= 0 || r.MedianMs <= 0 || r.Dispatches < 1 {
				t.Errorf("%s has %g bytes, share %g, %g ms, %g dispatches; each kernel of a training step or of a decoded token needs a gpu.Count beside its twin", r.Name, r.Bytes, r.Share, r.MedianMs, r.Dispatches)
			}
		}
		if n[""] < 10 || n["token-"] < 9 || len(n) != 2 {
			t.Errorf("kernels in a training step and in a decoded token: %v of %+v", n, rows)
		}
		gputest.Count(d)
	})
}

// TestAnother runs a row at least once and at most five times.
func TestAnother(t *testing.T) {
	for _, c := range []struct {
		runs       int
		full, want bool
	}{{0, false, true}, {1, false, false}, {4, true, true}, {5, true, false}} {
		if got := (Plan{Full: c.full}).another(c.runs, 2*enough); got != c.want {
			t.Errorf("another run after %d (full %t) is %t", c.runs, c.full, got)
		}
	}
}
