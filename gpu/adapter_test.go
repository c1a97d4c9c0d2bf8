//go:build !js

package gpu_test

import (
	"errors"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// Every adapter of the machine opens by its ID and says so.
func TestAdaptersOpenByTheirID(t *testing.T) {
	gputest.Adapter(t)
	list := gpu.Adapters()
	if len(list) == 0 {
		t.Fatal("an adapter opens, and none is listed")
	}
	seen := map[string]bool{}
	opened := 0
	for _, a := range list {
		if seen[a.ID] || !gpu.IsAdapter(a.ID) {
			t.Errorf("the ID %q is there twice or is none", a.ID)
		}
		seen[a.ID] = true
		d, _, err := gpu.Open(a.ID)
		if err != nil { // one that is listed may be unable to compute, as OpenGL before version 4.3
			t.Logf("%s: %v", a.ID, err)
			continue
		}
		opened++
		if d.Info != a.Info {
			t.Errorf("%s opened as %+v, want %+v", a.ID, d.Info, a.Info)
		}
		d.Close()
	}
	if opened == 0 {
		t.Error("no adapter of the list opens")
	}
}

func TestAnAdapterThatIsNotThere(t *testing.T) {
	_, _, err := gpu.Open("vulkan:Voodoo 2")
	if !errors.Is(err, gpu.ErrNoAdapter) || !strings.Contains(err.Error(), "Voodoo 2") {
		t.Errorf("Open = %v, want one that wraps ErrNoAdapter and names the adapter", err)
	}
	for _, backend := range []string{gpu.Auto, gpu.WebGPU, gpu.Host} {
		if gpu.IsAdapter(backend) {
			t.Errorf("%s counts as the ID of an adapter", backend)
		}
	}
}
