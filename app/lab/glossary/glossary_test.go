package glossary

import (
	"strings"
	"testing"
)

func TestGlossary(t *testing.T) {
	seen := map[string]string{}
	for _, e := range Entries {
		for _, w := range append([]string{e.Word}, e.also...) {
			if other, twice := seen[strings.ToLower(w)]; twice {
				t.Errorf("%q is under %s and under %s", w, other, e.Word)
			}
			seen[strings.ToLower(w)] = e.Word
		}
		if n := len(strings.Fields(e.Means)); n < 5 || n > 60 || !strings.HasSuffix(e.Means, ".") || strings.Contains(e.Means, "!") {
			t.Errorf("%s: %d words: %s", e.Word, n, e.Means)
		}
	}
	for _, want := range []string{"rollout", "step", "trace", "FCI", "Δ", "key-focus head", "SRA", "receiver head", "kurtosis", "advantage", "leave-one-out", "γ", "S_base",
		"branch point", "V", "GA", "LA", "KL", "k3", "clip", "entropy", "valid group", "redundant", "essential", "correcting", "wrong", "off-policy pipeline", "reflection model",
		"revision", "temperature", "top-p", "log-prob"} {
		if _, ok := Find(want); !ok {
			t.Errorf("no %q", want)
		}
	}
}
