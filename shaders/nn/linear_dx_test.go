package nn

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestLinearDxByHand(t *testing.T) {
	// Two outputs in columns 4 and 5 of rows of 8, columns 6 and 7 are padding. The second time it is added.
	dx := nans(8)
	dy := []float64{9, 9, 9, 9, 1, 2, 0, 0, 9, 9, 9, 9, 10, 0, 0, 0}
	p := InputGrad{N: 2, O: 2, I: 4, Row: 8, First: 4}
	linearDx(F32, p, args(dy, count(1, 8), dx))
	near(t, "dx", dx, []float64{11, 14, 17, 20, 10, 20, 30, 40}, 0)
	p.Keep = 1
	linearDx(F32, p, args(dy, count(1, 8), dx))
	near(t, "twice", dx, []float64{22, 28, 34, 40, 20, 40, 60, 80}, 0)
}

// It is what LinearBwd gives for the input, and the parts of a weight give together what the whole gives.
func TestLinearDxIsLinearBwd(t *testing.T) {
	const N, O, I = 5, 22, 8
	r := gputest.Rand(84)
	dy, w, whole, dx, parts := wide(padded(r, N, O)), normal(r, O*I), nans(N*I), nans(N*I), nans(N*I)
	linearBwd(LinearGrad{N, O, I, 1, O * I}, args(dy, w, normal(r, N*I), whole, nans(O*I)))
	linearDx(F32, InputGrad{N, O, I, uint32(up4(O)), 0, 0}, args(dy, w, dx))
	near(t, "dx", dx, whole, 0)
	for first := 0; first < O; first += 8 {
		n := min(8, O-first)
		part := make([]float64, N*up4(O)) // its columns alone: the last part has padding
		for row := range N {
			copy(part[row*up4(O)+first:][:n], dy[row*up4(O)+first:])
		}
		linearDx(F32, InputGrad{N, uint32(n), I, uint32(up4(O)), uint32(first), uint32(min(first, 1))}, args(part, w[first*I:][:n*I], parts))
	}
	near(t, "dx of parts", parts, whole, 1e-14)
}

// The gradient of the input is that of the values which a storage holds.
func TestLinearDxGradient(t *testing.T) {
	const N, O, I = 3, 5, 32
	r := gputest.Rand(85)
	for _, s := range Storages {
		x, w, dy := normal(r, N*I), s.packed(r, O*I, 1), wide(padded(r, N, O))
		if s == F32 {
			w = wide(w.([]float32))
		}
		y, dx := nans(N*8), nans(N*I)
		linearDx(s, InputGrad{N, O, I, 8, 0, 0}, args(dy, w, dx))
		gputest.Gradient(t, s.String(), x, dx, 1e-6, func() float64 {
			matmulNT(s, Matmul{N, O, I}, args(x, w, y))
			return dot(y, dy)
		})
	}
}

func TestLinearDxDevice(t *testing.T) {
	for _, s := range Storages {
		for _, tile := range Tiles {
			gputest.Verify(t, linearDxCases(gputest.Rand(86), tile.Of(s))...)
		}
	}
}
