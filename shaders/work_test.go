package shaders_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/shaders/attn"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
	"attnlab/shaders/optim"
)

// TestWork compares counts with sums by hand.
func TestWork(t *testing.T) {
	span := []uint32{0, 2, 0, 0, 0, 2, 0, 0, 2, 5, 0, 0, 2, 5, 0, 0, 2, 5, 0, 0} // two tokens, then three: 1+2 and 1+2+3 pairs
	positions := []uint32{0, 1, 0, 1, 2}
	for _, c := range []struct {
		kernel     *gpu.Kernel
		params     any
		words      []uint32
		operations float64
		bytes      float64
	}{
		{nn.MatmulNT(nn.Wide), nn.Matmul{N: 64, O: 30, I: 16}, nil, 2 * 64 * 30 * 16, 4 * (64*16 + 30*16 + 64*32)},
		{nn.MatmulNTAdd(nn.Narrow), nn.Matmul{N: 64, O: 32, I: 16}, nil, 2*64*32*16 + 64*32, 4 * (64*16 + 32*16 + 2*64*32)},
		{nn.RMSNormFwd, nn.RMSNorm{N: 3, D: 8}, nil, 4 * 24, 4 * (2*24 + 8 + 3)},
		{nn.EmbedFwd, nn.Embed{N: 5, D: 8, V: 2}, nil, 0, 4 * (5 + 2*8 + 5*8)},
		{nn.RopeBwd, nn.QKV{N: 5, D: 8, H: 2, K: 1, C: 8}, positions, 3 * 5 * 3 * 8, 4 * (5 + 3*8 + 2*5*3*8)},
		{nn.QKVRopeFwd(nn.Wide), nn.QKV{N: 5, D: 8, H: 2, K: 1, C: 8}, positions, 2*5*32*8 + 3*5*3*8, 4 * (5*8 + 32*8 + 5*32 + 5 + 3*8)},
		{nn.LinearBwd(nn.Wide), nn.LinearGrad{N: 5, O: 8, I: 4, Z: 2, Stride: 32}, nil, 4 * 5 * 8 * 4, 4 * (5*8 + 8*4 + 5*4 + 2*8*4 + 5*4)},
		{nn.LinearDx(nn.Wide.Of(nn.BF16)), nn.InputGrad{N: 5, O: 8, I: 4, Row: 8}, nil, 2 * 5 * 8 * 4, 4 * (5*8 + 8*4/2 + 5*4)},
		{nn.SumParts, nn.Parts{M: 12, Z: 3}, nil, 36, 4 * (36 + 24)},
		{attn.Fwd(8), attn.Shape{N: 5, H: 2, K: 1}, span, 9 * 2 * (4*8 + 4), 4 * (5*4*8 + 5*4 + 5*2*8 + 5*2)},
		{attn.BwdQ(8), attn.Shape{N: 5, H: 2, K: 1}, span, 9*2*(6*8+6) + 2*5*2*8, 4 * (5*4*8 + 5*4 + 3*5*2*8 + 2*5*2)},
		{attn.BwdKV(8), attn.Shape{N: 5, H: 2, K: 1}, span, 9 * 2 * (8*8 + 6), 4 * (5*4*8 + 5*4 + 5*2*8 + 2*5*2 + 2*5*8)},
		{loss.Xent, loss.XentParams{N: 3, D: 8, V: 5}, nil, 2*3*8*5 + 13*15, 4 * (3*8 + 5*8 + 2*3 + 3*8 + 3*4)},
		{optim.AdamW, optim.AdamWParams{N: 20, DecayEnd: 8}, nil, 15*20 + 8, 4 * (7*20 + 1)},
	} {
		got, counted := c.kernel.Work(c.params, func(int) []uint32 { return c.words })
		if want := (gpu.Work{Operations: c.operations, Bytes: c.bytes}); !counted || got != want {
			t.Errorf("%s %+v: %+v, want %+v", c.kernel.Name, c.params, got, want)
		}
	}
}

// TestWorkFits checks that no kernel counts more bytes than its buffers have, once read and once written.
func TestWorkFits(t *testing.T) {
	counted := map[string]bool{}
	for dir, cases := range packages {
		for _, c := range cases(rand.New(rand.NewPCG(1, 1))) {
			w, ok := c.Kernel.Work(c.Params, func(i int) []uint32 { return c.Buffers[i].([]uint32) })
			if !ok {
				continue
			}
			counted[dir] = true
			most := 0
			for i, b := range c.Kernel.Bindings {
				n := reflect.ValueOf(c.Buffers[i]).Len()
				if most += n; b.Write {
					most += n
				}
			}
			if w.Bytes <= 0 || w.Bytes > 4*float64(most) || w.Operations < 0 {
				t.Errorf("%s, %s: %+v, its buffers have %d bytes", c.Kernel.Name, c.Name, w, 4*most)
			}
		}
	}
	for _, dir := range []string{"nn", "attn", "loss", "optim", "decode"} {
		if !counted[dir] {
			t.Errorf("no kernel of %s counts its work", dir)
		}
	}
}

// TestShare takes the bound that is nearer: operations or bytes.
func TestShare(t *testing.T) {
	ceiling := gpu.Work{Operations: 1000, Bytes: 100} // a second
	for _, c := range []struct {
		work gpu.Work
		want float64
	}{{gpu.Work{Operations: 500, Bytes: 10}, 0.5}, {gpu.Work{Operations: 100, Bytes: 80}, 0.8}, {gpu.Work{}, 0}} {
		if got := c.work.Share(ceiling, time.Second); got != c.want {
			t.Errorf("%+v: share %g, want %g", c.work, got, c.want)
		}
	}
	if got := (gpu.Work{Operations: 1, Bytes: 1}).Share(gpu.Work{}, time.Second); got != 0 {
		t.Errorf("without a ceiling the share is %g", got)
	}
}
