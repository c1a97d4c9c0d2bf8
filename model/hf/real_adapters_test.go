package hf

import (
	"os"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/hf/safetensors"
)

// TestRealAdapters compares adapters over a published model with PEFT's logits, loss and gradients on 128 tokens, on every backend.
// testdata/real_lora.py makes adapters and results beside the model.
func TestRealAdapters(t *testing.T) {
	path := os.Getenv("ATTNLAB_REAL_MODEL")
	if path == "" {
		t.Skip("needs a published model: run testdata/real_lora.py FOLDER and set ATTNLAB_REAL_MODEL to that folder")
	}
	for _, name := range []string{"attention", "all"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path + "." + name + "/golden.safetensors")
			if err != nil {
				t.Fatal(err)
			}
			golden, err := safetensors.Read(data)
			if err != nil {
				t.Fatal(err)
			}
			gputest.Each(t, func(t *testing.T, d *gpu.Device) {
				s, err := OpenPath(path)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				adapters, err := OpenAdapters(s.Config, os.DirFS(path+"."+name))
				if err != nil {
					t.Fatal(err)
				}
				m, err := model.Open(t.Context(), d, s.Config, s, model.Options{Storage: s.Stored(), Context: 512})
				if err != nil {
					t.Fatal(err)
				}
				defer m.Release()
				logits, loss, gradient, bytes := adaptedAsPEFT(t, m, adapters, golden, 1e-3)
				t.Logf("%s: rank %d in %s; of the largest, logits differ by %.1e, the loss by %.1e, gradients by %.1e; %d MB on the device",
					d.Info, adapters.Rank, s.Stored(), logits, loss, gradient, bytes>>20)
				gputest.Count(d)
			})
		})
	}
}
