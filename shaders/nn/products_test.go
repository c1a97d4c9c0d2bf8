package nn

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// BenchmarkProducts measures the products of a training step of the workload nano on the adapter, in every tile that a software
// adapter compiles in reasonable time, and on others in all of them. The rows take turns, so that a busy machine slows all of
// them, and a time is that of the processors where the adapter is a program of this process on Linux. It prints the best rate with
// the median, and the best rate's share of the ceiling: the best rate of a large product.
//
//	go test ./shaders/nn -run '^$' -bench Products -benchtime 1x
func BenchmarkProducts(b *testing.B) {
	d := gputest.Adapter(b)
	const N, D, F, big, rounds = 2048, 128, 352, 512, 5
	type row struct {
		name    string
		flop    float64
		program *gpu.Program
		took    []float64 // seconds
	}
	var rows []*row
	buffer := func(n int) *gpu.Buffer {
		f := d.Floats("bench", n)
		b.Cleanup(f.Release)
		f.Write(0, gpu.Normal(gputest.Rand(uint64(n)), n))
		return f
	}
	add := func(name string, flop int, k *gpu.Kernel, params any, buffers ...*gpu.Buffer) {
		p := d.NewProgram(name)
		b.Cleanup(p.Release)
		p.Add(k, func() any { return params }, buffers...)
		if err := p.Run(1); err != nil { // compiles
			b.Fatal(err)
		}
		rows = append(rows, &row{name: k.Name + " " + name, flop: float64(flop), program: p})
	}
	pos := d.Uints("pos", N)
	b.Cleanup(pos.Release)
	rope := buffer(256 * 32)
	for _, t := range TilesFor(d.Info.Software) {
		add("ceiling", 2*big*big*big, MatmulNT(t), Matmul{big, big, big}, buffer(big*big), buffer(big*big), buffer(big*big))
		add("qkv", 2*N*3*D*D, QKVRopeFwd(t), QKV{N: N, D: D, H: 4, K: 4, C: 32}, buffer(N*D), buffer(3*D*D), pos, rope, buffer(N*3*D))
		add("o", 2*N*D*D, MatmulNTAdd(t), Matmul{N, D, D}, buffer(N*D), buffer(D*D), buffer(N*D), buffer(N*D))
		add("gate_up", 4*N*F*D, GateUpFwd(t), GateUp{N, D, F}, buffer(N*D), buffer(2*F*D), buffer(2*N*F), buffer(N*F))
		add("down", 2*N*F*D, MatmulNTAdd(t), Matmul{N, D, F}, buffer(N*F), buffer(D*F), buffer(N*D), buffer(N*D))
		for name, s := range map[string][2]uint32{"qkv": {3 * D, D}, "o": {D, D}, "gate_up": {2 * F, D}} {
			O, I := int(s[0]), int(s[1])
			add(name, 4*N*O*I, LinearBwd(t), LinearGrad{N, s[0], s[1], 2, s[0] * s[1]}, buffer(N*O), buffer(O*I), buffer(N*I), buffer(N*I), buffer(2*O*I))
		}
		add("down", 4*N*F*D, DownBwd(t), LinearGrad{N, D, F, 2, D * F}, buffer(N*D), buffer(D*F), buffer(N*F), buffer(2*N*F), buffer(2*N*F), buffer(2*D*F))
	}
	for b.Loop() {
		for range rounds {
			for _, r := range rows {
				if err := d.Wait(); err != nil {
					b.Fatal(err)
				}
				begun := busy(d)
				if err := r.program.Run(1); err != nil {
					b.Fatal(err)
				}
				if err := d.Wait(); err != nil {
					b.Fatal(err)
				}
				r.took = append(r.took, busy(d)-begun)
			}
		}
	}
	ceiling := 0.0
	for _, r := range rows {
		slices.Sort(r.took)
		if strings.HasSuffix(r.name, " ceiling") {
			ceiling = max(ceiling, r.flop/r.took[0])
		}
	}
	slices.SortFunc(rows, func(a, b *row) int { return strings.Compare(a.name, b.name) })
	fmt.Printf("\n%s\n", d.Info)
	for _, r := range rows {
		rate := func(i int) float64 { return r.flop / r.took[i] / 1e9 }
		fmt.Printf("%-26s %6.2f GFLOP/s, median %6.2f, %.2f of the ceiling\n", r.name, rate(0), rate(len(r.took)/2), rate(0)*1e9/ceiling)
	}
}

// started is when this process began, for wall times.
var started = time.Now()

// busy returns the seconds of all threads of this process so far, or where they are not to be had, or say nothing about the
// adapter, the seconds of wall time.
func busy(d *gpu.Device) float64 {
	threads, err := filepath.Glob("/proc/self/task/*/schedstat")
	if err != nil || len(threads) == 0 || !d.Info.Software {
		return time.Since(started).Seconds()
	}
	total := 0.0
	for _, file := range threads {
		if data, err := os.ReadFile(file); err == nil { // a thread may have ended
			var ran float64
			fmt.Sscan(string(data), &ran)
			total += ran / 1e9
		}
	}
	return total
}
