package panels

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/glossary"
)

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
		for _, m := range regexp.MustCompile(`\bp\.term\("([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
			if _, ok := glossary.Find(m[1]); !ok {
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
	l, _ := pageReady(t, lab.Start())
	l.Do("explain:term:γ")
	html := app.HTMLString(l)
	for _, want := range []string{"The share of the advantage that a step keeps", "p^λ S_k/S_base", "arXiv 2602.09953", `data-do="term:γ"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the definition has no %q", want)
		}
	}
	l.Do("term:γ")
	html = app.HTMLString(l)
	if l.Page != lab.PageGlossary || l.Explained != "" || !strings.Contains(html, `id="term-γ" class="entry selected"`) && !strings.Contains(html, `class="entry selected" id="term-γ"`) {
		t.Errorf("the glossary is not open at γ")
	}
	if v := viewOf(l.View.String()); v.Term != "γ" || v.Page != lab.PageGlossary {
		t.Errorf("the link %q does not lead there", l.View.String())
	}
	for _, e := range glossary.Entries {
		if !strings.Contains(html, `id="`+glossary.Anchor(e.Word)+`"`) {
			t.Errorf("%s has no anchor", e.Word)
		}
	}
}

func TestGlossaryIsSearched(t *testing.T) {
	l, _ := pageReady(t, lab.Start())
	l.Do("page:" + lab.PageGlossary)
	listed := func() int { return strings.Count(app.HTMLString(l), `id="term-`) }
	l.Set("sought", " HEADS ") // another word for head, and in what others mean
	if n := listed(); n < 3 || n >= len(glossary.Entries) || !strings.Contains(app.HTMLString(l), `id="term-head"`) {
		t.Errorf("%d of %d entries say heads", n, len(glossary.Entries))
	}
	l.Set("sought", "qqq")
	if listed() != 0 || !strings.Contains(app.HTMLString(l), "No entry matches") {
		t.Errorf("%d entries say qqq", listed())
	}
	l.Do("term:γ")
	if listed() != len(glossary.Entries) {
		t.Error("a link to a term leads to a glossary without it")
	}
}
