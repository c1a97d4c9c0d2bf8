package stat

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestCounts(t *testing.T) {
	for text, want := range map[string]Counts{`"4 0 3"`: {4, 0, 3}, `""`: {}} {
		var c Counts
		if err := json.Unmarshal([]byte(text), &c); err != nil || !slices.Equal(c, want) {
			t.Errorf("%s is read as %v, %v", text, c, err)
		}
		if data, err := json.Marshal(c); err != nil || string(data) != text {
			t.Errorf("%v is written as %s, %v", c, data, err)
		}
	}
	for _, text := range []string{`"4 -1"`, `"1.5"`, `"x"`, `[1]`, `7`, `"99999999999"`} {
		var c Counts
		if err := json.Unmarshal([]byte(text), &c); err == nil {
			t.Errorf("%s is read as %v", text, c)
		}
	}
	if x := (Counts{2, 0}).Floats(); !slices.Equal(x, []float64{2, 0}) {
		t.Errorf("as values: %v", x)
	}
}
