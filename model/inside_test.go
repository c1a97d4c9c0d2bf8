package model

import (
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu/gputest"
)

// plain is the transformer written once more, in float64 and without any kernel: logits [T][V]. heads changes what heads draw at layer l, [T][H·C];
// residual changes the residual stream at the input of layer l, [T][D].
func plain(c Config, weights []float32, tokens []int, heads, residual func(l int, x [][]float64)) [][]float64 {
	matrix := func(name string) (rows [][]float64) {
		p := c.Param(name)
		for r := range p.Rows {
			row := make([]float64, p.Cols)
			for i := range row {
				row[i] = float64(weights[p.Offset+r*p.Cols+i])
			}
			rows = append(rows, row)
		}
		return rows
	}
	times := func(m [][]float64, x []float64) []float64 {
		y := make([]float64, len(m))
		for r, row := range m {
			for i, w := range row {
				y[r] += w * x[i]
			}
		}
		return y
	}
	norm := func(name string, x []float64) []float64 {
		square, y, gain := 0.0, make([]float64, len(x)), matrix(name)[0]
		for _, v := range x {
			square += v * v
		}
		for i, v := range x {
			y[i] = v / math.Sqrt(square/float64(len(x))+c.RMSNormEps) * gain[i]
		}
		return y
	}
	turn := func(x []float64, t int) {
		for i := range len(x) / 2 {
			angle := float64(t) * math.Pow(c.Rope.Theta, -2*float64(i)/float64(len(x)))
			a, b := x[i], x[i+len(x)/2]
			x[i], x[i+len(x)/2] = a*math.Cos(angle)-b*math.Sin(angle), b*math.Cos(angle)+a*math.Sin(angle)
		}
	}
	T, H, K, C := len(tokens), c.Heads, c.KVHeads, c.HeadDim
	embed := matrix("embed")
	var x [][]float64
	for _, token := range tokens {
		x = append(x, slices.Clone(embed[token]))
	}
	for l := range c.Layers {
		if residual != nil {
			residual(l, x)
		}
		qkv, o := make([][]float64, T), matrix(layer(l, "o"))
		for t := range x {
			qkv[t] = times(matrix(layer(l, "qkv")), norm(layer(l, "norm1"), x[t]))
			for b := range H + K {
				turn(qkv[t][b*C:][:C], t)
			}
		}
		drawn := make([][]float64, T)
		for t := range drawn {
			drawn[t] = make([]float64, H*C)
			for h := range H {
				g, sum := h/(H/K), 0.0
				weight := make([]float64, t+1)
				for j := range weight {
					for i := range C {
						weight[j] += qkv[t][h*C+i] * qkv[j][(H+g)*C+i]
					}
					weight[j] = math.Exp(weight[j] / math.Sqrt(float64(C)))
					sum += weight[j]
				}
				for j, w := range weight {
					for i := range C {
						drawn[t][h*C+i] += w / sum * qkv[j][(H+K+g)*C+i]
					}
				}
			}
		}
		if heads != nil {
			heads(l, drawn)
		}
		gateUp, down := matrix(layer(l, "gate_up")), matrix(layer(l, "down"))
		for t := range x {
			for d, v := range times(o, drawn[t]) {
				x[t][d] += v
			}
			gu, F := times(gateUp, norm(layer(l, "norm2"), x[t])), c.IntermediateSize
			s := make([]float64, F)
			for f := range s {
				s[f] = gu[f] / (1 + math.Exp(-gu[f])) * gu[F+f]
			}
			for d, v := range times(down, s) {
				x[t][d] += v
			}
		}
	}
	var logits [][]float64
	for t := range x {
		logits = append(logits, times(matrix(c.head()), norm("norm", x[t])))
	}
	return logits
}

func newInspector(t *testing.T, m *Model, capacity int) *Inspector {
	t.Helper()
	i, err := NewInspector(m, capacity)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Release)
	return i
}

// close64 fails the test where a number differs by more than tol of the largest.
func close64(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*max(1, math.Abs(want))) {
		t.Errorf("%s is %g, want %g (allowed %g)", what, got, want, tol)
	}
}

// Everything that a model adds to a logit adds up to it, each head is the sum over its keys, and their weights are the attention.
func TestInsideAddsUp(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		tokens := randomSequences(gputest.Rand(5), m.Config, 1, 24, 24)[0]
		s, err := newInspector(t, m, 40).Inside(tokens)
		if err != nil {
			t.Fatal(err)
		}
		logits, err := m.Logits(tokens)
		if err != nil {
			t.Fatal(err)
		}
		targets := []int{0, 7, 60}
		for _, at := range []int{0, 9, len(tokens) - 1} {
			shares, err := s.Shares(at, targets)
			if err != nil {
				t.Fatal(err)
			}
			lens, err := s.Lens(at)
			if err != nil {
				t.Fatal(err)
			}
			last := LogSoftmax(logits[at])
			for n, target := range targets {
				close64(t, "the sum of all parts", shares.Sum()[n], float64(logits[at][target]), 1e-4)
				close64(t, "the logit", shares.Logits[n], float64(logits[at][target]), 1e-4)
				close64(t, "the lens after the last layer", lens[m.Layers][target], last[target], 1e-4)
			}
			for l := range m.Layers {
				for h := range m.Heads {
					v, err := s.Head(l, h, at, targets)
					if err != nil {
						t.Fatal(err)
					}
					rows, err := m.Attention(tokens, l, h)
					if err != nil {
						t.Fatal(err)
					}
					sum := make([]float64, len(targets))
					for j, r := range v.Reads {
						close64(t, "a weight", r.Weight, float64(rows[at][j]), 1e-5)
						product := 0.0
						for _, x := range s.Products(l, h, at, j) {
							product += x
						}
						close64(t, "the sum of products", product, r.Dot, 1e-9)
						close64(t, "a scaled score", r.Scaled, r.Dot/math.Sqrt(8), 1e-12)
						for n := range sum {
							sum[n] += r.Logits[n]
						}
					}
					for n := range targets {
						close64(t, "the head", v.Logits[n], shares.Heads[l][h][n], 1e-4)
						close64(t, "its keys", sum[n], v.Logits[n], 1e-9)
					}
				}
			}
		}
		top, err := s.Strongest(1, 2, 3)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := m.Attention(tokens, 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		for q, reads := range top {
			if len(reads) != min(3, q+1) {
				t.Fatalf("token %d reads %d others most", q, len(reads))
			}
			sorted := slices.Clone(rows[q][:q+1])
			slices.Sort(sorted)
			for n, r := range reads {
				close64(t, "a strongest weight", r.Weight, float64(sorted[q-n]), 1e-5)
				close64(t, "its weight in the attention", r.Weight, float64(rows[q][r.Key]), 1e-5)
			}
		}
		for what, err := range map[string]error{
			"no token": func() error { _, err := s.Shares(len(tokens), nil); return err }(),
			"no head":  func() error { _, err := s.Head(0, 6, 1, nil); return err }(),
			"outside":  func() error { _, err := s.Head(0, 0, 1, []int{61}); return err }(),
		} {
			if err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("%s: error %v", what, err)
			}
		}
	})
}

// A pass whose heads or whose residual stream are changed on the way is the same as one computed without kernels.
func TestInspectorChangesOnTheWay(t *testing.T) {
	c := randomConfig()
	eachModel(t, c, func(t *testing.T, m *Model) {
		two := randomSequences(gputest.Rand(6), c, 2, 12, 12)
		weights, i := lively(c, 1), newInspector(t, m, 40)
		other := [][]float64{}
		plain(c, weights, two[1], nil, func(l int, x [][]float64) {
			if l == 1 {
				for _, row := range x {
					other = append(other, slices.Clone(row))
				}
			}
		})
		for _, test := range []struct {
			name   string
			hooks  Hooks
			heads  func(l int, x [][]float64)
			stream func(l int, x [][]float64)
		}{
			{"nothing changed", Hooks{}, nil, nil},
			{"two heads without effect", Hooks{Heads: func(l int, x []float32) bool {
				for at := range x {
					if h := at / c.HeadDim % c.Heads; l == 0 && h == 1 || l == 1 && h == 4 {
						x[at] = 0
					}
				}
				return true
			}}, func(l int, x [][]float64) {
				for _, row := range x {
					clear(row[[]int{1, 4}[l]*c.HeadDim:][:c.HeadDim])
				}
			}, nil},
			{"tokens 3 to 5 of another sequence at layer 1", Hooks{Residual: func(l int, x []float32) bool {
				for at := 3 * c.HiddenSize; l == 1 && at < 5*c.HiddenSize; at++ {
					x[at] = float32(other[at/c.HiddenSize][at%c.HiddenSize])
				}
				return l == 1
			}}, nil, func(l int, x [][]float64) {
				if l == 1 {
					copy(x[3], other[3])
					copy(x[4], other[4])
				}
			}},
		} {
			if err := i.Run(Pack(two[0], two[1][:7]), test.hooks); err != nil {
				t.Fatal(err)
			}
			got, err := i.Logits([]int{0, 4, 11})
			if err != nil {
				t.Fatal(err)
			}
			want := plain(c, weights, two[0], test.heads, test.stream)
			for n, at := range []int{0, 4, 11} {
				for v := range c.VocabSize {
					close64(t, test.name, float64(got[n][v]), want[at][v], 2e-4)
				}
			}
		}
		if _, err := i.Logits([]int{19}); err == nil || !strings.Contains(err.Error(), "19 tokens") {
			t.Errorf("a position outside: error %v", err)
		}
		if err := i.Run(Pack(make([]int, 41)), Hooks{}); err == nil {
			t.Error("41 tokens fit a capacity of 40")
		}
	})
}
