package shaders_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/shaders/decode"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
)

// BenchmarkSubgroups measures kernels by subgroups on an adapter that has them, in turn with those without: products of few rows, and
// reductions over the rows of a large vocabulary. It prints the time of the latter by that of the former: over 1 means that subgroups are faster.
//
//	GOOS=js GOARCH=wasm go test -exec './dev browser-exec' ./shaders -run '^$' -bench Subgroups -benchtime 1x
func BenchmarkSubgroups(b *testing.B) {
	d := gputest.Adapter(b)
	if !d.HasSubgroups {
		b.Skipf("%s offers no subgroups", d.Info)
	}
	const O, I, V, rounds, repeats = 1024, 512, 8192, 7, 4
	buffer := func(n int) *gpu.Buffer {
		f := d.Floats("bench", n)
		b.Cleanup(f.Release)
		return f
	}
	took := func(p *gpu.Program) float64 {
		begun := time.Now()
		if err := p.Run(repeats); err != nil {
			b.Fatal(err)
		}
		if err := d.Wait(); err != nil {
			b.Fatal(err)
		}
		return float64(time.Since(begun))
	}
	for b.Loop() {
		fmt.Printf("\n%s\n", d.Info)
		for _, N := range []uint32{1, 4, 16} {
			n := int(N)
			x, w, y := buffer(n*I), buffer(O*I), buffer(n*O)
			logits, stat, weight, targets := buffer(n*V), buffer(4*n), buffer(n), d.Uints("targets", n)
			at, token, row, out := d.Uints("at", 4*n), d.Uints("token", n), d.Uints("row", 4*n), d.Uints("out", n)
			row.WriteUints(0, slices.Repeat([]uint32{1 << 30, 0, 0, 0}, n))
			for _, c := range []struct {
				name    string
				both    [2]*gpu.Kernel
				params  any
				buffers []*gpu.Buffer
			}{
				{"product", [2]*gpu.Kernel{nn.MatmulNT(nn.Narrow), nn.MatmulNT(nn.Subgroups)}, nn.Matmul{N: N, O: O, I: I}, []*gpu.Buffer{x, w, y}},
				{"loss", [2]*gpu.Kernel{loss.XentRow, loss.XentRowSubgroups}, loss.XentRowParams{N: N, V: V, Scale: 1}, []*gpu.Buffer{targets, weight, logits, stat}},
				{"draw", [2]*gpu.Kernel{decode.SampleRow, decode.SampleRowSubgroups}, decode.SampleParams{N: N, V: V, M: 1, Eos: V, TopP: 1, Temperature: 1}, []*gpu.Buffer{logits, at, token, row, out, stat}},
			} {
				var programs [2]*gpu.Program
				for i, k := range c.both {
					programs[i] = d.NewProgram(c.name)
					b.Cleanup(programs[i].Release)
					programs[i].Add(k, func() any { return c.params }, c.buffers...)
					took(programs[i]) // compiles
				}
				var ratios []float64
				for range rounds {
					ratios = append(ratios, took(programs[0])/took(programs[1]))
				}
				slices.Sort(ratios)
				fmt.Printf("%-8s %2d rows  %.2f [%.2f-%.2f]\n", c.name, N, ratios[rounds/2], ratios[0], ratios[rounds-1])
			}
		}
	}
}
