package runs

import (
	"fmt"
	"math"
	"testing"
)

// Tokens to half of the gain are read from the held-out measurements, wherever in the log these are.
func TestTokensToHalf(t *testing.T) {
	var r Run
	for step := 1; step <= 8; step++ {
		line := fmt.Sprintf(`{"step":%d,"generated_tokens":%d`, step, 1000*step)
		if step == 1 {
			line += `,"held_out_base":{"accuracy":0.4,"standard_error":0.02}`
		}
		if step%2 == 0 {
			line += fmt.Sprintf(`,"held_out":{"accuracy":%g}`, 0.4+0.05*float64(step))
		}
		if err := r.Log.Add([]byte(line + "}")); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.tokensToHalf(); math.Abs(got-4000) > 1e-6 { // .6 of .4 to .8
		t.Errorf("half of the gain at %g tokens", got)
	}
	if got := (Run{}).tokensToHalf(); !math.IsNaN(got) {
		t.Errorf("without measurements %g", got)
	}
}
