package lab

import (
	"html"
	"math"
	"net/url"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// views hold everything that a link can carry, with the characters that programs change: & ; + = % # * ? and spaces.
func views() []View {
	typed := Start()
	typed.Example, typed.Text, typed.Tokens = false, "k 8 ; o 4 ; b &k * &o ; j &b + &o ; ? j", 17
	drawn := Start()
	drawn.Page, drawn.Example, drawn.Seed, drawn.Difficulty = PageHeads, false, math.MaxUint64, "2-5"
	drawn.Sampling = session.Sampling{Temperature: 0.15, TopP: 0.9, Seed: math.MaxUint32}
	drawn.Selection = session.Selection{Step: 2, Token: 30, Layer: 1, Head: 3, Node: -1}
	tree := Start()
	tree.Page, tree.Growth.Rounds, tree.Growth.Rivals, tree.Selection.Node = PageTree, 4, [2]string{"earliest", "random"}, 17
	train := Start()
	train.Page, train.Plan = PageTrain, Plan{Method: "tlmre", Model: "run:chain small, seed 1 + 2 & 3", Difficulty: "2-3", Seed: 7, Steps: 12, Hyper: "alpha=0.35 learning-rate=1e-06"}
	compare := Start()
	compare.Page, compare.Compared = PageCompare, "a1,g1"
	lesson := Start()
	lesson.Page, lesson.Lesson = PageTree, LessonPlace{3, 2, 1}
	term := Start()
	term.Page, term.Term = PageGlossary, "γ"
	bench := Start()
	bench.Page, bench.Bench = PageBench, Bench{What: "kernels", Full: true, Roofline: "host"}
	return []View{Start(), typed, drawn, tree, train, compare, lesson, term, bench}
}

// programs are what chat and mail programs do to a link.
var programs = map[string]func(string) string{
	"nothing":            func(s string) string { return s },
	"decode it":          func(s string) string { plain, _ := url.PathUnescape(s); return plain },
	"encode it again":    func(s string) string { return strings.ReplaceAll(s, "%", "%25") },
	"twice":              func(s string) string { return strings.ReplaceAll(s, "%", "%2525") },
	"encode all of it":   url.QueryEscape,
	"as a path":          url.PathEscape,
	"all of it, twice":   func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"write HTML":         html.EscapeString,
	"HTML, encoded":      func(s string) string { return strings.ReplaceAll(s, "&", "&amp%3B") },
	"+ for spaces":       func(s string) string { return strings.ReplaceAll(s, "%20", "+") },
	"decode semicolons":  func(s string) string { return strings.NewReplacer("%3B", ";", "%3b", ";").Replace(s) },
	"decode commas":      func(s string) string { return strings.ReplaceAll(s, "%2C", ",") },
	"decode &":           func(s string) string { return strings.ReplaceAll(s, "%26", "&") },
	"decode +":           func(s string) string { return strings.ReplaceAll(s, "%2B", "+") },
	"decode *, ? and :":  func(s string) string { return strings.NewReplacer("%2A", "*", "%3F", "?", "%3A", ":").Replace(s) },
	"small hex":          func(s string) string { return lowerHex(s) },
	"decode spaces only": func(s string) string { return strings.ReplaceAll(s, "%20", " ") },
	"hard spaces":        func(s string) string { return strings.ReplaceAll(s, "%20", "\u00a0") },
	"a line break after": func(s string) string { return s + "\r\n" },
	"a # before":         func(s string) string { return "#" + s },
	"decode, then HTML":  func(s string) string { plain, _ := url.PathUnescape(s); return html.EscapeString(plain) },
}

func lowerHex(s string) string {
	b := []byte(s)
	for i := range b {
		if i+2 < len(b) && b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// A link opens the same view whatever a program did to it on its way.
func TestLinksSurvivePrograms(t *testing.T) {
	for _, v := range views() {
		for name, change := range programs {
			link := change(v.String())
			if got, unread := ParseLink(link); got != v || unread != "" {
				t.Errorf("%s: %s\n reads back as %s\n want          %s\n %s", name, link, got, v, unread)
			}
		}
	}
	// Links of earlier versions have a + for a space.
	old := "page=trace&problem=k+8+%3B+o+4+%3B+b+%26k+%2A+%26o+%3B+j+%26b+%2B+%26o+%3B+%3F+j&tokens=17"
	for _, link := range []string{old, strings.ReplaceAll(old, "%3B", ";"), strings.ReplaceAll(old, "%26", "&"), strings.ReplaceAll(old, "%2B", "+")} {
		if got, unread := ParseLink(link); got != views()[1] || unread != "" {
			t.Errorf("%s\n reads back as %s; %s", link, got, unread)
		}
	}
}

// What could not be read is named, and the rest is shown.
func TestUnreadPartsOfALinkAreNamed(t *testing.T) {
	for link, names := range map[string][]string{
		"page=heads&temperature=warm":                {`temperature "warm"`},
		"page=heads&temperature=99":                  {`temperature "99"`},
		"page=heads&seed=-4":                         {`seed "-4"`},
		"page=heads&colour=red&heads-by=blue":        {`colour "red"`, `heads-by "blue"`},
		"page=heads&tokens=1e99&seed=3":              {`tokens "1e99"`},
		"page=heads&head=x.y":                        {`head "x.y"`},
		"page=heads&page=tree":                       {`page`},
		"page=heads&new-key=7":                       {`new-key "7"`},
		"page=heads&lesson=99.1":                     {`lesson "99.1"`},
		"page=heads&draw=99999999999":                {`draw "99999999999"`},
		"page=heads&h.alpha=NaN":                     {`h.alpha "NaN"`},
		"page=heads&rivals=best":                     {`rivals "best"`},
		"page=heads&smooth=2&x=miles&over=0":         {`smooth "2"`, `x "miles"`, `over "0"`},
		"page=heads&" + strings.Repeat("z=1&", 5000): {`z "1"`, "more"},
		"page=heads&" + strings.Repeat("y", 100000):  {"yyy"},
	} {
		v, unread := ParseLink(link)
		if v.Page != PageHeads {
			t.Errorf("%.60s leads to the page %s", link, v.Page)
		}
		sentence(t, unread)
		for _, name := range names {
			if !strings.Contains(unread, name) {
				t.Errorf("%.60s: %q is not named in %q", link, name, unread)
			}
		}
		if l := New(Link{}, link, Example{Trace: labtest.Trace()}); l.Notice != unread {
			t.Errorf("%.60s: a visitor reads %q", link, l.Notice)
		}
	}
}

// commands counts what reached the engine, up to a message that marks the end.
func commands(t testing.TB, l *Lab, engine *session.Port) (n int) {
	t.Helper()
	l.post(session.Check{Text: "end"})
	for m := range engine.In {
		if m == any(session.Check{Text: "end"}) {
			break
		}
		n++
	}
	return n
}

// A link leads to at most one command, however long what it asks for takes.
func TestALinkIsOneCommand(t *testing.T) {
	links := []string{
		"page=tree&seed=5&tokens=1000000&rounds=130&node=3", "page=tree&problem=" + strings.Repeat("k+8+%3B", 5000) + "&tokens=4096",
		"page=trace&seed=1&tokens=99999999999999999999", strings.Repeat("seed=1&tokens=5&", 3000),
	}
	for _, v := range views() {
		links = append(links, v.String())
	}
	for _, link := range links {
		var hub session.Hub
		engine, port := hub.Join(), hub.Join()
		l := New(Link{Port: port}, link, Example{Trace: labtest.Trace()})
		l.Receive(session.Capabilities{Adapter: "a", Model: session.ModelInfo{Name: "small"}})
		if n := commands(t, l, engine); n > 1 {
			t.Errorf("%.80s sends %d commands", link, n)
		}
		l.Receive(session.Status{Stage: "ready"})
		l.Visit("page=heads&seed=77&tokens=3")
		if n := commands(t, l, engine); n > 1 {
			t.Errorf("a link after %.80s sends %d commands", link, n)
		}
		l.Visit(link)
		if n := commands(t, l, engine); n > 1 {
			t.Errorf("%.80s, visited later, sends %d commands", link, n)
		}
	}
}

// FuzzLink opens any link: nothing panics, what the view writes it reads back, and one command is enough (faults C7, C11).
func FuzzLink(f *testing.F) {
	for _, v := range views() {
		for _, change := range programs {
			f.Add(change(v.String()))
		}
	}
	for _, text := range []string{"", "#", "%", "%zz", "&&&", "=", "h.=1", "h. =1", "problem=%00", "page=tree&rounds=-1&t=9", "lesson=1.1&guess=-3", "head=9999999.9", "\xff\xfe", "problem=&seed=", "smooth=NaN", "h.a\u00a0b=1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, link string) {
		v, unread := ParseLink(link)
		if unread != "" && (!strings.HasSuffix(unread, ".") || len(unread) > 2000) {
			t.Errorf("%q is no sentence", unread)
		}
		if again, rest := ParseLink(v.String()); again.String() != v.String() || rest != "" {
			t.Errorf("%q\n is written  %q\n which reads %q\n %s", link, v.String(), again.String(), rest)
		}
		var hub session.Hub
		engine, port := hub.Join(), hub.Join()
		l := New(Link{Port: port}, link, Example{Trace: labtest.Trace()})
		l.screen = &labtest.Screen{}
		l.Receive(session.Capabilities{Adapter: "a", Model: session.ModelInfo{Name: "small"}})
		if n := commands(t, l, engine); n > 1 {
			t.Errorf("%q sends %d commands", link, n)
		}
		l.Receive(labtest.Trace())
		l.Receive(labtest.Tree())
		l.Receive(session.Status{Stage: "ready"})
		commands(t, l, engine)
		use(l)
		engine.Close()
		port.Close()
	})
}
