package attn

import (
	"math"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestMain(m *testing.M) { gputest.Main(m) }

// packings have 1, 63, 64, 65 and 131 tokens, in sequences of different length.
var packings = []packing{
	{4, 4, 16, []int{1}},
	{1, 1, 16, []int{40, 1, 22}},
	{2, 1, 16, []int{64}},
	{6, 2, 16, []int{3, 17, 45}},
	{4, 4, 16, []int{50, 1, 2, 30, 48}},
}

// otherHeads are packings of head sizes that take four rows an invocation in every
// kernel, and one row in some.
var otherHeads = []packing{{3, 1, 8, []int{5, 60, 2}}, {4, 2, 40, []int{1, 30, 6}}}

// widest is of the largest heads, for the forward kernels. A trainer takes none of more than 128: adapters compile the backward kernels
// of larger ones for many seconds.
var widest = packing{2, 1, 256, []int{9, 2}}

// do runs a kernel on slices, which it reads back: []float32 or []uint32.
func do(t *testing.T, d *gpu.Device, k *gpu.Kernel, params any, slices ...any) {
	t.Helper()
	buffers := make([]*gpu.Buffer, len(slices))
	for i, s := range slices {
		switch s := s.(type) {
		case []float32:
			buffers[i] = d.Floats(k.Bindings[i].Name, len(s))
			buffers[i].Write(0, s)
		case []uint32:
			buffers[i] = d.Uints(k.Bindings[i].Name, len(s))
			buffers[i].WriteUints(0, s)
		}
		defer buffers[i].Release()
	}
	if err := d.Do(k, params, buffers...); err != nil {
		t.Fatal(err)
	}
	for i, b := range k.Bindings {
		if b.Write {
			if err := buffers[i].Read(0, slices[i].([]float32)); err != nil {
				t.Fatal(err)
			}
		}
	}
	gputest.Count(d)
}

// run is the forward pass on d.
func run(t *testing.T, d *gpu.Device, tr packing, qkv []float32, span []uint32) (o, lse []float32) {
	t.Helper()
	o, lse = gpu.NaNs(tr.N()*tr.H*tr.C), gpu.NaNs(tr.N()*tr.H)
	do(t, d, Fwd(tr.C), tr.shape(), qkv, span, o, lse)
	return o, lse
}

// near reports the first word that is further from want than abs.
func near(t *testing.T, name string, got, want []float32, abs float64) {
	t.Helper()
	for i, v := range got {
		if !(math.Abs(float64(v)-float64(want[i])) <= abs) {
			t.Errorf("%s[%d] = %g, want %g", name, i, v, want[i])
			return
		}
	}
}

func TestOneKernelAHeadSize(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(int) *gpu.Kernel
	}{{"attn_fwd", Fwd}, {"attn_bwd_q", BwdQ}, {"attn_bwd_kv", BwdKV}, {"attn_cached", Cached}, {"step_pool", StepPool}, {"received", Received}} {
		if a, b := c.build(16), c.build(16); a != b || a == c.build(8) || a.Name != c.name+"_c16" {
			t.Errorf("%s: kernels %p %p of heads of 16, named %s", c.name, a, b, a.Name)
		}
	}
	defer func() {
		if s, _ := recover().(string); !strings.HasPrefix(s, "attn: heads of 6 features") {
			t.Errorf("Fwd(6) panics with %q", s)
		}
	}()
	Fwd(6)
}
