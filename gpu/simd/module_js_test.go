package simd_test

import (
	"testing"

	"attnlab/gpu/simd"
)

// TestModuleWithoutFusedInstructions runs the package's tests on the module that a browser without relaxed SIMD gets.
func TestModuleWithoutFusedInstructions(t *testing.T) {
	if !simd.UseModule(false) {
		t.Fatal("the browser does not know SIMD128")
	}
	defer simd.UseModule(true)
	t.Run("products", TestProducts)
	t.Run("heads", TestHeads)
	t.Run("softmax", TestSoftmax)
	t.Run("logits", TestLogits)
	t.Run("norm", TestNorm)
	t.Run("AdamW", TestAdamW)
}
