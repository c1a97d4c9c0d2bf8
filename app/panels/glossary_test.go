package panels

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func TestGlossary(t *testing.T) {
	seen := map[string]string{}
	for _, e := range glossary {
		for _, w := range append([]string{e.word}, e.also...) {
			if other, twice := seen[strings.ToLower(w)]; twice {
				t.Errorf("%q is under %s and under %s", w, other, e.word)
			}
			seen[strings.ToLower(w)] = e.word
		}
		if n := len(strings.Fields(e.means)); n < 5 || n > 60 || !strings.HasSuffix(e.means, ".") || strings.Contains(e.means, "!") {
			t.Errorf("%s: %d words: %s", e.word, n, e.means)
		}
	}
	for _, want := range []string{"rollout", "step", "trace", "FCI", "Δ", "key-focus head", "SRA", "receiver head", "kurtosis", "advantage", "leave-one-out", "γ", "S_base",
		"branch point", "V", "GA", "LA", "KL", "k3", "clip", "entropy", "valid group", "redundant", "essential", "correcting", "wrong", "off-policy pipeline", "reflection model",
		"revision", "temperature", "top-p", "log-prob"} {
		if _, ok := define(want); !ok {
			t.Errorf("no %q", want)
		}
	}
}

// TestTerms finds every word that a screen refers to.
func TestTerms(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	n := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\bl\.term\("([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
			if _, ok := define(m[1]); !ok {
				t.Errorf("%s refers to %q, which the glossary does not have", file, m[1])
			}
			n++
		}
	}
	if n < 10 {
		t.Errorf("only %d terms are referred to", n)
	}
}

func TestTermOpensAndLeadsToTheGlossary(t *testing.T) {
	l, _ := ready(t, Start())
	l.do("explain:term:γ")
	html := app.HTMLString(l)
	for _, want := range []string{"The share of the advantage that a step keeps", "p^λ S_k/S_base", "arXiv 2602.09953", `data-do="term:γ"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the definition has no %q", want)
		}
	}
	l.do("term:γ")
	html = app.HTMLString(l)
	if l.Page != pageGlossary || l.explain != "" || !strings.Contains(html, `id="term-γ" class="entry selected"`) && !strings.Contains(html, `class="entry selected" id="term-γ"`) {
		t.Errorf("the glossary is not open at γ")
	}
	if v := ParseView(l.View.String()); v.Term != "γ" || v.Page != pageGlossary {
		t.Errorf("the link %q does not lead there", l.View.String())
	}
	for _, e := range glossary {
		if !strings.Contains(html, `id="`+anchor(e.word)+`"`) {
			t.Errorf("%s has no anchor", e.word)
		}
	}
}

func TestGlossaryIsSearched(t *testing.T) {
	l, _ := ready(t, Start())
	l.do("page:" + pageGlossary)
	listed := func() int { return strings.Count(app.HTMLString(l), `id="term-`) }
	l.set("sought", " HEADS ") // another word for head, and in what others mean
	if n := listed(); n < 3 || n >= len(glossary) || !strings.Contains(app.HTMLString(l), `id="term-head"`) {
		t.Errorf("%d of %d entries say heads", n, len(glossary))
	}
	l.set("sought", "qqq")
	if listed() != 0 || !strings.Contains(app.HTMLString(l), "No entry says this") {
		t.Errorf("%d entries say qqq", listed())
	}
	l.do("term:γ")
	if listed() != len(glossary) {
		t.Error("a link to a term leads to a glossary without it")
	}
}
