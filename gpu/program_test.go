package gpu_test

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestProgramReplays(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const n = 200
		x, y, z := d.Floats("x", n), d.Floats("y", n), d.Floats("z", n)
		for _, b := range []*gpu.Buffer{x, y, z} {
			defer b.Release()
		}
		x.Write(0, ramp(n, 1))
		p := d.NewProgram("replay")
		defer p.Release()
		var now addParams
		p.Add(add, func() any { return now }, x, y)
		p.Add(add, func() any { return addParams{now.N, 1} }, y, z) // sees what the first wrote
		before := d.Counters
		want, sum := make([]float32, n), make([]float32, n)
		for i, run := range []struct {
			params addParams
			times  int
		}{{addParams{n, 1}, 1}, {addParams{65, 2}, 1}, {addParams{0, 5}, 1}, {addParams{64, -1}, 3}} {
			now = run.params
			if err := p.Run(run.times); err != nil {
				t.Fatal(err)
			}
			for range run.times {
				for j := range int(now.N) {
					want[j] += now.Scale * float32(j)
					sum[j] += want[j]
				}
			}
			if got := floats(t, y); !slices.Equal(got, want) {
				t.Errorf("run %d: y = %v, want %v", i, got, want)
			}
			if got := floats(t, z); !slices.Equal(got, sum) {
				t.Errorf("run %d: z = %v, want %v", i, got, sum)
			}
		}
		after := d.Counters
		if dispatches, submits := after.Dispatches-before.Dispatches, after.Submits-before.Submits; dispatches != 2+2+0+6 || submits != 4 {
			t.Errorf("%d dispatches in %d submits, want 10 in 4", dispatches, submits)
		}
		// A program may grow between runs.
		p.Add(add, func() any { return addParams{n, 1} }, x, z)
		now = addParams{0, 0}
		if err := p.Run(1); err != nil {
			t.Fatal(err)
		}
		for j := range sum {
			sum[j] += float32(j)
		}
		if got := floats(t, z); p.Len() != 3 || !slices.Equal(got, sum) {
			t.Errorf("grown: z = %v, want %v", got, sum)
		}
	})
}

func TestGroupsFold(t *testing.T) {
	const n = 65_535*64 + 6_400 + 7 // more than one dimension of workgroups covers
	if g := gpu.Groups1D(n, 64); g[1] < 2 || g[0] > 65_535 || g[0]*g[1]*64 < n {
		t.Fatalf("groups %v for %d invocations", g, n)
	}
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		x := d.Uints("x", n+1)
		defer x.Release()
		if err := d.Do(mark, markParams{n, 5}, x); err != nil {
			t.Fatal(err)
		}
		got := make([]uint32, n+1)
		if err := x.ReadUints(0, got); err != nil {
			t.Fatal(err)
		}
		for i, v := range got[:n] {
			if v != uint32(i)+5 {
				t.Fatalf("word %d = %d", i, v)
			}
		}
		if got[n] != 0 {
			t.Errorf("the word after the last is %d", got[n])
		}
	})
}

func TestProgramOnParts(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		b, x := d.Floats("b", 256), d.Floats("x", 64)
		defer b.Release()
		defer x.Release()
		x.Write(0, ramp(64, 1))
		if err := d.Do(add, addParams{3, 1}, x, b.Part(128, 3)); err != nil {
			t.Fatal(err)
		}
		want := make([]float32, 256)
		want[129], want[130] = 1, 2
		if got := floats(t, b); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

func TestProgramMisusePanics(t *testing.T) {
	other := gpu.OpenHost().Floats("other", 64)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		x, y, u := d.Floats("x", 64), d.Floats("y", 256), d.Uints("u", 64)
		for _, b := range []*gpu.Buffer{x, y, u} {
			defer b.Release()
		}
		one := addParams{1, 1}
		panics(t, "test_add takes 2 buffers, got 1", func() { d.Do(add, one, x) })
		panics(t, "y is f32, got buffer u of u32", func() { d.Do(add, one, x, u) })
		panics(t, "takes parameters gpu_test.addParams, got gpu_test.markParams", func() { d.Do(add, markParams{}, x, y) })
		panics(t, "takes parameters gpu_test.addParams, got <nil>", func() { d.Do(add, nil, x, y) })
		panics(t, "bound twice, as x and y", func() { d.Do(add, one, x, x) })
		panics(t, "bound twice", func() { d.Do(add, one, y.Part(0, 64), y.Part(128, 64)) })
		panics(t, "on another device", func() { d.Do(add, one, other, y) })
		gone := d.Floats("gone", 64)
		gone.Release()
		panics(t, "released buffer gone", func() { d.Do(add, one, gone, y) })
		if err := d.Err(); err != nil {
			t.Errorf("misuse harmed the device: %v", err)
		}
	})
	panics(t, "parameter N is a int", func() {
		gpu.New("bad", gpu.WGSL(""), nil, nil, func(struct{ N int }, gpu.Args[float32]) {}, nil)
	})
	panics(t, "9 storage buffers", func() {
		gpu.New("bad", gpu.WGSL(""), make([]gpu.Binding, 9), nil, func(addParams, gpu.Args[float32]) {}, nil)
	})
	panics(t, "parameters take 0 bytes", func() {
		gpu.New("bad", gpu.WGSL(""), nil, nil, func(struct{}, gpu.Args[float32]) {}, nil)
	})
}

func TestBisecting(t *testing.T) {
	gputest.Adapter(t)
	for _, names := range []string{"test_add", "all", "test_mark,test_add", "none_of_these"} {
		t.Setenv("ATTNLAB_HOST", names)
		d, _, err := gpu.Open(gpu.WebGPU)
		if err != nil {
			t.Fatal(err)
		}
		x, y, u := d.Floats("x", 128), d.Floats("y", 100), d.Uints("u", 100)
		x.Write(0, ramp(128, 1))
		p := d.NewProgram("mixed")
		p.Add(add, func() any { return addParams{50, 2} }, x.Part(64, 64), y)
		p.Add(mark, func() any { return markParams{100, 3} }, u)
		p.Add(add, func() any { return addParams{100, 1} }, x, y)
		if err := p.Run(2); err != nil {
			t.Fatal(err)
		}
		words := make([]uint32, 100)
		if err := u.ReadUints(0, words); err != nil {
			t.Fatal(err)
		}
		got := floats(t, y)
		for i := range got {
			want := 2 * float32(i)
			if i < 50 {
				want += 4 * float32(i+64)
			}
			if got[i] != want || words[i] != uint32(i)+3 {
				t.Fatalf("ATTNLAB_HOST=%s: word %d = %g and %d, want %g and %d", names, i, got[i], words[i], want, i+3)
			}
		}
		d.Close()
	}
}
