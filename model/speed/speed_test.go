package speed_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"attnlab/model/speed"
)

// row is a row of a model on a backend with a time in milliseconds for a thousand tokens.
func row(name, backend string, parameters int, ms float64) speed.Row {
	r := speed.Timed([]float64{ms})
	r.Name, r.Backend, r.Parameters, r.TokensPerSecond = name, backend, parameters, 1e6/ms
	return r
}

func TestTimed(t *testing.T) {
	if r := speed.Timed([]float64{3, 1, 2}); r.MedianMs != 2 || r.MinMs != 1 || r.MaxMs != 3 || r.Runs != 3 {
		t.Errorf("got %+v", r)
	}
}

// TestCrossing finds the size from which WebGPU is faster.
func TestCrossing(t *testing.T) {
	rows := func(ratios ...float64) (rows []speed.Row) {
		for i, ratio := range ratios {
			name, parameters := "train-"+string(rune('a'+i)), 1000*int(math.Pow(100, float64(i)))
			rows = append(rows, row(name, "host", parameters, 10*ratio), row(name, "webgpu", parameters, 10))
		}
		return rows
	}
	for _, c := range []struct {
		ratios []float64
		at     float64 // 0 for none
		says   string
	}{
		{[]float64{0.5, 2}, 10000, "from about 10.0 k parameters on"}, // half way on both logarithmic scales
		{[]float64{0.5, 0.9}, 0, "processor is faster for every"},
		{[]float64{2, 3}, 0, "adapter is faster for every"},
		{[]float64{2, 0.5}, 0, "does not follow"},
		{[]float64{0.5, 2, 0.5}, 0, "does not follow"},
		{[]float64{0.5, 0.5, 2}, 1e6, "from about 1.00 M"},
	} {
		works := speed.Works(rows(c.ratios...))
		if len(works) != 1 || works[0].Title != "training" || len(works[0].Pairs) != len(c.ratios) {
			t.Fatalf("%v: works %+v", c.ratios, works)
		}
		at, ok := works[0].Crossing()
		if ok != (c.at > 0) || ok && math.Abs(at/c.at-1) > 0.01 {
			t.Errorf("%v: crossing at %g, %v, want %g", c.ratios, at, ok, c.at)
		}
		if got := works[0].Says(); !strings.Contains(got, c.says) {
			t.Errorf("%v: %q, want %q", c.ratios, got, c.says)
		}
	}
}

// TestWorks groups by the number of sequences, and leaves out rows without a peer.
func TestWorks(t *testing.T) {
	works := speed.Works([]speed.Row{
		row("train-b", "host", 200, 4), row("train-a", "host", 100, 2), row("decode-a-8", "webgpu", 100, 1), row("decode-b-8", "webgpu", 200, 1),
		row("decode-nano", "host", 800, 1), row("decode-a-64", "host", 100, 1), row("kernel-fill", "host", 0, 1),
	})
	if len(works) != 2 || works[0].Title != "training" || works[1].Title != "decoding, 8 sequences" || works[0].Pairs[0].Model != "a" {
		t.Fatalf("works are %+v", works)
	}
	if got := works[0].Says(); got != "Only one backend was measured." || !math.IsNaN(works[0].Pairs[0].Ratio()) {
		t.Errorf("one backend says %q", got)
	}
}

// TestCeilings takes the rates of the ceilings of a backend, and sorts its kernels by time.
func TestCeilings(t *testing.T) {
	product, copied, fast, slow := row("ceiling-product", "host", 0, 2), row("ceiling-copy", "host", 0, 4), row("kernel-a", "host", 0, 1), row("kernel-b", "host", 0, 3)
	product.MedianMs, copied.MedianMs = 20, 40 // the best run counts
	product.Operations, copied.Bytes, slow.Operations, slow.Bytes = 6e6, 8e6, 30, 10
	rows := []speed.Row{product, copied, fast, slow, row("kernel-a", "webgpu", 0, 9)}
	if got := speed.CeilingsOf(rows, "host"); got != (speed.Ceilings{Operations: 3e9, Bytes: 2e9}) {
		t.Errorf("ceilings are %+v", got)
	}
	if got := speed.CeilingsOf(rows, "webgpu"); got != (speed.Ceilings{}) {
		t.Errorf("ceilings that were not measured are %+v", got)
	}
	kernels := speed.Kernels(rows, "host")
	if len(kernels) != 2 || kernels[0].Name != "kernel-b" || kernels[0].Intensity() != 3 || !math.IsNaN(kernels[1].Intensity()) {
		t.Errorf("kernels are %+v", kernels)
	}
}

// TestText writes every row and one table for each work; "–" stands for what was not measured.
func TestText(t *testing.T) {
	var b strings.Builder
	if err := speed.Text(&b, []speed.Row{row("train-a", "host", 1000, 2), row("train-b", "host", 5000, 4), row("train-b", "webgpu", 5000, 1)}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"training, tokens/s", "5.00 k", "250000  1000000  4.00", "faster for every", "–"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}

// TestRowKeys keeps the keys that the command line promises; kernels alone have work.
func TestRowKeys(t *testing.T) {
	for _, c := range []struct {
		row  speed.Row
		has  string
		lack string
	}{
		{row("train-a", "host", 10, 1), `"name" "shape" "backend" "adapter" "median_ms" "min_ms" "max_ms" "tokens_per_second" "dispatches" "submits" "readbacks" "runs" "parameters"`, `"share_of_ceiling"`},
		{speed.Row{Bytes: 1, Operations: 1, Share: 0.5}, `"bytes" "operations" "share_of_ceiling"`, `"parameters"`},
	} {
		data, err := json.Marshal(c.row)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range strings.Fields(c.has) {
			if !strings.Contains(string(data), key) {
				t.Errorf("%s lacks %s", data, key)
			}
		}
		if strings.Contains(string(data), c.lack) {
			t.Errorf("%s has %s", data, c.lack)
		}
	}
}

func TestCount(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 1: "1.00", 999.96: "1.00 k", 53000: "53.0 k", 810000: "810 k", 3.2e9: "3.20 G", math.NaN(): "–", 0.004: "0.004"} {
		if got := speed.Count(x); got != want {
			t.Errorf("%g is %q, want %q", x, got, want)
		}
	}
}

// The speeds of the fastest and the slowest run lie about the median's, and the adapter's kernels are shown first.
func TestRowsForPeople(t *testing.T) {
	r := speed.Row{Name: "kernel-matmul", Backend: "webgpu", MedianMs: 10, MinMs: 8, MaxMs: 20, TokensPerSecond: 100}
	if r.Fastest() != 125 || r.Slowest() != 50 || r.KernelName() != "matmul" {
		t.Errorf("%g, %g, %s", r.Fastest(), r.Slowest(), r.KernelName())
	}
	host := r
	host.Backend = "host"
	for i, c := range []struct {
		rows        []speed.Row
		asked, want string
	}{{[]speed.Row{host, r}, "", "webgpu"}, {[]speed.Row{host}, "", "host"}, {[]speed.Row{host, r}, "host", "host"}, {nil, "webgpu", "webgpu"}, {[]speed.Row{host}, "other", "host"}} {
		if got := speed.KernelBackend(c.rows, c.asked); got != c.want {
			t.Errorf("%d: %s, want %s", i, got, c.want)
		}
	}
}
