package shaders_test

import (
	"fmt"
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/shaders/decode"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
)

// BenchmarkRows compares, on one device and one after the other, the kernels of which one invocation takes a row of logits with those of
// which a workgroup does: "rows/fused" over 1 means that the former are faster. It tells where model should change from one to the other.
func BenchmarkRows(b *testing.B) {
	for _, backend := range []string{gpu.Host, gpu.WebGPU} {
		d, _, err := gpu.Open(backend)
		if err != nil {
			b.Skip(err)
		}
		for _, V := range []int{58, 256, 512, 1024, 2048} {
			r := gputest.Rand(1)
			const N, D, M = 512, 128, 1
			V4 := (V + 3) / 4 * 4
			h, head, logits := d.Floats("h", N*D), d.Floats("head", V*D), d.Floats("logits", N*V4)
			h.Write(0, gpu.Normal(r, N*D))
			head.Write(0, gpu.Normal(r, V*D))
			targets, weight, stat := d.Uints("targets", N), d.Floats("weight", N), d.Floats("stat", 4*N)
			weight.Write(0, gpu.Normal(r, N))
			fused := d.NewProgram("fused")
			fused.Add(loss.Xent, func() any { return loss.XentParams{N: N, D: D, V: uint32(V), Scale: 1} }, h, head, targets, weight, logits, stat)
			rows := d.NewProgram("rows")
			product := func() any { return nn.Matmul{N: N, O: uint32(V), I: D} }
			rows.Add(nn.MatmulNT(nn.Wide), product, h, head, logits)
			rows.Add(loss.XentRow, func() any { return loss.XentRowParams{N: N, V: uint32(V), Scale: 1} }, targets, weight, logits, stat)
			b.Run(fmt.Sprintf("xent/%s/V%d", backend, V), func(b *testing.B) { ratio(b, d, fused, rows) })

			const S = 64
			at, token, row, out, drawn := d.Uints("at", 4*S), d.Uints("token", S), d.Uints("row", 4*S), d.Uints("out", S*M), d.Floats("drawn", 2*S*M)
			left := make([]uint32, 4*S)
			for n := range S {
				left[4*n] = 1
			}
			how := decode.SampleParams{N: S, V: uint32(V), M: M, Eos: uint32(V), Seed: 1, TopP: 1, Temperature: 1}
			var programs []*gpu.Program
			for _, k := range []*gpu.Kernel{decode.Sample, decode.SampleRow} {
				p := d.NewProgram(k.Name)
				p.Add(nn.MatmulNT(nn.Narrow), func() any { return nn.Matmul{N: S, O: uint32(V), I: D} }, h, head, logits)
				p.Add(k, func() any { return how }, logits, at, token, row, out, drawn)
				programs = append(programs, p)
			}
			b.Run(fmt.Sprintf("sample/%s/V%d", backend, V), func(b *testing.B) {
				ratio(b, d, programs[0], programs[1], func() { row.WriteUints(0, left) })
			})
			for _, x := range []*gpu.Buffer{h, head, logits, targets, weight, stat, at, token, row, out, drawn} {
				x.Release()
			}
		}
		d.Close()
	}
}

// ratio times both programs in turn and reports the time of the second over that of the first.
func ratio(b *testing.B, d *gpu.Device, fused, rows *gpu.Program, before ...func()) {
	var took [2]time.Duration
	for i := range 2 * (b.N + 1) {
		for _, f := range before {
			f()
		}
		if err := d.Wait(); err != nil {
			b.Fatal(err)
		}
		begun := time.Now()
		if err := []*gpu.Program{fused, rows}[i%2].Run(1); err != nil {
			b.Fatal(err)
		}
		if err := d.Wait(); err != nil {
			b.Fatal(err)
		}
		if i >= 2 { // the first pair compiles
			took[i%2] += time.Since(begun)
		}
	}
	b.ReportMetric(float64(took[1])/float64(took[0]), "rows/fused")
}
