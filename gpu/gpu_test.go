package gpu_test

import (
	"fmt"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestMain(m *testing.M) { gputest.Main(m) }

// addParams are the parameters of add: y[i] += scale·x[i] for i < n.
type addParams struct {
	N     uint32
	Scale float32
}

const addSource = `
struct Params { n: u32, scale: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = gid.x + gid.y * groups.x * 64u;
    if (i < p.n) { y[i] += p.scale * x[i]; }
}`

var add = gpu.New("test_add", gpu.WGSL(addSource), []gpu.Binding{gpu.In("x"), gpu.Out("y")},
	func(p addParams) gpu.Groups { return gpu.Groups1D(int(p.N), 64) }, addTwin[float32], addTwin[float64])

func addTwin[X gpu.Float](p addParams, a gpu.Args[X]) {
	for i := range int(p.N) {
		a.F(1)[i] += X(p.Scale) * a.F(0)[i]
	}
}

// markParams are the parameters of mark: x[i] = i + first for i < n.
type markParams struct{ N, First uint32 }

const markSource = `
struct Params { n: u32, first: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> x: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = gid.x + gid.y * groups.x * 64u;
    if (i < p.n) { x[i] = i + p.first; }
}`

var mark = gpu.New("test_mark", gpu.WGSL(markSource), []gpu.Binding{gpu.OutU("x")},
	func(p markParams) gpu.Groups { return gpu.Groups1D(int(p.N), 64) }, markTwin[float32], markTwin[float64])

func markTwin[X gpu.Float](p markParams, a gpu.Args[X]) {
	for i := range int(p.N) {
		a.U(0)[i] = uint32(i) + p.First
	}
}

// ramp is 0, 1, … n-1 times by.
func ramp(n int, by float32) []float32 {
	f := make([]float32, n)
	for i := range f {
		f[i] = by * float32(i)
	}
	return f
}

func floats(t *testing.T, b *gpu.Buffer) []float32 {
	t.Helper()
	f := make([]float32, b.Len())
	if err := b.Read(0, f); err != nil {
		t.Fatal(err)
	}
	return f
}

// panics fails unless f panics with a sentence of package gpu that has want in it.
func panics(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		r := recover()
		if text := fmt.Sprint(r); r == nil || !strings.HasPrefix(text, "gpu: ") || !strings.Contains(text, want) {
			t.Errorf("panic %q, want a sentence of gpu with %q", text, want)
		}
	}()
	f()
}
