package nn

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestAdapterGradByHand(t *testing.T) {
	// Three rows in blocks of 1, 1 and 1, columns in three blocks of 4: only the diagonal blocks get twice the sum of two parts.
	part := make([]float64, 2*36)
	for i := range part {
		part[i] = float64(i % 36)
	}
	g := make([]float64, 36)
	g[0], g[5] = 100, 7
	adapterGrad(AdapterParts{O: 3, R: 12, Z: 2, Stride: 36, Rank: 4, First: 1, Second: 2, Scale: 2}, gpu.NewArgs[float64](part, g))
	want := make([]float64, 36)
	for o := range 3 {
		for k := 4 * o; k < 4*o+4; k++ {
			want[12*o+k] = 4 * float64(12*o+k)
		}
	}
	want[0], want[5] = 100, 7
	if !slices.Equal(g, want) {
		t.Errorf("g = %v, want %v", g, want)
	}
}

// The gradients of both matrices of an adapter, by the products that a backward pass takes, are central differences of a loss of the
// merged weight's output.
func TestAdapterGradient(t *testing.T) {
	r := gputest.Rand(73)
	const N, O, I, R = 5, 6, 8, 4
	wide := func(n int) []float64 {
		w := make([]float64, n)
		for i := range w {
			w[i] = r.NormFloat64()
		}
		return w
	}
	x, base, a, b, dy := wide(N*I), wide(O*I), wide(R*I), wide(O*R), make([]float64, N*up4(O))
	for n := range N {
		copy(dy[n*up4(O):], wide(O))
	}
	p := Adapter{O: O, I: I, R: R, Scale: 1.5}
	w, y := make([]float64, O*I), make([]float64, N*up4(O))
	loss := func() (sum float64) { // Σ dy·y
		adapterMerge(F32, p, gpu.NewArgs[float64](a, base, b, w))
		matmulNT(F32, Matmul{N, O, I}, gpu.NewArgs[float64](x, w, y))
		for i, v := range y {
			sum += v * dy[i]
		}
		return sum
	}
	u, du, dx := make([]float64, N*R), make([]float64, N*R), make([]float64, N*I)
	partB, partA, gb, ga := make([]float64, O*R), make([]float64, R*I), make([]float64, O*R), make([]float64, R*I)
	matmulNT(F32, Matmul{N, R, I}, gpu.NewArgs[float64](x, a, u))
	linearBwd(LinearGrad{N, O, R, 1, O * R}, gpu.NewArgs[float64](dy, b, u, du, partB))
	linearBwd(LinearGrad{N, R, I, 1, R * I}, gpu.NewArgs[float64](du, a, x, dx, partA))
	adapterGrad(AdapterParts{O: O, R: R, Z: 1, Stride: O * R, Rank: R, First: O, Second: O, Scale: p.Scale}, gpu.NewArgs[float64](partB, gb))
	adapterGrad(AdapterParts{O: R, R: I, Z: 1, Stride: R * I, Rank: I, First: R, Second: R, Scale: p.Scale}, gpu.NewArgs[float64](partA, ga))
	gputest.Gradient(t, "a", a, ga, 1e-6, loss)
	gputest.Gradient(t, "b", b, gb, 1e-6, loss)
}

func TestAdapterGradDevice(t *testing.T) { gputest.Verify(t, adapterGradCases(gputest.Rand(74))...) }
