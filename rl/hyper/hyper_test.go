package hyper

import (
	"strings"
	"testing"
)

func TestTableRows(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Table {
		if seen[p.Name] {
			t.Errorf("%s: two rows", p.Name)
		}
		seen[p.Name] = true
		if p.Meaning == "" || p.Source == "" || p.Step <= 0 || len(p.Methods) == 0 {
			t.Errorf("%s: meaning, source, step or methods missing", p.Name)
		}
		for name := range p.Default {
			if name != "" && !strings.Contains(" "+strings.Join(p.Methods, " ")+" ", " "+name+" ") {
				t.Errorf("%s: default for %s, which does not use it", p.Name, name)
			}
		}
		for _, m := range p.Methods {
			for kind, h := range map[string]Values{"paper": Paper(m), "lab": Lab(m)} {
				v, ok := h[p.Name]
				if err := p.check(v); !ok || err != nil {
					t.Errorf("%s of %s, %s: %v", p.Name, m, kind, err)
				}
				if back, err := p.Parse(p.Format(v)); err != nil || back != v {
					t.Errorf("%s of %s: %g is printed %q and read %g, %v", p.Name, m, v, p.Format(v), back, err)
				}
			}
			if _, ok := p.Default.of(m); !ok {
				t.Errorf("%s has no default for %s", p.Name, m)
			}
		}
	}
}

func TestPaperValues(t *testing.T) {
	for _, c := range []struct {
		method, name string
		want         float64
	}{
		{"attnrl", "delta", 4}, {"attnrl", "clip-high", 0.28}, {"attnrl", "kl", 0.001}, {"attnrl", "dual-clip", 3}, {"attnrl", "valid", 1920},
		{"attnpo", "schedule", 1000}, {"attnpo", "kappa", 1}, {"attnpo", "kl", 0}, {"attnpo", "alpha", 0.2}, {"tlmre", "alpha", 0.2},
		{"rearl", "group", 4}, {"rearl", "kl", 0.04}, {"rearl", "reflection-tokens", 225.09}, {"dapo", "overlong-buffer", 4096}, {"dapo", "max-length", 20480},
	} {
		if got := Paper(c.method)[c.name]; got != c.want {
			t.Errorf("%s %s = %g, want %g", c.method, c.name, got, c.want)
		}
	}
	if got := Lab("attnrl")["delta"]; got != 2 {
		t.Errorf("lab delta = %g, want 2", got)
	}
}

func TestSet(t *testing.T) {
	h := Paper("attnrl")
	for _, c := range []struct {
		name, text, complaint string
		want                  float64
	}{
		{"delta", "2", "", 2}, {"trees", "ceil", "", 2}, {"quantile", "0.5", "", 0.5},
		{"delta", "2.5", "whole number", 0}, {"delta", "two", "no number", 0}, {"delta", "99", "from 1 to 16", 0}, {"quantile", "NaN", "from", 0},
		{"trees", "1", "one of all, round, ceil", 0}, {"kappa", "1", "no hyper-parameter", 0}, {"nonsense", "1", "no hyper-parameter", 0},
	} {
		err := h.Set(c.name, c.text)
		switch {
		case c.complaint == "" && (err != nil || h[c.name] != c.want):
			t.Errorf("Set(%s, %s): %g, %v", c.name, c.text, h[c.name], err)
		case c.complaint != "" && (err == nil || !strings.Contains(err.Error(), c.complaint)):
			t.Errorf("Set(%s, %s): error %v, want %q in it", c.name, c.text, err, c.complaint)
		}
	}
	if h["delta"] != 2 {
		t.Errorf("a refused value changed delta to %g", h["delta"])
	}
}
