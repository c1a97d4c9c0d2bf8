//go:build cgo

package gpu_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/gpu"
)

// TestOpenWithoutAdapter opens in a process of its own, where Vulkan's loader
// finds no driver and EGL is an empty file.
func TestOpenWithoutAdapter(t *testing.T) {
	const child = "ATTNLAB_TEST_NO_ADAPTER"
	if os.Getenv(child) == "" {
		library := t.TempDir()
		for _, name := range []string{"libEGL.so", "libEGL.so.1"} {
			if err := os.WriteFile(filepath.Join(library, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestOpenWithoutAdapter$")
		cmd.Env = append(os.Environ(), child+"=1", "VK_DRIVER_FILES=/nonexistent", "VK_ICD_FILENAMES=/nonexistent",
			"LD_LIBRARY_PATH="+library)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	if _, _, err := gpu.Open(gpu.WebGPU); !errors.Is(err, gpu.ErrNoAdapter) || !strings.Contains(err.Error(), "install") {
		t.Errorf("Open(webgpu) = %v, want one that wraps ErrNoAdapter and says what to do", err)
	}
	d, why, err := gpu.Open(gpu.Auto)
	if err != nil || d.Info.Backend != gpu.Host || !strings.Contains(why, "no WebGPU adapter") {
		t.Errorf("Open(auto) = %v, %q, %v", d.Info, why, err)
	}
}
