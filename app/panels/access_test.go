package panels

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	tag       = regexp.MustCompile(`(?s)<(/?)([a-z0-9]+)((?:\s+[a-zA-Z-]+(?:="[^"]*")?)*)\s*(/?)>|([^<]+)`)
	attribute = regexp.MustCompile(`([a-zA-Z-]+)(?:="([^"]*)")?`)
	word      = regexp.MustCompile(`[\pL\pN]+`)
)

// element is an open element of a page.
type element struct {
	name  string
	has   map[string]string
	text  strings.Builder // that is seen
	quiet bool            // its text is not seen
}

func (e *element) interactive() bool {
	switch e.name {
	case "a", "button", "input", "select", "textarea", "summary":
		return true
	}
	role := e.has["role"]
	return role == "button" || role == "option" || role == "checkbox"
}

// walk calls leave for each element of a page as it ends, with those around it.
func walk(page string, leave func(e *element, around []*element)) {
	var open []*element
	end := func() {
		e := open[len(open)-1]
		open = open[:len(open)-1]
		leave(e, open)
		if len(open) > 0 && !e.quiet {
			open[len(open)-1].text.WriteString(" " + e.text.String())
		}
	}
	for _, m := range tag.FindAllStringSubmatch(page, -1) {
		switch {
		case m[5] != "":
			if len(open) > 0 {
				open[len(open)-1].text.WriteString(html.UnescapeString(m[5]))
			}
		case m[1] != "":
			for len(open) > 0 && open[len(open)-1].name != m[2] {
				end()
			}
			if len(open) > 0 {
				end()
			}
		default:
			e := &element{name: m[2], has: map[string]string{}}
			for _, a := range attribute.FindAllStringSubmatch(m[3], -1) {
				e.has[a[1]] = html.UnescapeString(a[2])
			}
			_, hidden := e.has["aria-hidden"]
			e.quiet = hidden || e.name == "svg" || strings.Contains(e.has["class"], "unseen")
			open = append(open, e)
			switch {
			case m[4] != "", m[2] == "input", m[2] == "br", m[2] == "hr", m[2] == "img", m[2] == "link", m[2] == "meta", m[2] == "path", m[2] == "rect", m[2] == "polyline":
				end()
			}
		}
	}
}

// What axe-core finds on a page, for every page and dialog in every state: nothing to press lies within something to press
// (nested-interactive), what is seen on a control is part of its name (label-content-name-mismatch), each control has a name
// (button-name, label, link-name), a heading is at most one level below the one before (heading-order), and a dialog is an element
// that may be one (aria-allowed-role).
func TestPagesAreAccessible(t *testing.T) {
	controls := 0
	for name, page := range pages(t) {
		level := 1 // the first heading may be one below that of the page
		walk(page, func(e *element, around []*element) {
			if e.has["role"] == "dialog" && e.name != "div" && e.name != "section" {
				t.Errorf("%s: the dialog %q is an element %s", name, e.has["class"], e.name)
			}
			hidden := slices.ContainsFunc(around, func(outer *element) bool { _, ok := outer.has["hidden"]; return ok })
			if n := strings.Index("h1h2h3h4", e.name)/2 + 1; len(e.name) == 2 && n > 0 && e.name[0] == 'h' && e.name != "hr" && !hidden {
				if n > level+1 {
					t.Errorf("%s: the heading %q is of level %d after one of level %d", name, e.text.String(), n, level)
				}
				level = n
			}
			if !e.interactive() {
				return
			}
			controls++
			inLabel := false
			for _, outer := range around {
				if outer.interactive() {
					t.Errorf("%s: a %s %q lies within a %s", name, e.name, e.has["data-do"]+e.has["data-set"], outer.name)
				}
				inLabel = inLabel || outer.name == "label"
			}
			seen, label := words(e.text.String()), words(e.has["aria-label"])
			if e.name != "select" && label != "" && seen != "" && !strings.Contains(label, seen) {
				t.Errorf("%s: %s shows %q and is named %q", name, e.name, seen, label)
			}
			if _, hidden := e.has["aria-hidden"]; seen == "" && label == "" && !inLabel && !hidden && e.has["title"] == "" && e.has["placeholder"] == "" {
				t.Errorf("%s: %s %v has no name", name, e.name, e.has)
			}
		})
	}
	if controls < 500 {
		t.Errorf("only %d controls were seen", controls)
	}
}

// words are the words of a text in small letters.
func words(text string) string {
	return strings.Join(word.FindAllString(strings.ToLower(text), -1), " ")
}
