package task

import (
	"strings"
	"testing"
)

func TestCountReflections(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "so b 0\nk 3\n": 0,
		"wait b 3 ok\nwait k 1 ok\n":               2,
		"Wait, but check":                          1, // close on one line
		"wait" + strings.Repeat(" ", 59) + "check": 1,
		"wait" + strings.Repeat(" ", 60) + "check": 2,
		"wait\ncheck":                              2,
		"rebuttal, checked, awaited: but":          1, // whole words
		"ALTERNATIVELY":                            1,
	} {
		if got := CountReflections(text, reflectionWords); got != want {
			t.Errorf("CountReflections(%q) = %d, want %d", text, got, want)
		}
	}
}
