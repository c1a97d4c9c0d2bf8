package race

import (
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/shaders/nn"
)

// Without subgroups there is one way, which is chosen; with them each is measured and the standard one loses only to a faster one. A software
// adapter with subgroups is measured here and nowhere else.
func TestMeasureRows(t *testing.T) {
	d := gputest.Adapter(t)
	p, err := MeasureRows(d)
	if err != nil {
		t.Fatal(err)
	}
	if want := d.MayUse(nn.MatmulNT(nn.Subgroups)); p.Chosen() == "" || len(p) > 1 != want {
		t.Errorf("%+v on %s, which may use subgroups: %v", p, d.Info, want)
	}
	if !d.HasSubgroups {
		t.Skipf("%s offers no subgroups, so that there is nothing to choose between", d.Info)
	}
	both, err := measureRows(d, true)
	if err != nil || len(both) != 2 || both[0].Tile != "4x4" || both[1].Tile != "subgroups" || !both.valid() {
		t.Fatalf("%+v, %v", both, err)
	}
	t.Logf("%+v", both)
}

// A remembered choice is taken without a measurement, and only where the device may use subgroups.
func TestRowsAreRemembered(t *testing.T) {
	chosen := Products{{Tile: "4x4", GFLOPs: 1}, {Tile: "subgroups", GFLOPs: 2, Chosen: true}}
	adapter := gpu.Info{Name: "A", Backend: "vulkan", Vendor: "V"}
	m := known{ProductsKey(adapter): Products{{Tile: "8x8", GFLOPs: 1, Chosen: true}}, RowsKey(adapter): chosen}
	for _, c := range []struct {
		device *gpu.Device
		want   bool
	}{{&gpu.Device{Info: adapter, HasSubgroups: true}, true}, {&gpu.Device{Info: adapter}, false}} {
		if _, err := Tune(c.device, m); err != nil || c.device.Subgroups != c.want || c.device.Products != "8x8" {
			t.Errorf("a device with subgroups %v takes them: %v (%v)", c.device.HasSubgroups, c.device.Subgroups, err)
		}
	}
}

// known is a [Memory] of products.
type known map[string]Products

func (k known) Load(key string) (Products, bool)   { p, ok := k[key]; return p, ok }
func (k known) Save(key string, products Products) { k[key] = products }
