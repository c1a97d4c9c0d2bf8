package shaders_test

import (
	"strings"
	"testing"

	"attnlab/shaders"
)

func TestUnroll(t *testing.T) {
	counts := map[string]int{"i": 2, "c": 3}
	for _, c := range []struct{ source, want string }{
		{"let x = 1; // plain", "let x = 1; // plain"},
		{"  let k_c = key[c]; // each c", "  let k_0 = key[0u];\n  let k_1 = key[1u];\n  let k_2 = key[2u];"},
		{"d_i += min(i, n); // each i", "d_0 += min(0u, n);\nd_1 += min(1u, n);"},
		{"a_i_c = k_c; // each i c", "a_0_0 = k_0;\na_0_1 = k_1;\na_0_2 = k_2;\na_1_0 = k_0;\na_1_1 = k_1;\na_1_2 = k_2;"},
		{"n_in = s_i.x; // each i", "n_in = s_0.x;\nn_in = s_1.x;"},
	} {
		if got := strings.TrimSuffix(shaders.Unroll(c.source+"\n", counts), "\n"); got != c.want {
			t.Errorf("Unroll(%q) =\n%s\nwant\n%s", c.source, got, c.want)
		}
	}
}
