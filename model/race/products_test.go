package race_test

import (
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model/race"
	"attnlab/shaders/nn"
)

// shelf is a [race.Memory] of products that counts.
type shelf struct {
	products map[string]race.Products
	saves    int
}

func (s *shelf) Load(key string) (race.Products, bool) { p, ok := s.products[key]; return p, ok }
func (s *shelf) Save(key string, p race.Products)      { s.products[key] = p; s.saves++ }

// TestTune measures an adapter once, in every tile that it can have, and takes a fast one.
func TestTune(t *testing.T) {
	d := gputest.Adapter(t)
	defer func() { d.Products = "" }()
	memory := &shelf{products: map[string]race.Products{}}
	begun := time.Now()
	first, err := race.Tune(d, memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v in %v", first, time.Since(begun))
	if len(first) != len(nn.TilesFor(d.Info.Software)) || first.Chosen() == "" || d.Products != first.Chosen() {
		t.Errorf("%+v on %s, device takes %q", first, d.Info, d.Products)
	}
	for _, p := range first {
		if !(p.GFLOPs > 0) || p.Tile == nn.Staged.String() && d.Info.Software {
			t.Errorf("%+v on %s", p, d.Info)
		}
		for _, other := range first {
			if p.Chosen && other.GFLOPs > 1.051*p.GFLOPs {
				t.Errorf("%+v is chosen, %+v is faster", p, other)
			}
		}
	}
	d.Products = ""
	if again, err := race.Tune(d, memory); err != nil || again.Chosen() != first.Chosen() || d.Products != first.Chosen() || memory.saves != 1 {
		t.Errorf("%+v after %+v, %d saves, %v", again, first, memory.saves, err)
	}
}

// The host has one way to compute products.
func TestTuneHost(t *testing.T) {
	d := gpu.OpenHost()
	if p, err := race.Tune(d, nil); p != nil || err != nil || d.Products != "" {
		t.Errorf("%v, %v, %q", p, err, d.Products)
	}
}

// A document with products of a device that no longer fit is measured again.
func TestDamagedProducts(t *testing.T) {
	for name, data := range map[string]string{
		"nothing chosen": `{"a":[{"tile":"8x8","gflops":3}]}`,
		"no speed":       `{"a":[{"tile":"8x8","chosen":true}]}`,
		"empty":          `{"a":[]}`,
	} {
		warnings := 0
		d := &race.Document[race.Products]{
			Read:  func() ([]byte, error) { return []byte(data), nil },
			Write: func([]byte) error { return nil },
			Warn:  func(error) { warnings++ },
		}
		if p, known := d.Load("a"); known || warnings != 1 {
			t.Errorf("%s: %v, %d warnings", name, p, warnings)
		}
	}
}
