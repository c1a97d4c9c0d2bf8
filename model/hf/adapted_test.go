package hf

import (
	"context"
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
)

// A model that is opened with adapters merged in gives PEFT's logits, in F32 and as far as BF16 rounds.
func TestOpenWithAdapters(t *testing.T) {
	for _, name := range []string{"attention", "all"} {
		t.Run(name, func(t *testing.T) {
			p := loadPEFT(t, name)
			c := p.base.Config
			files, err := p.base.Files()
			if err != nil {
				t.Fatal(err)
			}
			s, err := Open(Memory(files))
			if err != nil {
				t.Fatal(err)
			}
			adapters, err := OpenAdapters(c, Memory(p.files))
			if err != nil {
				t.Fatal(err)
			}
			over := adapters.Over(c, s)
			want := p.adapters.merged(c, p.base.Weights)
			changed := 0
			for _, param := range c.Params() {
				for _, tensor := range param.Tensors() {
					whole := len(tensor.Shape) == 1
					for row := 0; row < tensor.Rows; row += 3 { // some rows at a time, as [model.Open] reads them
						n := min(3, tensor.Rows-row)
						if whole {
							n = tensor.Rows
						}
						got := make([]float32, n*tensor.Cols)
						if err := over.ReadRows(context.Background(), tensor.Name, row, got); err != nil {
							t.Fatal(err)
						}
						for i, v := range got {
							at := tensor.Offset + row*tensor.Cols + i
							if d := math.Abs(float64(v - want[at])); !(d < 1e-5) {
								t.Fatalf("value %d of row %d of %s differs by %g", i, row, tensor.Name, d)
							}
							if v != p.base.Weights[at] {
								changed++
							}
						}
						if whole {
							break
						}
					}
				}
			}
			if changed == 0 {
				t.Error("the adapters change nothing")
			}
			sequences, _ := p.batchOf(t)
			gputest.Each(t, func(t *testing.T, d *gpu.Device) {
				for storage, tol := range map[model.Storage]float64{model.F32: 1e-5, model.BF16: 5e-2} {
					m, err := model.Open(context.Background(), d, c, over, model.Options{Storage: storage, Arena: true})
					if err != nil {
						t.Fatal(err)
					}
					var logits []float32
					for _, s := range sequences {
						rows, err := m.Logits(s)
						if err != nil {
							t.Fatal(err)
						}
						logits = append(logits, slices.Concat(rows...)...)
					}
					m.Release()
					nearly(t, "logits in "+storage.String(), logits, array(t, p.results, "logits"), tol)
				}
				gputest.Count(d)
			})
		})
	}
}
