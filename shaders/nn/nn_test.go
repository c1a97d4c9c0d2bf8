package nn

import (
	"embed"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestMain(m *testing.M) { gputest.Main(m) }

//go:embed *.wgsl
var sources embed.FS

var tileName = regexp.MustCompile(`(_\d+x\d+|_subgroups)?(_half)?(_bf16|_f16|_q8|_q4)?$`)

func TestCasesCoverEveryKernel(t *testing.T) {
	cased := map[string]bool{}
	for _, c := range Cases(gputest.Rand(1), Tiles) {
		cased[tileName.ReplaceAllString(c.Kernel.Name, "")] = true
	}
	files, err := sources.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if stem := strings.TrimSuffix(f.Name(), ".wgsl"); !cased[stem] {
			t.Errorf("Cases has none of kernel %s", stem)
		}
	}
}

// Behind every buffer are words that a kernel must neither use nor overwrite: NaN in
// inputs, 1000 in outputs, 0, 1, 2, ... in integers. The end of a buffer would hide
// such an access, because WebGPU bounds accesses itself.
func TestKernelsStayInside(t *testing.T) {
	const guard = 256
	cases := Cases(gputest.Rand(2), Tiles)
	for i, c := range cases {
		for j, b := range c.Buffers {
			floats, _ := b.([]float32)
			uints, isUint := b.([]uint32)
			for k := range guard {
				switch {
				case isUint:
					uints = append(uints, uint32(k))
				case c.Kernel.Bindings[j].Write:
					floats = append(floats, 1000)
				default:
					floats = append(floats, float32(math.NaN()))
				}
			}
			if isUint {
				c.Buffers[j] = uints
			} else {
				c.Buffers[j] = floats
			}
		}
		cases[i].Name, cases[i].Shape = c.Name+" guarded", nil
	}
	gputest.Verify(t, cases...)
}

// args binds slices for a twin in float64.
func args(slices ...any) gpu.Args[float64] { return gpu.NewArgs[float64](slices...) }

// wide is f in float64.
func wide(f []float32) []float64 {
	w := make([]float64, len(f))
	for i, v := range f {
		w[i] = float64(v)
	}
	return w
}

// normal is n words of normal random numbers.
func normal(r *rand.Rand, n int) []float64 { return wide(gpu.Normal(r, n)) }

// nans is n words that a twin must overwrite.
func nans(n int) []float64 { return wide(gpu.NaNs(n)) }

// count is from, from+1, ... n words: data for cases worked by hand.
func count(from, n int) []float64 {
	c := make([]float64, n)
	for i := range c {
		c[i] = float64(from + i)
	}
	return c
}

// dot is Σ a·b: a loss whose gradient by a is b.
func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// near compares word by word; NaN is near nothing.
func near(t *testing.T, name string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d words, want %d", name, len(got), len(want))
	}
	for i, v := range got {
		if !(math.Abs(v-want[i]) <= tol*max(1, math.Abs(want[i]))) {
			t.Errorf("%s[%d] = %g, want %g", name, i, v, want[i])
			return
		}
	}
}
