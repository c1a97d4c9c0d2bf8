package text

import (
	_ "embed"
	"encoding/json"
	"slices"
	"testing"

	"attnlab/rl/task"
)

//go:embed testdata/golden.json
var golden []byte

// Steps and labels agree with rules that were written a second time (testdata/text.py).
func TestGolden(t *testing.T) {
	var cases []struct {
		Question, Gold string
		Pieces, Lines  []string
		Labels         []task.Label
		Steps          map[Rule][]task.Span
	}
	if err := json.Unmarshal(golden, &cases); err != nil {
		t.Fatal(err)
	}
	seen := map[task.Label]int{}
	for _, c := range cases {
		p, err := ParseChain(c.Question)
		if err != nil || p.Gold() != c.Gold || p.String() != c.Question {
			t.Fatalf("%q: %s, %v", c.Question, p.Gold(), err)
		}
		for rule, want := range c.Steps {
			if got := Cut(c.Pieces, rule); !slices.Equal(got, want) {
				t.Errorf("%q by %s: %v, want %v", c.Pieces, rule, got, want)
			}
		}
		if got := p.Labels(c.Lines); !slices.Equal(got, c.Labels) {
			t.Errorf("%q: %q is %v, want %v", c.Question, c.Lines, got, c.Labels)
		}
		for _, l := range c.Labels {
			seen[l]++
		}
	}
	if len(cases) != 50 || len(seen) != 5 {
		t.Errorf("%d cases with the labels %v", len(cases), seen)
	}
}
