package panels

import (
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// action is one thing a visitor can do. The table [actions] feeds buttons, keys and the list of commands alike.
type action struct {
	name     string
	keys     string // separated by spaces, as KeyboardEvent.key; "tree:Enter" is a key on that page only; empty for none
	does     string // in the list of commands; empty keeps it out
	undoable bool
	may      func(l *Lab) bool // nil: always
	do       func(l *Lab, argument string)
}

const (
	maxTemperature = 1.5 // the top of the slider
	// sliderSteps is how many steps a slider makes of 1. Sliders count steps, as a browser rounds to whole numbers until
	// it has been told otherwise, and attributes are set in any order.
	sliderSteps = 20
)

var actions []action

// The table refers to functions that refer to the table, so it is filled here.
func init() {
	actions = slices.Concat(labActions(), treeActions(), trainActions(), compareActions(), learnActions())
}

// labActions are those of the Trace and Heads pages, and of the lab as a whole.
func labActions() []action {
	ready := func(l *Lab) bool { return l.ready() }
	generated := func(l *Lab) bool { return l.ready() && len(l.trace.Tokens) > 0 }
	complete := func(l *Lab) bool { return l.ready() && l.trace.Complete }
	return []action{
		// The problem and the response.
		{"generate", "g", "Generate the response, or the rest of it", true, generated, func(l *Lab, _ string) { l.generate(l.trace.Complete) }},
		{"regenerate", "r", "Generate another response to the same problem", true, generated, func(l *Lab, _ string) {
			l.sampling.Seed++
			l.generate(true)
		}},
		{"problem", "n", "Draw the next problem", true, ready, func(l *Lab, _ string) { l.problem(l.Seed + 1) }},
		{"seed", "", "", true, ready, func(l *Lab, a string) { l.problem(parse(a, l.Seed, parseSeed)) }},
		{"typed", "", "", true, ready, func(l *Lab, _ string) { l.typedProblem() }},
		{"example", "e", "Go back to the worked example", true, ready, func(l *Lab, _ string) {
			v := Start()
			v.Page, v.Quantity, v.Grid = l.Page, l.Quantity, l.Grid
			v.Growth, v.Curves, v.Runs = l.Growth.anew(), l.Curves, l.Runs
			l.goTo(v)
		}},
		{"forward", "ArrowRight l", "One step or token on, making it where there is none yet", true, nil, func(l *Lab, _ string) { l.stepForward() }},
		{"back", "ArrowLeft h", "One step or token back", true, nil, func(l *Lab, _ string) {
			l.selectToken(l.back())
			l.selected()
		}},
		{"play", "Space", "Play and pause", false, nil, func(l *Lab, _ string) {
			if l.playing {
				l.playing = false
				return
			}
			if l.trace.Complete && l.forward() < 0 { // from the start again
				l.Selection.Step, l.Selection.Token = -1, -1
			}
			l.play()
		}},
		{"unit", "u", "Go by tokens, or by steps", false, nil, func(l *Lab, a string) {
			if l.unit = a; a == "" {
				l.unit = next([]string{"step", "token"}, l.unit)
			}
		}},
		{"cancel", "", "", false, nil, func(l *Lab, _ string) {
			l.playing = false
			l.send(session.Cancel{})
		}},

		// What is selected and shown.
		{"step", "", "", true, nil, func(l *Lab, a string) {
			if k := parse(a, -1, strconv.Atoi); k != l.Selection.Step || l.Selection.Token >= 0 {
				l.selectStep(k)
			} else {
				l.selectStep(-1)
			}
			l.selected()
		}},
		{"step-down", "ArrowDown j", "Select the next step", true, nil, func(l *Lab, _ string) { l.moveStep(1) }},
		{"step-up", "ArrowUp k", "Select the step before", true, nil, func(l *Lab, _ string) { l.moveStep(-1) }},
		{"step-top", "m", "Select the step with the highest FCI", true, nil, func(l *Lab, _ string) {
			l.selectStep(l.topStep())
			l.selected()
		}},
		{"token", "", "", true, nil, func(l *Lab, a string) {
			l.selectToken(parse(a, -1, strconv.Atoi))
			l.selected()
		}},
		{"head", "", "", true, nil, func(l *Lab, a string) {
			layer, head, ok := parseHead(a)
			if !ok || layer == l.Selection.Layer && head == l.Selection.Head {
				layer, head = -1, -1
			}
			l.Selection.Layer, l.Selection.Head = layer, head
			l.selected()
		}},
		{"head-best", "b", "Select the best head found, or the one with the highest FCI", true, nil, func(l *Lab, _ string) {
			l.Selection.Layer, l.Selection.Head = l.bestHead()
			l.selected()
		}},
		{"head-next", "]", "Select the next head", true, nil, func(l *Lab, _ string) { l.moveHead(1) }},
		{"head-before", "[", "Select the head before", true, nil, func(l *Lab, _ string) { l.moveHead(-1) }},
		{"colour", "c", "Colour tokens by the next quantity", true, nil, func(l *Lab, a string) {
			if q := Quantity(a); q.of(tokenQuantities) {
				l.Quantity = q
			} else {
				l.Quantity = next(tokenQuantities, l.Quantity)
			}
		}},
		{"grid", "v", "Colour heads by the next quantity", true, nil, func(l *Lab, a string) {
			if q := Quantity(a); q.of(headQuantities) {
				l.Grid = q
			} else {
				l.Grid = next(headQuantities, l.Grid)
			}
		}},

		// Heads and disruption.
		{"heads", "f", "Find the key-focus heads", false, ready, func(l *Lab, _ string) {
			l.heads = session.HeadsView{}
			l.send(session.FindHeads{Problems: l.problems})
		}},
		{"disrupt", "x", "Cut attention to the selected step, and see what happens", false, func(l *Lab) bool { return complete(l) && l.Selection.Step >= 0 }, func(l *Lab, _ string) {
			l.disruption = session.Disruption{}
			l.send(session.Disrupt{Step: l.Selection.Step, Samples: l.samples})
		}},
		{"disrupt-many", "", "Cut attention to steps chosen by FCI, entropy or chance in many problems", false, ready, func(l *Lab, _ string) {
			l.disruption = session.Disruption{}
			l.send(session.Disrupt{Step: -1, Problems: l.problems, Picks: []string{"fci", "other", "entropy", "random"}})
		}},

		// The page.
		{"page", "", "", true, nil, func(l *Lab, a string) { l.show(a) }},
		{"trace", "1 t", "Page Trace", true, nil, func(l *Lab, _ string) { l.show(pageTrace) }},
		{"heads-page", "2 w", "Page Heads", true, nil, func(l *Lab, _ string) { l.show(pageHeads) }},
		{"tree-page", "3", "Page Tree", true, nil, func(l *Lab, _ string) { l.show(pageTree) }},
		{"train-page", "4", "Page Train", true, nil, func(l *Lab, _ string) { l.show(pageTrain) }},
		{"compare-page", "5", "Page Compare", true, nil, func(l *Lab, _ string) { l.show(pageCompare) }},
		{"learn-page", "6", "Page Learn", true, nil, func(l *Lab, _ string) { l.show(pageLearn) }},
		{"glossary-page", "7", "The glossary", true, nil, func(l *Lab, _ string) { l.show(pageGlossary) }},
		{"undo", "z Ctrl+z", "Undo the last action", false, func(l *Lab) bool { return len(l.undo) > 0 }, func(l *Lab, _ string) {
			last := l.undo[len(l.undo)-1]
			l.undo = l.undo[:len(l.undo)-1]
			l.playing = false
			l.goTo(last)
		}},
		{"link", "y", "Copy a link to this view", false, nil, func(l *Lab, _ string) { l.screen.copyLink(l) }},
		{"save", "s", "Save the trace as a file", false, func(l *Lab) bool { return len(l.trace.Tokens) > 0 }, func(l *Lab, _ string) { l.screen.save(l.trace) }},
		{"open-trace", "o", "Open a trace from a file", false, ready, func(l *Lab, _ string) { l.screen.pick("open-trace") }},
		{"open-model", "", "Open a model folder", false, ready, func(l *Lab, _ string) { l.screen.pick("open-model") }},
		{"base", "", "", false, ready, func(l *Lab, a string) { l.send(session.UseModel{Name: a}) }},
		{"lose", "", "Lose the GPU on purpose, to see that nothing is lost by it", false, ready, func(l *Lab, _ string) { l.send(session.LoseDevice{}) }},
		{"fold", "", "", false, nil, func(l *Lab, a string) { l.folded[a] = !l.folded[a] }},
		{"reopen", "", "", false, nil, func(l *Lab, a string) { l.screen.reopen(a) }},
		{"skip", "", "", false, nil, func(l *Lab, _ string) { l.screen.reveal("main") }},
		{"theme", "d", "Light, dark, or as the system has it", false, nil, func(l *Lab, _ string) {
			l.theme = next([]string{"", "light", "dark"}, l.theme)
			l.screen.setTheme(l.theme)
		}},
		{"tour", "", "Take the guided tour", false, nil, func(l *Lab, a string) { l.goTour(parse(a, 1, strconv.Atoi)) }},
		{"tour-do", "", "", false, nil, func(l *Lab, _ string) { tour[l.tour-1].show(l) }},
		{"capabilities", "i", "What runs here, and how it was tested", false, nil, func(l *Lab, _ string) { l.openDialog("capabilities") }},
		{"keys", "? Ctrl+k Meta+k", "All commands and their keys", false, nil, func(l *Lab, _ string) { l.openDialog("keys") }},
		{"close", "", "", false, nil, func(l *Lab, _ string) { l.dialog = "" }},
		{"run", "", "", false, nil, func(l *Lab, a string) {
			l.dialog = ""
			l.do(a)
		}},
		{"explain", "", "", false, nil, func(l *Lab, a string) {
			if l.explain == a {
				a = ""
			}
			l.explain = a
			l.screen.place("explanation", "explain:"+a)
		}},
		{"dismiss", "", "", false, nil, func(l *Lab, _ string) { l.failure, l.notice, l.read = session.Failure{}, "", l.status.Text }},
		{"reload", "", "", false, func(l *Lab) bool { return l.update }, func(l *Lab, _ string) { l.screen.takeUpdate() }},
		{"escape", "Escape", "Close, stop, or select nothing", true, nil, func(l *Lab, _ string) { l.escape() }},
	}
}

func parseSeed(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) }

func findAction(name string) (action, bool) {
	i := slices.IndexFunc(actions, func(a action) bool { return a.name == name })
	if i < 0 {
		return action{}, false
	}
	return actions[i], true
}

// actionOfKey is the action of a key, written like "Ctrl+z", on a page: the page's own comes before everyone's. It is
// empty where there is none.
func actionOfKey(page, key string) string {
	for _, k := range []string{page + ":" + key, key} {
		for _, a := range actions {
			if slices.Contains(strings.Fields(a.keys), k) {
				return a.name
			}
		}
	}
	return ""
}

// next is the one after x in list, the first for anything else.
func next[T comparable](list []T, x T) T { return list[(slices.Index(list, x)+1)%len(list)] }

func (l *Lab) generate(restart bool) {
	if l.Example {
		l.Example, l.Text = false, l.promptText()
		l.typed = l.Text
	}
	l.View.Sampling, l.Tokens = l.sampling, AllTokens
	if restart {
		l.Selection.Step, l.Selection.Token = -1, -1
	}
	l.send(session.Generate{Unit: "all", Restart: restart, Sampling: l.sampling})
}

func (l *Lab) problem(seed uint64) {
	v := l.View
	v.Example, v.Seed, v.Difficulty, v.Text, v.Sampling, v.Tokens = false, seed, l.difficulty, "", l.sampling, 0
	v.Selection.Step, v.Selection.Token, v.Selection.Node = -1, -1, -1
	v.Growth = v.Growth.anew()
	l.goTo(v)
}

func (l *Lab) typedProblem() {
	if strings.TrimSpace(l.typed) == "" || l.checked.Text == l.typed && l.checked.Error != "" {
		return
	}
	v := l.View
	v.Example, v.Text, v.Sampling, v.Tokens = false, l.typed, l.sampling, 0
	v.Selection.Step, v.Selection.Token, v.Selection.Node = -1, -1, -1
	v.Growth = v.Growth.anew()
	l.goTo(v)
}

func (l *Lab) moveStep(by int) {
	if K := len(l.trace.Steps); K > 0 {
		at := l.Selection.Step
		if at < 0 && by < 0 {
			at = K
		}
		l.selectStep(min(max(at+by, 0), K-1))
		l.selected()
	}
}

func (l *Lab) moveHead(by int) {
	t := &l.trace
	if n := t.Layers * t.Heads; n > 0 {
		at := -1
		if l.Selection.Head >= 0 {
			at = l.Selection.Layer*t.Heads + l.Selection.Head
		} else if by < 0 {
			at = n
		}
		at = (at + by + n) % n
		l.Selection.Layer, l.Selection.Head = at/t.Heads, at%t.Heads
		l.selected()
	}
}

func (l *Lab) show(page string) {
	if !slices.Contains(pageNames, page) {
		page = pageTrace
	}
	l.Page, l.explain = page, ""
}

func (l *Lab) openDialog(name string) {
	l.filter = ""
	l.dialog = name
	l.screen.modal()
}

// escape closes what is open, else stops what runs, else selects nothing.
func (l *Lab) escape() {
	switch {
	case l.dialog != "":
		l.dialog = ""
	case l.explain != "":
		l.explain = ""
	case l.tour > 0:
		l.tour = 0
	case l.View.Lesson.Lesson > 0:
		l.goLesson(lessonAt{})
	case l.playing:
		l.playing = false
	case l.status.Busy:
		l.send(session.Cancel{})
	case l.Selection != session.NoSelection:
		l.Selection = session.NoSelection
		l.selected()
	}
}
