package nn

import (
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// Products by subgroups, with weights in every storage, are what exact arithmetic gives.
func TestSubgroupsDevice(t *testing.T) {
	cases := SubgroupCases(gputest.Rand(160))
	for _, s := range Storages[1:] {
		cases = append(cases, storedCases(gputest.Rand(162), Subgroups.Of(s))[:1]...)
	}
	gputest.Verify(t, cases...)
}

// The size of a subgroup does not matter, nor which invocations it has. The loop is the same for results of any number; the emulation of few
// compiles faster.
func TestSubgroupsOfAnySize(t *testing.T) {
	cases := matmulNTCases(gputest.Rand(163), Tile{Rows: 1, Cols: 2, Subgroups: true})
	gputest.VerifyEmulated(t, cases[1], cases[len(cases)-1])
}

// A device takes subgroups only where a measurement chose them, and a program only where the device has them and is no software.
func TestFewRows(t *testing.T) {
	d := gpu.OpenHost()
	if got := FewRows(d); got != Narrow {
		t.Errorf("without a choice the tile is %s", got)
	}
	d.Subgroups = true
	if got := FewRows(d); got != Subgroups {
		t.Errorf("with subgroups chosen the tile is %s", got)
	}
	k := MatmulNT(Subgroups)
	if k.Name != "matmul_nt_subgroups" || k != MatmulNT(Subgroups) || !k.Subgroups || MatmulNT(Narrow).Subgroups {
		t.Errorf("kernel %s, subgroups %v", k.Name, k.Subgroups)
	}
	gpuOf := func(has, software bool) *gpu.Device {
		return &gpu.Device{HasSubgroups: has, Info: gpu.Info{Backend: "vulkan", Software: software}}
	}
	for _, c := range []struct {
		device   *gpu.Device
		can, may bool
	}{{gpuOf(false, false), false, false}, {gpuOf(true, false), true, true}, {gpuOf(true, true), true, false}, {gpu.OpenHost(), true, false}} {
		if c.device.CanRun(k) != c.can || c.device.MayUse(k) != c.may || !c.device.MayUse(MatmulNT(Narrow)) {
			t.Errorf("%+v: can run %v, may use %v", c.device.Info, c.device.CanRun(k), c.device.MayUse(k))
		}
	}
	for name, backward := range map[string]func(Tile) *gpu.Kernel{"LinearBwd": LinearBwd, "DownBwd": DownBwd, "LinearDx": LinearDx, "DownDx": DownDx} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s by subgroups exists", name)
				}
			}()
			backward(Subgroups)
		}()
	}
}
