package attn

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestZZ(t *testing.T) {
	if os.Getenv("ATTNLAB_ZZ") == "" {
		t.Skip()
	}
	d := gputest.Adapter(t)
	N, C := 4096, 16
	fmt.Sscan(os.Getenv("ATTNLAB_ZZ"), &N, &C)
	tr := trace{4, 4, C, nil}
	r := rand.New(rand.NewPCG(1, 1))
	for left := N; left > 0; {
		l := min(left, 90+r.IntN(20))
		tr.lengths = append(tr.lengths, l)
		left -= l
	}
	f := func(n int) *gpu.Buffer { b := d.Floats("x", n); b.Write(0, gpu.Normal(r, n)); return b }
	u := func(w []uint32) *gpu.Buffer { b := d.Uints("x", len(w)); b.WriteUints(0, w); return b }
	W := tr.width()
	qkv, span, o, lse, do, dqkv, delta := f(N*W), u(tr.span(r, false)), f(N*4*C), f(N*4), f(N*4*C), f(N*W), f(N*4)
	run := func(name string, k *gpu.Kernel, p any, b ...*gpu.Buffer) {
		t0 := time.Now()
		d.Do(k, p, b...)
		if err := d.Wait(); err != nil {
			t.Fatal(err)
		}
		first := time.Since(t0)
		best := time.Hour
		pr := d.NewProgram("x")
		pr.Add(k, func() any { return p }, b...)
		for range 5 {
			t0 = time.Now()
			pr.Run(3)
			d.Wait()
			best = min(best, time.Since(t0)/3)
		}
		pr.Release()
		fmt.Printf("%-22s first %7.1f ms  best %8.2f ms\n", name, float64(first.Microseconds())/1e3, float64(best.Microseconds())/1e3)
	}
	mk := func(stem string, heads, Q int, like *gpu.Kernel, per int) *gpu.Kernel {
		name, src := named(stem, C, Q)
		return gpu.New(name+fmt.Sprint("_q", Q), src, like.Bindings, func(p Shape) gpu.Groups { return gpu.Groups1D((int(p.N)+Q-1)/Q*per, 64) }, nil, nil)
	}
	for _, Q := range []int{tile(2, C)} {
		run(fmt.Sprint("fwd Q", Q), mk("attn_fwd", 2, Q, Fwd(C), 4), tr.shape(), qkv, span, o, lse)
	}
	for _, Q := range []int{tile(3, C)} {
		run(fmt.Sprint("bwd_q Q", Q), mk("attn_bwd_q", 2, Q, BwdQ(C), 4), tr.shape(), qkv, span, o, lse, do, dqkv, delta)
	}
	for _, Q := range []int{tile(4, C)} {
		run(fmt.Sprint("bwd_kv Q", Q), mk("attn_bwd_kv", 2, Q, BwdKV(C), 4), tr.shape(), qkv, span, lse, delta, do, dqkv)
	}
	steps, seqs, words := tr.cut(r)
	run("step_pool", StepPool(C), StepPoolShape{uint32(len(seqs) / 4), 4, 4, 0, uint32(words)}, qkv, span, lse, u(steps), u(seqs), f(words))
	for _, n := range []int{1, 16, 256} {
		for _, T := range []int{256, 4096} {
			var at []uint32
			for i := range n {
				at = append(at, uint32(i), uint32(T-1), 0, 0)
			}
			R := 4096
			run(fmt.Sprint("cached N", n, " T", T), Cached(C), CachedShape{uint32(n), 4, 4, uint32(T)}, qkv, f(R*8*C), u(rowsOf(r, n*T, R)), u(at), o)
		}
	}
	_ = gputest.Rand
}
