package gpu_test

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestBufferParts(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		b := d.Floats("b", 200)
		defer b.Release()
		if got := floats(t, b); slices.Max(got) != 0 || slices.Min(got) != 0 {
			t.Error("a new buffer is not zero")
		}
		b.Write(0, ramp(200, 1))
		part := b.Part(64, 100)
		if part.Len() != 100 || part.Kind() != gpu.F32 || part.Part(64, 36).Len() != 36 {
			t.Errorf("part has %d words of %v", part.Len(), part.Kind())
		}
		part.Write(3, []float32{-1, -2})
		part.Part(64, 36).Write(35, []float32{-3})
		want := ramp(200, 1)
		want[67], want[68], want[163] = -1, -2, -3
		if got := floats(t, b); !slices.Equal(got, want) {
			t.Errorf("through parts %v, want %v", got, want)
		}
		middle := make([]float32, 5)
		if err := part.Read(2, middle); err != nil || !slices.Equal(middle, want[66:71]) {
			t.Errorf("read %v, %v; want %v", middle, err, want[66:71])
		}
	})
}

func TestReadTogether(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		f, u := d.Floats("f", 20_000), d.Uints("u", 7) // more than the first readback buffer holds
		defer f.Release()
		defer u.Release()
		f.Write(0, ramp(20_000, 0.5))
		u.WriteUints(0, []uint32{9, 8, 7, 6, 5, 4, 1 << 31})
		readbacks, bytes := d.Counters.Readbacks, d.Counters.ReadBytes
		some, all, none, words := make([]float32, 3), make([]float32, 20_000), []float32{}, make([]uint32, 2)
		if err := d.Read(f.Into(10, some), u.IntoUints(5, words), f.Into(0, none), f.Into(0, all)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(some, []float32{5, 5.5, 6}) || !slices.Equal(words, []uint32{4, 1 << 31}) || !slices.Equal(all, ramp(20_000, 0.5)) {
			t.Errorf("read %v and %v", some, words)
		}
		if got := d.Counters.Readbacks - readbacks; got != 1 {
			t.Errorf("%d readbacks, want 1", got)
		}
		if got, want := d.Counters.ReadBytes-bytes, int64(4*(3+2+20_000)); got != want {
			t.Errorf("%d bytes read, want %d", got, want)
		}
		if err := d.Read(f.Into(0, none)); err != nil || d.Counters.Readbacks != readbacks+1 {
			t.Errorf("reading nothing: %v, %d readbacks", err, d.Counters.Readbacks-readbacks)
		}
	})
}

func TestBufferCounters(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		d.Counters.Peak = d.Counters.Bytes // the device is shared with other tests
		before := d.Counters
		b := d.Floats("b", 65)
		if got := d.Counters; got.Buffers != before.Buffers+1 || got.Bytes != before.Bytes+128*4 {
			t.Errorf("after 65 words %+v, before %+v", got, before)
		}
		if got := d.Counters.Peak; got != d.Counters.Bytes {
			t.Errorf("the peak is %d bytes, %d are allocated", got, d.Counters.Bytes)
		}
		b.Release()
		b.Release()
		before.Peak = before.Bytes + 128*4
		if got := d.Counters; got != before {
			t.Errorf("after release %+v, before %+v", got, before)
		}
	})
}

func TestBufferMisusePanics(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		b, u := d.Floats("b", 100), d.Uints("u", 100)
		defer b.Release()
		defer u.Release()
		panics(t, "0 words", func() { d.Floats("empty", 0) })
		panics(t, "multiple of 64", func() { b.Part(32, 10) })
		panics(t, "[64,101)", func() { b.Part(64, 37) })
		panics(t, "part [-64", func() { b.Part(-64, 10) })
		panics(t, "write [99,101)", func() { b.Write(99, []float32{1, 2}) })
		panics(t, "read [-1,0)", func() { b.Read(-1, make([]float32, 1)) })
		panics(t, "[30,37)", func() { b.Part(64, 36).Read(30, make([]float32, 7)) })
		panics(t, "as f32 of buffer u", func() { u.Write(0, []float32{1}) })
		panics(t, "as u32 of buffer b", func() { b.ReadUints(0, make([]uint32, 1)) })
		panics(t, "no referee", func() { b.Read64(make([]float64, 100)) })
		gone := d.Floats("gone", 1)
		gone.Release()
		panics(t, "released buffer gone", func() { gone.Write(0, []float32{1}) })
	})
}

func TestReferee(t *testing.T) {
	d := gpu.OpenReferee()
	x, y := d.Floats("x", 2), d.Floats("y", 2)
	x.Write64([]float64{1e-12, 3})
	y.Write64([]float64{1, 4})
	if err := d.Do(add, addParams{2, 1}, x, y); err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 2)
	if y.Read64(got); !slices.Equal(got, []float64{1 + 1e-12, 7}) {
		t.Errorf("in float64: %v", got)
	}
	if narrow := floats(t, y); !slices.Equal(narrow, []float32{1, 7}) {
		t.Errorf("in float32: %v", narrow)
	}
}
