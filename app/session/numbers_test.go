package session

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

// Long lists travel packed, short ones as numbers, and both come back; a matrix without anything above its diagonal leaves that out.
func TestPackedNumbers(t *testing.T) {
	lower := func(n int) Densities {
		d := make(Densities, n*n)
		for j := range n {
			for k := range j + 1 {
				d[j*n+k] = float32(j+1) / float32(3*k+7)
			}
		}
		return d
	}
	full := lower(100)
	full[1] = 0.25
	for name, c := range map[string]struct {
		d      Densities
		prefix string
	}{
		"few": {Densities{0.5, 0, 1}, "[0.5"}, "none": {Densities{}, "[]"}, "a triangle": {lower(100), `"f32-lower:`}, "a full square": {full, `"f32:`}, "no square": {lower(100)[:9999], `"f32:`},
	} {
		data, err := json.Marshal(c.d)
		var back Densities
		if err == nil {
			err = json.Unmarshal(data, &back)
		}
		if err != nil || !strings.HasPrefix(string(data), c.prefix) || !slices.Equal(back, c.d) {
			t.Errorf("%s: %.20s …, %v, equal: %v", name, data, err, slices.Equal(back, c.d))
		}
	}
	for _, n := range []int{3, 120} {
		h := make(HeadOf, n*n)
		for j := range n {
			for k := range j + 1 {
				h[j*n+k] = (j*7 + k) % 4096
			}
		}
		data, err := json.Marshal(h)
		var back HeadOf
		if err == nil {
			err = json.Unmarshal(data, &back)
		}
		if err != nil || !slices.Equal(back, h) {
			t.Errorf("%d heads: %v", len(h), err)
		}
	}
	if _, err := json.Marshal(HeadOf(slices.Repeat([]int{1 << 16}, mostWritten+1))); err == nil {
		t.Error("a number that is no head is packed")
	}
	for _, text := range []string{`"f32:AAAA"`, `"f32-lower:AAAAAAAAAAA="`, `"f32:?"`, `"f64:AAAA"`, `"f32:AADAfw=="`, `"f32:AACAfw=="`, `{}`, `"`} {
		var d Densities
		if err := json.Unmarshal([]byte(text), &d); err == nil {
			t.Errorf("%s is read as %v", text, d)
		}
	}
	for _, text := range []string{`"u16:AAA"`, `"u16-lower:AAAAAA=="`, `"f32:AAAA"`, `{}`} {
		var h HeadOf
		if err := json.Unmarshal([]byte(text), &h); err == nil {
			t.Errorf("%s is read as %v", text, h)
		}
	}
	if nan := slices.Repeat(Densities{float32(math.NaN())}, 3); true {
		if _, err := json.Marshal(nan); err == nil {
			t.Error("what is no number is written")
		}
	}
}
