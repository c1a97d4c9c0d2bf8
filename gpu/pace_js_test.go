package gpu_test

import (
	"testing"
	"time"
)

// On a software adapter a long program pauses between its submits; on a GPU it is one submit.
func TestLongProgramYields(t *testing.T) {
	d := ownDevice(t)
	defer d.Close()
	asked := 0
	d.Yield = func() time.Duration { asked++; return 0 }
	x, y := d.Floats("x", 64), d.Floats("y", 64)
	p := d.NewProgram("long")
	const n = 1000
	for range n {
		p.Add(add, func() any { return addParams{64, 1} }, x, y)
	}
	x.Write(0, ramp(64, 1))
	before := d.Counters.Submits
	if err := p.Run(1); err != nil {
		t.Fatal(err)
	}
	submits := int(d.Counters.Submits - before)
	if got := floats(t, y)[63]; got != 63*n {
		t.Errorf("after %d additions of 63 there is %v", n, got)
	}
	if d.Info.Software && asked < 4 || !d.Info.Software && asked != 0 {
		t.Errorf("%s yields %d times in %d submits", d.Info, asked, submits)
	}
}
