// An example prints to a file, and a browser has none.

//go:build !js

package nn_test

import (
	"fmt"
	"log"

	"attnlab/gpu"
	"attnlab/shaders/nn"
)

// One kernel, run once. gpu.Open(gpu.Auto) in place of OpenHost runs its WGSL on an adapter where there is one.
func Example() {
	d := gpu.OpenHost()
	defer d.Close()
	x, w, y, rstd := d.Floats("x", 4), d.Floats("w", 4), d.Floats("y", 4), d.Floats("rstd", 1)
	x.Write(0, []float32{3, 4, 0, 0}) // mean of squares 25/4, so rstd = 2/5
	w.Write(0, []float32{1, 2, 1, 1})
	if err := d.Do(nn.RMSNormFwd, nn.RMSNorm{N: 1, D: 4}, x, w, y, rstd); err != nil {
		log.Fatal(err)
	}
	got := make([]float32, 4)
	if err := y.Read(0, got); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f\n", got)
	// Output: [1.2 3.2 0.0 0.0]
}
