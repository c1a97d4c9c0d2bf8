package stat_test

import (
	"fmt"

	"attnlab/rl/stat"
)

// AUC is the share of pairs in which a needed step scores above a redundant one. Equal scores count half, so a score that is the
// same for all steps has .5.
func ExampleAUC() {
	needed := []float64{0.9, 0.4}
	redundant := []float64{0.1, 0.4, 0.5}
	fmt.Printf("%.3f\n", stat.AUC(needed, redundant)) // .9 wins three pairs; .4 wins one, ties one, loses one
	fmt.Println(stat.AUC([]float64{1, 1}, []float64{1}))
	// Output:
	// 0.750
	// 0.5
}
