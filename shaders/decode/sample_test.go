package decode

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/shaders"
)

func TestMain(m *testing.M) { gputest.Main(m) }

// rows is the state of N fresh rows, as the kernel sees it.
type rows struct {
	logits         []float32
	at, token, row []uint32
	out            []uint32
	stat           []float32
}

// fresh makes N rows with the same logits, left tokens to make and sequences
// 0 to N-1 at position 10.
func fresh(N, M int, left uint32, logits ...float32) *rows {
	s := &rows{token: make([]uint32, N), out: make([]uint32, N*M), stat: gpu.NaNs(2 * N * M)}
	for n := range N {
		s.logits = append(append(s.logits, logits...), gpu.NaNs((4-len(logits)%4)%4)...)
		s.at = append(s.at, uint32(n), 10, 0, 0)
		s.row = append(s.row, left, 0, uint32(n), 0)
	}
	return s
}

// eachSampler runs f on every backend with each kernel that draws.
func eachSampler(t *testing.T, f func(t *testing.T, d *gpu.Device, k *gpu.Kernel)) {
	for _, k := range []*gpu.Kernel{Sample, SampleRow} {
		t.Run(k.Name, func(t *testing.T) {
			gputest.Each(t, func(t *testing.T, d *gpu.Device) { f(t, d, k) })
		})
	}
}

// sample runs kernel k once on d and takes the state back.
func (s *rows) sample(t *testing.T, d *gpu.Device, k *gpu.Kernel, p SampleParams) {
	t.Helper()
	logits, stat := d.Floats("logits", len(s.logits)), d.Floats("stat", len(s.stat))
	logits.Write(0, s.logits)
	stat.Write(0, s.stat)
	buffers := []*gpu.Buffer{logits}
	for _, u := range [][]uint32{s.at, s.token, s.row, s.out} {
		b := d.Uints("state", len(u))
		b.WriteUints(0, u)
		buffers = append(buffers, b)
	}
	buffers = append(buffers, stat)
	if err := d.Do(k, p, buffers...); err != nil {
		t.Fatal(err)
	}
	for i, u := range [][]uint32{s.at, s.token, s.row, s.out} {
		if err := buffers[i+1].ReadUints(0, u); err != nil {
			t.Fatal(err)
		}
	}
	if err := stat.Read(0, s.stat); err != nil {
		t.Fatal(err)
	}
	for _, b := range buffers {
		b.Release()
	}
	gputest.Count(d)
}

func TestSampleGreedy(t *testing.T) {
	// Logits 0, log 2, log 2, log 3, log 3 of which 3 is the first of the largest.
	ln2, ln3 := float32(math.Ln2), float32(math.Log(3))
	eachSampler(t, func(t *testing.T, d *gpu.Device, k *gpu.Kernel) {
		s := fresh(3, 4, 2, 0, ln2, ln2, ln3, ln3)
		s.row[4*1] = 0                  // row 1 is finished
		s.row[4*2], s.row[4*2+1] = 5, 4 // row 2 is full
		s.sample(t, d, k, SampleParams{N: 3, V: 5, M: 4, Eos: 9, TopP: 1})
		if want := []uint32{0, 11, 0, 0, 1, 10, 0, 0, 2, 10, 0, 0}; !slices.Equal(s.at, want) {
			t.Errorf("at = %v, want %v", s.at, want)
		}
		if want := []uint32{1, 1, 0, 0, 0, 0, 1, 0, 5, 4, 2, 0}; !slices.Equal(s.row, want) {
			t.Errorf("row = %v, want %v", s.row, want)
		}
		if want := []uint32{3, 0, 0}; !slices.Equal(s.token, want) {
			t.Errorf("token = %v, want %v", s.token, want)
		}
		if want := []uint32{3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}; !slices.Equal(s.out, want) {
			t.Errorf("out = %v, want %v", s.out, want)
		}
		entropy := math.Log(11) - (4*math.Ln2+6*math.Log(3))/11
		if math.Abs(float64(s.stat[0])-math.Log(3./11)) > 1e-6 || math.Abs(float64(s.stat[1])-entropy) > 1e-6 {
			t.Errorf("stat = %v, want log 3/11 and %g", s.stat[:2], entropy)
		}
		for i, v := range s.stat[2:] {
			if !math.IsNaN(float64(v)) {
				t.Errorf("stat[%d] = %g was written", i+2, v)
			}
		}
	})
}

func TestSampleFinishes(t *testing.T) {
	// <eos> finishes a row however many tokens it had left; a finished row does not change.
	eachSampler(t, func(t *testing.T, d *gpu.Device, k *gpu.Kernel) {
		s := fresh(1, 8, 5, -9, 0, 9, 0)
		p := SampleParams{N: 1, V: 4, M: 8, Eos: 2, TopP: 1, Temperature: 1}
		s.sample(t, d, k, p)
		if want := []uint32{0, 1, 0, 0}; !slices.Equal(s.row, want) || s.out[0] != 2 {
			t.Fatalf("row = %v, want %v; out = %v", s.row, want, s.out)
		}
		was := slices.Concat(s.at, s.token, s.row, s.out)
		s.sample(t, d, k, p)
		if now := slices.Concat(s.at, s.token, s.row, s.out); !slices.Equal(now, was) {
			t.Errorf("a finished row went from %v to %v", was, now)
		}
	})
}

func TestSampleFrequencies(t *testing.T) {
	// Probabilities .5, .2, .15, .1, .05 of tokens 3, 0, 4, 1, 2.
	prob := []float64{0.2, 0.1, 0.05, 0.5, 0.15}
	logits := make([]float32, len(prob))
	square := make([]float64, len(prob))
	for v, x := range prob {
		logits[v] = float32(math.Log(x) + 3)
		square[v] = x * x
	}
	eachSampler(t, func(t *testing.T, d *gpu.Device, k *gpu.Kernel) {
		N := 4096
		if k == SampleRow {
			N = 128 // a software adapter takes long for a workgroup a row
		}
		for _, c := range []struct {
			name string
			p    SampleParams
			want []float64 // in proportion
		}{
			{"temperature 1", SampleParams{TopP: 1, Temperature: 1}, prob},
			{"temperature 1/2", SampleParams{TopP: 1, Temperature: 0.5}, square},
			{"top-k 2", SampleParams{TopK: 2, TopP: 1, Temperature: 1}, []float64{0.2, 0, 0, 0.5, 0}},
			{"top-k beyond the vocabulary", SampleParams{TopK: 9, TopP: 1, Temperature: 1}, prob},
			{"top-p .75", SampleParams{TopP: 0.75, Temperature: 1}, []float64{0.2, 0, 0, 0.5, 0.15}},
			{"top-p .4", SampleParams{TopP: 0.4, Temperature: 1}, []float64{0, 0, 0, 1, 0}},
			{"top-p 0 keeps one", SampleParams{TopP: 0, Temperature: 1}, []float64{0, 0, 0, 1, 0}},
			{"top-p of what top-k left", SampleParams{TopK: 3, TopP: 0.8, Temperature: 1}, []float64{0.2, 0, 0, 0.5, 0}},
			{"top-p after temperature", SampleParams{TopP: 0.75, Temperature: 0.5}, []float64{0, 0, 0, 1, 0}},
		} {
			s := fresh(N, 1, 1, logits...)
			c.p.N, c.p.V, c.p.M, c.p.Eos, c.p.Seed = uint32(N), uint32(len(prob)), 1, 9, 5
			s.sample(t, d, k, c.p)
			count := make([]float64, len(prob))
			for n, v := range s.out {
				count[v]++
				if got, want := float64(s.stat[2*n]), math.Log(prob[v]); math.Abs(got-want) > 1e-5 {
					t.Fatalf("%s: log-probability of token %d = %g, want %g", c.name, v, got, want)
				}
			}
			var sum float64
			for _, w := range c.want {
				sum += w
			}
			for v, w := range c.want {
				w /= sum
				if sigma := math.Sqrt(float64(N) * w * (1 - w)); math.Abs(count[v]-float64(N)*w) > 4*sigma {
					t.Errorf("%s: token %d drawn %g times of %d, want %g ± %g", c.name, v, count[v], N, float64(N)*w, sigma)
				}
			}
		}
	})
}

func TestSampleTies(t *testing.T) {
	// Equal weights stay or go together.
	eachSampler(t, func(t *testing.T, d *gpu.Device, k *gpu.Kernel) {
		for _, p := range []SampleParams{{TopK: 2, TopP: 1}, {TopP: 0.5}} {
			s := fresh(64, 1, 1, 1, 3, 1, 2, 2, 1)
			p.N, p.V, p.M, p.Eos, p.Temperature = 64, 6, 1, 9, 10
			s.sample(t, d, k, p)
			seen := map[uint32]bool{}
			for _, v := range s.out {
				seen[v] = true
			}
			if len(seen) != 3 || !seen[1] || !seen[3] || !seen[4] {
				t.Errorf("top-k %d top-p %g drew %v, want tokens 1, 3 and 4", p.TopK, p.TopP, seen)
			}
		}
	})
}

func TestSampleSeeds(t *testing.T) {
	// The same key draws the same tokens in any order of rows; any part of
	// another key draws others.
	logits := make([]float32, 60)
	eachSampler(t, func(t *testing.T, d *gpu.Device, k *gpu.Kernel) {
		draw := func(seed, step, position uint32, reverse bool) []uint32 {
			s := fresh(64, 1, 1, logits...)
			for n := range 64 {
				s.at[4*n+1] = position
				if reverse {
					s.row[4*n+2] = uint32(63 - n)
				}
			}
			s.sample(t, d, k, SampleParams{N: 64, V: 60, M: 1, Eos: 99, Seed: seed, Step: step, TopP: 1, Temperature: 1})
			if reverse {
				slices.Reverse(s.out)
			}
			return s.out
		}
		one := draw(1, 2, 3, false)
		if other := draw(1, 2, 3, true); !slices.Equal(one, other) {
			t.Errorf("the order of rows changes the draws: %v, %v", one, other)
		}
		for _, key := range [][3]uint32{{2, 2, 3}, {1, 3, 3}, {1, 2, 4}} {
			other, same := draw(key[0], key[1], key[2], false), 0
			for n := range one {
				if one[n] == other[n] {
					same++
				}
			}
			if same > 8 { // 64/60 expected
				t.Errorf("key %v draws %d of 64 tokens as key 1 2 3 does", key, same)
			}
		}
	})
}

func TestSampleDevice(t *testing.T) { gputest.Verify(t, sampleCases(gputest.Rand(1))...) }

// uniforms writes Uniform of neighbouring and far keys, to compare bits.
var uniforms = gpu.New("uniforms", gpu.WGSL(shaders.Load("shared/random", nil)()+`
struct Params { n: u32, seed: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> u: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    if (gid.x < p.n) { u[gid.x] = random(vec4u(p.seed, gid.x % 3u, gid.x / 7u, gid.x * 2654435769u)); }
}
`), []gpu.Binding{gpu.Out("u")},
	func(p uniformsParams) gpu.Groups { return gpu.Groups1D(int(p.N), 64) },
	uniformsHost[float32], uniformsHost[float64])

type uniformsParams struct{ N, Seed uint32 }

func uniformsHost[X gpu.Float](p uniformsParams, a gpu.Args[X]) {
	for i := range p.N {
		a.F(0)[i] = X(Uniform(p.Seed, i%3, i/7, i*2654435769))
	}
}

func TestUniformOnDevice(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N = 4096
		u, got := d.Floats("u", N), make([]float32, N)
		if err := d.Do(uniforms, uniformsParams{N, 0xdeadbeef}, u); err != nil {
			t.Fatal(err)
		}
		if err := u.Read(0, got); err != nil {
			t.Fatal(err)
		}
		for i, v := range got {
			if want := Uniform(0xdeadbeef, uint32(i%3), uint32(i/7), uint32(i)*2654435769); v != want {
				t.Fatalf("random number %d is %v on %s, %v in Go", i, v, d.Info, want)
			}
		}
		gputest.Count(d)
	})
}

func TestUniform(t *testing.T) {
	// Flat in 16 bins along each part of the key, and pairs of neighbours flat in
	// 16 by 16: chi-square below mean + 5 standard deviations.
	const n = 1 << 14
	for part, at := range []func(i uint32) float32{
		func(i uint32) float32 { return Uniform(i, 0, 0, 0) },
		func(i uint32) float32 { return Uniform(0, i, 0, 0) },
		func(i uint32) float32 { return Uniform(0, 0, i, 0) },
		func(i uint32) float32 { return Uniform(0, 0, 0, i) },
		func(i uint32) float32 { return Uniform(1, 2, i/200, i%200) },
	} {
		var single [16]float64
		var pair [256]float64
		for i := range uint32(n) {
			a, b := at(i), at(i+1)
			if a < 0 || a >= 1 {
				t.Fatalf("Uniform = %v", a)
			}
			single[int(a*16)]++
			pair[int(a*16)*16+int(b*16)]++
		}
		for _, c := range []struct {
			name  string
			count []float64
		}{{"values", single[:]}, {"pairs", pair[:]}} {
			var chi float64
			mean := float64(n) / float64(len(c.count))
			for _, x := range c.count {
				chi += (x - mean) * (x - mean) / mean
			}
			free := float64(len(c.count) - 1)
			if chi > free+5*math.Sqrt(2*free) {
				t.Errorf("key part %d, %s: chi-square %g for %g degrees of freedom", part, c.name, chi, free)
			}
		}
	}
}
