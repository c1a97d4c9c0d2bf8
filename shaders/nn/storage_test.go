package nn

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/gpu/simd"
)

// stored values differ from the given ones by no more than the storage can help.
func TestPackKeepsValues(t *testing.T) {
	const n = 4 * 96
	given := gpu.Normal(gputest.Rand(150), n)
	given[0], given[5], given[40] = 0, -3e-7, 60
	for _, s := range Storages {
		words, got := make([]uint32, s.Words(n)), nans(n)
		if err := s.Pack(words, given); err != nil {
			t.Fatal(err)
		}
		unpack(s, got, words)
		for i, v := range given {
			v := float64(v)
			low, high := 0.0, 0.0
			for _, x := range given[i/blockColumns*blockColumns:][:blockColumns] {
				low, high = min(low, float64(x)), max(high, float64(x))
			}
			allowed := map[Storage]float64{F32: 0, BF16: math.Abs(v) / 256, F16: math.Abs(v)/2048 + 1e-7,
				Q8: max(high, -low) / 253, Q4: (high-low)/29 + max(high, -low)/1000}[s]
			if math.Abs(got[i]-v) > allowed {
				t.Errorf("%s: %g comes back as %g", s, v, got[i])
			}
		}
	}
}

// What is already in a storage's grid is stored exactly: numbers in bfloat16, in half precision down to its smallest, in bytes and
// half bytes with a scale.
func TestPackIsExactOnItsGrid(t *testing.T) {
	r := gputest.Rand(151)
	grids := map[Storage]func(i int) float32{
		BF16: func(int) float32 { return math.Float32frombits(math.Float32bits(float32(r.NormFloat64())) &^ 0xffff) },
		F16:  func(int) float32 { return float32(1+r.IntN(1023)) / (1 << 24) * float32(1-2*r.IntN(2)) }, // denormal in a file
		Q8:   func(i int) float32 { return float32(max(-127, r.IntN(256)-128, 127-i%32*1000)) * 0.03125 },
		Q4:   func(i int) float32 { return float32(min(r.IntN(16)+i%32*100, 15, 15*(i%32)))*0.25 - 2 },
	}
	for s, value := range grids {
		given := make([]float32, 64)
		for i := range given {
			given[i] = value(i)
		}
		words, got := make([]uint32, s.Words(64)), nans(64)
		if err := s.Pack(words, given); err != nil {
			t.Fatal(err)
		}
		unpack(s, got, words)
		near(t, s.String(), got, wide(given), 0)
	}
}

// Blocks as llama.cpp makes them are stored as they are: those of Q4_0 reach one end of their scale only, with either sign, and runs of
// Q4_K have any scale and minimum. What is left is the rounding of the minimum and the scale to half precision.
func TestPackKeepsQuantisedBlocks(t *testing.T) {
	r := gputest.Rand(154)
	for trial := range 200 {
		d := fromHalf(uint32(0x2000 + r.IntN(0x400))) // about 0.01
		values, exact := make([]float32, 32), 0.0
		for i := range values {
			switch trial % 3 {
			case 0: // Q4_0
				values[i], exact = d*float32(r.IntN(12)-8), 0
				values[0] = -8 * d
			case 1: // Q4_0 of a positive extreme
				values[i], exact = -d*float32(r.IntN(13)-8), 0.004
				values[0] = 8 * d
			case 2: // Q4_K
				values[i], exact = 7*d*float32(3+r.IntN(9))-0.3217, 0.04
			}
		}
		words, got := make([]uint32, 5), make([]float32, 32)
		if err := Q4.Pack(words, values); err != nil {
			t.Fatal(err)
		}
		Q4.Unpack(got, words)
		for i, v := range values {
			if math.Abs(float64(got[i]-v)) > exact*float64(d) {
				t.Fatalf("trial %d: %g comes back as %g, steps of %g", trial, v, got[i], d)
			}
		}
	}
}

func TestPackByHand(t *testing.T) {
	for _, c := range []struct {
		storage Storage
		values  []float32
		want    []uint32
	}{
		{BF16, []float32{1, -2}, []uint32{0xc000_3f80}},
		{BF16, []float32{1.00390625, 1.01171875}, []uint32{0x3f82_3f80}}, // halfway: to even
		{F16, []float32{1, -1.0 / 2048}, []uint32{0xb800_6400}},          // 1024 and -0.5
		{F16, []float32{0, 1e-9}, []uint32{0}},
	} {
		words := make([]uint32, len(c.want))
		if err := c.storage.Pack(words, c.values); err != nil || words[0] != c.want[0] {
			t.Errorf("%v in %s is %#x (%v), want %#x", c.values, c.storage, words, err, c.want)
		}
	}
	ramp := make([]float32, 32) // -1, -0.875, …: 0 to 15 by eighths, then 15 again
	for i := range ramp {
		ramp[i] = float32(min(i, 15))/8 - 1
	}
	words := make([]uint32, 5)
	if err := Q4.Pack(words, ramp); err != nil || words[0] != 0xe400_5800 || words[1] != 0xf3f2f1f0 || words[4] != 0xfffefdfc {
		t.Errorf("a ramp in Q4 is %#x (%v)", words, err)
	}
	words = make([]uint32, 9)
	if err := Q8.Pack(words, append(make([]float32, 31), -127)); err != nil || words[0] != math.Float32bits(1) || words[1] != 0 || words[8] != 0x81000000 {
		t.Errorf("a block in Q8 is %#x (%v)", words, err)
	}
}

func TestPackRefusesWhatDoesNotFit(t *testing.T) {
	for s, x := range map[Storage]float32{BF16: math.MaxFloat32, F16: 64, Q8: float32(math.Inf(1)), Q4: -70} {
		values := make([]float32, 64)
		values[33] = x
		err := s.Pack(make([]uint32, s.Words(64)), values)
		if err == nil || !strings.Contains(err.Error(), s.String()) {
			t.Errorf("%g in %s: error %v", x, s, err)
		}
	}
}

func TestStorageNames(t *testing.T) {
	for _, s := range Storages {
		if got, err := StorageNamed(s.String()); got != s || err != nil {
			t.Errorf("%s is read as %s, %v", s, got, err)
		}
	}
	if _, err := StorageNamed("q5"); err == nil || !strings.Contains(err.Error(), "q5") {
		t.Errorf("q5: error %v", err)
	}
	for s, want := range map[Storage][4]bool{F32: {true, true, true, false}, BF16: {true, true, true, false}, Q8: {false, true, false, false}, Q4: {false, true, false, false}} {
		for i, columns := range []int{4, 64, 84, 6} {
			if s.Fits(columns) != want[i] {
				t.Errorf("rows of %d in %s: fits %v", columns, s, !want[i])
			}
		}
	}
}

// Every product and the embedding, with weights in every storage, are what exact arithmetic on the stored values gives.
func TestStoredDevice(t *testing.T) {
	for _, s := range Storages[1:] {
		for _, tile := range Tiles {
			gputest.Verify(t, storedCases(gputest.Rand(152), tile.Of(s))...)
		}
	}
	gputest.Verify(t, storedEmbedCases(gputest.Rand(153))...)
}

// A kernel of another storage is made once.
func TestStoredKernels(t *testing.T) {
	if a, b := MatmulNT(Wide.Of(Q4)), MatmulNT(Wide.Of(Q4)); a != b || a.Name != "matmul_nt_8x8_q4" || a == MatmulNT(Wide) {
		t.Errorf("kernels %p %p, named %s", a, b, a.Name)
	}
	defer func() {
		if s, _ := recover().(string); !strings.Contains(s, "bf16") {
			t.Errorf("LinearBwd of weights in BF16 panics with %q", s)
		}
	}()
	LinearBwd(Wide.Of(BF16))
}

// BenchmarkStorages measures a product with weights in every storage on the host and on the adapter, at the sizes of SmolLM2-135M: the
// head for one and eight tokens, and gate_up for 64 and 256. The storages take turns; times are as in BenchmarkProducts. It prints the
// median of each as a share of F32's.
//
//	go test ./shaders/nn -run '^$' -bench Storages -benchtime 1x
func BenchmarkStorages(b *testing.B) {
	const rounds = 7
	for _, d := range []*gpu.Device{gpu.OpenHost(), gputest.Adapter(b)} {
		fmt.Printf("\n%s\n", d.Info)
		for _, p := range []Matmul{{1, 49152, 576}, {8, 49152, 576}, {64, 3072, 576}, {256, 3072, 576}} {
			tile := Wide
			if p.N <= 16 {
				tile = Narrow
			}
			r := gputest.Rand(190)
			took := map[Storage][]float64{}
			programs := map[Storage]*gpu.Program{}
			var buffers []*gpu.Buffer
			buffer := func(data any) *gpu.Buffer {
				var f *gpu.Buffer
				switch data := data.(type) {
				case []float32:
					f = d.Floats("bench", len(data))
					f.Write(0, data)
				case []uint32:
					f = d.Uints("bench", len(data))
					f.WriteUints(0, data)
				}
				buffers = append(buffers, f)
				return f
			}
			x, y := buffer(gpu.Normal(r, int(p.N*p.I))), d.Floats("bench", int(p.N*p.O))
			buffers = append(buffers, y)
			for _, s := range Storages {
				programs[s] = d.NewProgram("bench")
				programs[s].Add(MatmulNT(tile.Of(s)), func() any { return p }, x, buffer(s.packed(r, int(p.O*p.I), 1)), y)
			}
			for round := range rounds + 1 { // the first compiles
				for _, s := range Storages {
					begun := busy(d)
					if err := programs[s].Run(1); err != nil {
						b.Fatal(err)
					}
					if err := d.Wait(); err != nil {
						b.Fatal(err)
					}
					if round > 0 {
						took[s] = append(took[s], busy(d)-begun)
					}
				}
			}
			fmt.Printf("%v:", p)
			for _, s := range Storages {
				slices.Sort(took[s])
				fmt.Printf("  %s %.2f (%.2f-%.2f)", s, took[s][rounds/2]/took[F32][rounds/2], took[s][0]/took[F32][rounds/2], took[s][rounds-1]/took[F32][rounds/2])
			}
			fmt.Printf("  f32 %.2f ms\n", 1e3*took[F32][rounds/2])
			for _, f := range buffers {
				f.Release()
			}
		}
	}
}

// Vector instructions unpack the same values as plain Go, also where the values are no whole vectors, and write nothing behind them.
func TestUnpackByVectors(t *testing.T) {
	r := gputest.Rand(152)
	for _, s := range Storages {
		for _, n := range []int{32, 64, 96, 32 * 7, 32 * 33} {
			for cut := 0; cut < 3 && s != Q8 && s != Q4 || cut == 0; cut++ { // a storage without blocks ends anywhere
				given := gpu.Normal(r, n)
				given[1], given[3] = 0, 60
				words := make([]uint32, s.Words(n))
				if err := s.Pack(words, given); err != nil {
					t.Fatal(err)
				}
				words = words[:len(words)-cut]
				n := s.values(len(words))
				want, got := make([]float32, n), make([]float32, n+1)
				got[n] = 7
				before := simd.Use(false)
				unpack(s, want, words)
				simd.Use(before)
				unpack(s, got[:n], words)
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("%s, value %d of %d is %g, want %g", s, i, n, got[i], want[i])
					}
				}
				if got[n] != 7 {
					t.Errorf("%s writes behind %d values", s, n)
				}
			}
		}
	}
}
