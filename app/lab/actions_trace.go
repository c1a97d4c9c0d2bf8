package lab

import (
	"slices"
	"strconv"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/score"
	freetext "attnlab/rl/task/text"
)

// traceActions are those of the Trace and Heads pages.
func traceActions() []Action {
	ready := func(l *Lab) bool { return l.Ready() }
	own := func(l *Lab) bool { return l.Ready() && l.Recorded == "" } // a recorded trace has no model here
	generated := func(l *Lab) bool { return own(l) && len(l.Trace.Tokens) > 0 }
	complete := func(l *Lab) bool { return own(l) && l.Trace.Complete }
	measured := func(l *Lab) bool { return len(l.Losses.Steps) > 0 }
	important := func(l *Lab) bool { return len(l.Importances.Steps) > 0 }
	edited := func(l *Lab) bool { return l.canEdit() && len(l.Trace.Edits) > 0 }
	many := func(l *Lab) bool { return len(l.Samples.Responses) > 0 }
	opened := func(l *Lab) bool { return l.LookedInto && l.walkEnd() > 0 }
	ablated := func(l *Lab) bool { return len(l.Ablations.Rows) > 0 }
	patched := func(l *Lab) bool { return len(l.Patched.Back) > 0 }
	return []Action{
		// The problem and the response.
		{"generate", "g", "Generate the response or the rest of the response", true, generated, func(l *Lab, _ string) { l.generate(l.Trace.Complete) }},
		{"regenerate", "r", "Generate another response to the same problem", true, generated, func(l *Lab, _ string) {
			l.Controls.Sampling.Seed++
			l.generate(true)
		}},
		{"problem", "n", "Draw the next problem", true, ready, func(l *Lab, _ string) { l.problem(l.nextSeed()) }},
		{"seed", "", "", true, ready, func(l *Lab, a string) { l.problem(parse(a, l.Seed, parseSeed)) }},
		{"typed", "", "", true, ready, func(l *Lab, _ string) { l.typedProblem(0) }},
		{"put", "", "", true, ready, func(l *Lab, a string) { l.put(a) }},
		{"open-problems", "", "Open a file of problems of your own", false, func(l *Lab) bool { return ready(l) && l.FreeText() }, func(l *Lab, _ string) { l.screen.Pick("open-problems") }},
		{"example", "e", "Back to the worked example", true, ready, func(l *Lab, _ string) {
			v := Start()
			v.Page, v.Quantity, v.Grid, v.List = l.Page, l.Quantity, l.Grid, l.List
			v.Growth, v.Curves, v.Compared, v.Bench = l.Growth.ungrown(), l.Curves, l.Compared, l.Bench
			l.GoTo(v)
		}},
		{"recorded", "", "See a real model's trace, recorded", true, nil, func(l *Lab, a string) { l.goRecorded(a) }},
		{"forward", "ArrowRight l", "Next step or token; sample it if there is none yet", true, nil, func(l *Lab, _ string) { l.stepForward() }},
		{"back", "ArrowLeft h", "Previous step or token", true, nil, func(l *Lab, _ string) {
			l.selectToken(l.back())
			l.selected()
		}},
		{"draw", "", "", true, ready, func(l *Lab, _ string) {
			l.problem(l.nextSeed())
			l.generate(true)
		}},
		{"walk", "", "", false, nil, func(l *Lab, _ string) {
			l.Controls.Unit = "step"
			l.Selection.Step, l.Selection.Token = -1, -1
			l.play()
		}},
		{"play", "Space", "Play and pause", false, nil, func(l *Lab, _ string) {
			if l.Playing {
				l.Playing = false
				return
			}
			if l.Trace.Complete && l.forward() < 0 { // from the start again
				l.Selection.Step, l.Selection.Token = -1, -1
			}
			l.play()
		}},
		{"unit", "u", "Move by tokens or by steps", false, nil, func(l *Lab, a string) {
			if l.Controls.Unit = a; a == "" {
				l.Controls.Unit = next([]string{"step", "token"}, l.Controls.Unit)
			}
		}},
		// Changes of the response by hand.
		{"rewrite", "trace:F2", "Rewrite the selected step; the model writes the rest", false, func(l *Lab) bool { return l.chosenStep() >= 0 }, func(l *Lab, _ string) { l.draft(false) }},
		{"insert", "trace:+", "Insert a step after the selected one; the model writes the rest", false, func(l *Lab) bool { return l.chosenStep() >= 0 }, func(l *Lab, _ string) { l.draft(true) }},
		{"delete", "trace:Delete", "Delete the selected step or token; the model writes the rest", false, func(l *Lab) bool { return l.chosenStep() >= 0 || l.chosenToken() >= 0 }, func(l *Lab, _ string) { l.delete() }},
		{"alternatives", "trace:p", "Put another token in place of the selected one", false, func(l *Lab) bool { return l.canEdit() }, func(l *Lab, _ string) { l.alternatives() }},
		{"write", "", "", false, func(l *Lab) bool { return l.drafted() }, func(l *Lab, _ string) { l.write() }},
		{"close-draft", "", "", false, nil, func(l *Lab, _ string) { l.Draft = Draft{Step: -1} }},
		{"force", "", "", false, func(l *Lab) bool { return l.chosenToken() >= 0 }, func(l *Lab, a string) { l.force(parseToken(a)) }},
		{"unedit", "", "Undo the last change of the response", false, edited, func(l *Lab, _ string) { l.unedit() }},
		{"edit-again", "", "Let the model write what follows the change again", false, edited, func(l *Lab, _ string) { l.editAgain() }},
		// Inside the model.
		{"inside", "trace:.", "Open the model at the selected token", false, func(l *Lab) bool { return l.canEdit() }, func(l *Lab, _ string) { l.lookInside() }},
		{"inside-head", "", "", false, nil, func(l *Lab, a string) { l.insideHead(a) }},
		{"close-inside", "", "", false, nil, func(l *Lab, _ string) { l.closeInside() }},
		{"walk-head", "", "Walk through the open head, or pause", false, opened, func(l *Lab, _ string) { l.playWalk() }},
		{"walk-next", "", "", false, opened, func(l *Lab, _ string) { l.walkBy(1) }},
		{"walk-back", "", "", false, opened, func(l *Lab, _ string) { l.walkBy(-1) }},
		{"walk-token", "", "", false, opened, func(l *Lab, _ string) { l.walkBy(len(explain.StageNames)) }},
		{"ablate", "", "Measure what answers lose without the chosen heads", false, func(l *Lab) bool { return own(l) && len(l.Refused["ablate-heads"].Why) == 0 }, func(l *Lab, _ string) { l.ablate() }},
		{"ablate-head", "", "", false, func(l *Lab) bool { return l.Selection.Head >= 0 }, func(l *Lab, _ string) { l.toggleAblated() }},
		{"ablate-each", "", "", false, nil, func(l *Lab, _ string) { l.setAblated("ablate-heads", EachHead) }},
		{"save-ablations", "", "Save what answers lose without heads as CSV", false, ablated, func(l *Lab, _ string) { l.saveAblations("csv") }},
		{"save-ablations-json", "", "Save what answers lose without heads as JSON", false, ablated, func(l *Lab, _ string) { l.saveAblations("json") }},
		{"patch-edit", "", "Put states of the response before its last change into the one after it", false, edited, func(l *Lab, _ string) { l.patch(session.PatchEdit) }},
		{"patch-another", "", "Put states of the response into another one to the same problem", false, complete, func(l *Lab, _ string) { l.patch(session.PatchAnother) }},
		{"save-patched", "", "Save what patched states bring back as CSV", false, patched, func(l *Lab, _ string) { l.savePatched("csv") }},
		{"save-patched-json", "", "Save what patched states bring back as JSON", false, patched, func(l *Lab, _ string) { l.savePatched("json") }},
		{"cancel", "", "", false, nil, func(l *Lab, _ string) {
			l.Playing = false
			l.Send(session.Cancel{})
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
		{"step-up", "ArrowUp k", "Select the previous step", true, nil, func(l *Lab, _ string) { l.moveStep(-1) }},
		{"step-top", "m", "Select the step with the highest FCI", true, nil, func(l *Lab, _ string) {
			l.selectStep(l.topStep())
			l.selected()
		}},
		{"explain-top", "", "", true, nil, func(l *Lab, _ string) {
			l.selectStep(l.topStep())
			l.selected()
			if k := l.Selection.Step; k >= 0 {
				l.Explained = "fci:" + strconv.Itoa(k)
				l.screen.Place("explanation", "explain:"+l.Explained)
			}
		}},
		{"token", "", "", true, nil, func(l *Lab, a string) {
			l.selectToken(parse(a, -1, strconv.Atoi))
			l.selected()
		}},
		{"head", "", "", true, nil, func(l *Lab, a string) {
			layer, head, ok := explain.ParseHead(a)
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
		{"head-found", "", "", true, nil, func(l *Lab, _ string) { l.foundHead() }},
		{"layers", "", "", false, nil, func(l *Lab, _ string) { l.limitLayers(0, l.Trace.Layers) }},
		{"head-next", "]", "Select the next head", true, nil, func(l *Lab, _ string) { l.moveHead(1) }},
		{"head-before", "[", "Select the previous head", true, nil, func(l *Lab, _ string) { l.moveHead(-1) }},
		{"colour", "c", "Colour tokens by the next quantity", true, nil, func(l *Lab, a string) {
			if q := explain.Quantity(a); q.Of(explain.TokenQuantities()) {
				l.Quantity = q
			} else {
				l.Quantity = next(explain.TokenQuantities(), l.Quantity)
			}
		}},
		{"grid", "v", "Colour heads by the next quantity", true, nil, func(l *Lab, a string) {
			if q := explain.Quantity(a); q.Of(explain.HeadQuantities()) {
				l.Grid = q
			} else {
				l.Grid = next(explain.HeadQuantities(), l.Grid)
			}
		}},

		// Heads and disruption.
		{"heads-list", "heads:q", "Heads by layer or ranked", true, nil, func(l *Lab, _ string) { l.List.Ranked = !l.List.Ranked }},
		{"head-search", "heads:/", "Search for heads", false, nil, func(l *Lab, _ string) {
			l.show(PageHeads)
			l.screen.Focus("head-sought")
		}},
		{"cut-answer", "", "Measure how much less likely the answer is without each step", false, func(l *Lab) bool {
			return own(l) && l.Trace.Answer[1] > l.Trace.Answer[0] && len(l.Trace.Steps) > 0
		}, func(l *Lab, _ string) {
			l.Answers = session.AnswerLosses{}
			l.Send(session.DisruptAnswer{})
		}},
		{"heads", "f", "Find the key-focus heads", false, own, func(l *Lab, _ string) {
			l.Heads, l.Grid = session.HeadsView{}, explain.BySRA
			l.Send(session.FindHeads{Problems: l.Controls.Problems})
		}},
		{"disrupt", "x", "Cut attention to the selected step and sample the rest again", false, func(l *Lab) bool {
			return l.cutStep() >= 0 && (complete(l) || l.recorded(l.cutStep()) != nil && !l.Opened)
		}, func(l *Lab, _ string) { l.cut() }},
		{"cut-both", "", "", false, func(l *Lab) bool { return l.Example }, func(l *Lab, _ string) { l.cutBoth() }},
		{"train-this", "", "", true, nil, func(l *Lab, _ string) { l.show(PageTrain) }},
		{"cut-all", "a", "Cut every step in turn and measure what is lost", false, complete, func(l *Lab, _ string) { l.cutAll() }},
		{"save-losses", "", "Save the losses of all steps as CSV", false, measured, func(l *Lab, _ string) { l.saveLosses("csv") }},
		{"save-losses-json", "", "Save the losses of all steps as JSON", false, measured, func(l *Lab, _ string) { l.saveLosses("json") }},
		{"save-losses-png", "", "Save the figure of all steps as PNG", false, measured, func(l *Lab, _ string) { l.screen.SaveFigure("losses", "png") }},
		{"sample-again", "trace:q", "Sample every step again and measure what each contributes", false, func(l *Lab) bool { return complete(l) && len(l.Trace.Steps) > 0 }, func(l *Lab, _ string) { l.sampleAgain() }},
		{"save-importance", "", "Save the importance of all steps as CSV", false, important, func(l *Lab, _ string) { l.saveImportances("csv") }},
		{"save-importance-json", "", "Save the importance of all steps as JSON", false, important, func(l *Lab, _ string) { l.saveImportances("json") }},
		{"sample-many", "", "Sample many responses to the problem", false, generated, func(l *Lab, _ string) { l.sampleMany() }},
		{"save-samples", "", "Save the many responses as CSV", false, many, func(l *Lab, _ string) { l.saveSamples("csv") }},
		{"save-samples-json", "", "Save the many responses as JSON", false, many, func(l *Lab, _ string) { l.saveSamples("json") }},
		{"save-answer", "", "Save the losses of the answer as CSV", false, func(l *Lab) bool { _, ok := l.AnswerLost(); return ok }, func(l *Lab, _ string) { l.saveAnswerLosses() }},
		{"disrupt-many", "", "Cut attention to steps chosen by FCI, entropy or chance in many problems", false, own, func(l *Lab, _ string) {
			l.Disruption = session.Disruption{}
			l.Send(session.Disrupt{Step: -1, Problems: l.Controls.Problems, Picks: score.StepChoiceNames()})
		}},
	}
}

// pageActions are those of the lab as a whole.
func pageActions() []Action {
	ready := func(l *Lab) bool { return l.Ready() }
	return []Action{
		{"page", "", "", true, nil, func(l *Lab, a string) { l.show(a) }},
		{"trace", "1 t", "Page Trace", true, nil, func(l *Lab, _ string) { l.show(PageTrace) }},
		{"heads-page", "2 w", "Page Heads", true, nil, func(l *Lab, _ string) { l.show(PageHeads) }},
		{"tree-page", "3", "Page Tree", true, nil, func(l *Lab, _ string) { l.show(PageTree) }},
		{"train-page", "4", "Page Train", true, nil, func(l *Lab, _ string) { l.show(PageTrain) }},
		{"compare-page", "5", "Page Compare", true, nil, func(l *Lab, _ string) { l.show(PageCompare) }},
		{"learn-page", "6", "Page Learn", true, nil, func(l *Lab, _ string) { l.show(PageLearn) }},
		{"glossary-page", "7", "The glossary", true, nil, func(l *Lab, _ string) { l.show(PageGlossary) }},
		{"bench-page", "8", "Page Benchmark: how fast the engine is", true, nil, func(l *Lab, _ string) { l.show(PageBench) }},
		{"undo", "z Ctrl+z", "Undo the last action", false, func(l *Lab) bool { return len(l.undo) > 0 }, func(l *Lab, _ string) {
			last := l.undo[len(l.undo)-1]
			l.undo = l.undo[:len(l.undo)-1]
			l.Playing = false
			l.GoTo(last)
		}},
		{"link", "y", "Copy a link to this view", false, nil, func(l *Lab, _ string) { l.copyLink() }},
		{"save", "s", "Save the trace as a file", false, func(l *Lab) bool { return len(l.Trace.Tokens) > 0 }, func(l *Lab, _ string) { l.saveTrace() }},
		{"open-trace", "o", "Open a trace from a file", false, ready, func(l *Lab, _ string) { l.screen.Pick("open-trace") }},
		{"open-beside", "", "Compare the trace with a saved one", false, func(l *Lab) bool { return len(l.Trace.Tokens) > l.Trace.PromptLength }, func(l *Lab, _ string) { l.screen.Pick("open-beside") }},
		{"save-beside", "", "Save the comparison of two traces as CSV", false, func(l *Lab) bool { _, ok := l.Differences(); return ok }, func(l *Lab, _ string) { l.saveBeside() }},
		{"close-beside", "", "", false, nil, func(l *Lab, _ string) { l.Beside = nil }},
		{"open-model", "", "Open a model of your own", false, ready, func(l *Lab, _ string) { l.openModelDialog() }},
		{"ask-hub", "", "", false, ready, func(l *Lab, _ string) { l.lookAtHub() }},
		{"stored", "", "", false, ready, func(l *Lab, a string) { l.lookAtStored(a) }},
		{"ask-drop-model", "", "", false, nil, func(l *Lab, a string) { l.Opening.Dropped = a }},
		{"drop-model", "", "", false, ready, func(l *Lab, a string) { l.dropModel(a) }},
		{"pick-folder", "", "", false, ready, func(l *Lab, _ string) { l.screen.Pick("open-model") }},
		{"pick-gguf", "", "", false, ready, func(l *Lab, _ string) { l.screen.Pick("open-gguf") }},
		{"offer-open", "", "", false, ready, func(l *Lab, _ string) { l.openOffer() }},
		{"offer-leave", "", "", false, nil, func(l *Lab, _ string) { l.leaveOffer() }},
		{"figure-png", "", "", false, nil, func(l *Lab, a string) { l.screen.SaveFigure(a, "png") }},
		{"figure-svg", "", "", false, nil, func(l *Lab, a string) { l.screen.SaveFigure(a, "svg") }},
		{"figure-csv", "", "", false, nil, func(l *Lab, a string) { l.screen.SaveFigure(a, "csv") }},
		{"figure-gif", "", "", false, nil, func(l *Lab, a string) { l.screen.SaveFigure(a, "gif") }},
		{"base", "", "", false, ready, func(l *Lab, a string) { l.useModel(a) }},
		{"lose", "", "Simulate a GPU loss (tests recovery)", false, ready, func(l *Lab, _ string) { l.Send(session.LoseDevice{}) }},
		{"race-again", "", "Measure the speed of both backends again", false, ready, func(l *Lab, _ string) { l.Send(session.RaceAgain{}) }},
		{"fold", "", "", false, nil, func(l *Lab, a string) { l.Folded[a] = !l.Folded[a] }},
		{"reopen", "", "", false, nil, func(l *Lab, a string) { l.reopen(a) }},
		{"engine", "", "", false, nil, func(l *Lab, a string) { l.screen.Reload(a, "auto") }},
		{"skip", "", "", false, nil, func(l *Lab, _ string) { l.screen.Reveal("main") }},
		{"theme", "d", "Light, dark, or the system's colours", false, nil, func(l *Lab, _ string) {
			l.Theme = next([]string{"", "light", "dark"}, l.Theme)
			l.screen.Theme(l.Theme)
		}},
		{"tour", "", "Take the guided tour", false, nil, func(l *Lab, a string) { l.GoTour(parse(a, 1, strconv.Atoi)) }},
		{"tour-do", "", "", false, nil, func(l *Lab, _ string) { l.showStop() }},
		{"capabilities", "i", "What runs here and how it was tested", false, nil, func(l *Lab, _ string) { l.openDialog("capabilities") }},
		{"keys", "? Ctrl+k Meta+k", "All commands and their keys", false, nil, func(l *Lab, _ string) { l.openDialog("keys") }},
		{"close", "", "", false, nil, func(l *Lab, _ string) { l.closeDialog() }},
		{"run", "", "", false, nil, func(l *Lab, a string) {
			l.Dialog = ""
			l.Do(a)
		}},
		{"explain", "", "", false, nil, func(l *Lab, a string) {
			if l.Explained == a {
				a = ""
			}
			l.Explained = a
			l.screen.Place("explanation", "explain:"+a)
		}},
		{"dismiss", "", "", false, nil, func(l *Lab, _ string) { l.Failure, l.Notice, l.Read = session.Failure{}, "", l.Status.Text }},
		{"reload", "", "", false, func(l *Lab) bool { return l.Newer }, func(l *Lab, _ string) { l.screen.Update() }},
		{"escape", "Escape", "Close, stop, or clear the selection", true, nil, func(l *Lab, _ string) { l.escape() }},
	}
}

func parseSeed(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) }

// next is the one after x in list, the first for anything else.
func next[T comparable](list []T, x T) T { return list[(slices.Index(list, x)+1)%len(list)] }

func (l *Lab) generate(restart bool) {
	if l.Edited() {
		l.generateEdited()
		return
	}
	if l.Example {
		l.Example, l.Text = false, l.PromptText()
		l.Controls.Typed = l.Text
	}
	l.linkedLabels = ""
	l.View.Sampling, l.Tokens, l.View.Cut, l.View.Again = l.Controls.Sampling, AllTokens, 0, 0
	l.View.Edits = ""
	if restart {
		l.Selection.Step, l.Selection.Token = -1, -1
	}
	l.Send(session.Generate{Unit: "all", Restart: restart, Sampling: l.Controls.Sampling})
}

// nextSeed is the seed of the next problem. A trace of the site has none, so after it comes the first.
func (l *Lab) nextSeed() uint64 {
	if l.ofSite() {
		return Start().Seed
	}
	if n := l.OwnProblems(); n > 0 && l.View.put().Task == freetext.Problems.Name { // their numbers
		return l.Seed%uint64(n) + 1
	}
	return l.Seed + 1
}

func (l *Lab) problem(seed uint64) { l.GoTo(l.fresh("", seed)) }

// typedProblem takes the problem that was typed, and the first tokens of a response to it.
func (l *Lab) typedProblem(tokens int) {
	if strings.TrimSpace(l.Controls.Typed) == "" || l.Checked.Text == l.Controls.Typed && l.Checked.Error != "" {
		return
	}
	v := l.fresh(l.Controls.Typed, l.Seed)
	v.Tokens = tokens
	l.GoTo(v)
}

// useModel changes the model. The problem stays if the new model can read it; else the engine draws one.
func (l *Lab) useModel(name string) {
	if l.Recorded != "" { // no model can be asked about it
		v := l.View
		v.Recorded, v.Model, v.Seed, v.Text, v.Tokens, v.Edits, v.Selection = "", name, Start().Seed, "", 0, "", session.NoSelection
		l.GoTo(v)
		return
	}
	if l.Example {
		l.Example, l.Text = false, l.PromptText()
		l.Controls.Typed = l.Text
	}
	if l.View.Model = name; name == append(l.Capabilities.Bases, "")[0] {
		l.View.Model = ""
	}
	l.Tokens, l.View.Edits = 0, ""
	l.changing = changing{model: name, task: l.Trace.Task}
	l.Send(session.UseModel{Name: name})
}

// changing is a change of model that was asked for: its name, and the task of the problem before.
type changing struct {
	model, task string
	own         bool // the model is the visitor's own, so the problem before does not stay
	again       bool // the view is about this model already
	view        View // of that model, when it was opened
}

// adoptProblem takes the problem that the engine has drawn for a model of another task into the view, and so into the link.
func (l *Lab) adoptProblem(event any) {
	if f, failed := event.(session.Failure); failed && f.Command == session.Kind(session.UseModel{}) {
		l.changing = changing{}
	}
	t, ok := event.(session.Trace)
	if !ok || l.changing.model == "" || l.changing.model != l.Capabilities.Model.Name {
		return
	}
	if t.Task != l.changing.task && !l.changing.again {
		l.Text, l.View.Difficulty, l.Seed = "", "", uint64(t.Seed)
		l.View.Wording, l.Controls.System = session.Wording{Problems: l.View.Wording.Problems}, ""
		l.Controls.Typed, l.Controls.Difficulty = "", ""
	}
	if l.changing.own {
		l.adoptOwn()
	}
	l.changing = changing{}
}

func (l *Lab) moveStep(by int) {
	if K := len(l.Trace.Steps); K > 0 {
		at := l.Selection.Step
		if at < 0 && by < 0 {
			at = K
		}
		l.selectStep(min(max(at+by, 0), K-1))
		l.selected()
	}
}

func (l *Lab) moveHead(by int) {
	t := &l.Trace
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
		page = PageTrace
	}
	if page != l.Page { // quiet messages are about the page that they came on
		l.Notice, l.Read = "", l.Status.Text
	}
	l.Page, l.Explained = page, ""
}

// copyLink puts the address on the clipboard.
func (l *Lab) copyLink() {
	l.screen.CopyLink(l.View.String(), l.copied("Link copied.", "Copy the link from the address bar."))
}

// copied shows the result of a copy: done, or that the browser refused, and what to do instead.
func (l *Lab) copied(done, instead string) func(copied bool) {
	return func(copied bool) {
		if copied {
			l.say(done)
			return
		}
		l.Notice = strings.TrimSpace("The browser did not allow access to the clipboard. " + instead)
	}
}

func (l *Lab) openDialog(name string) {
	l.Filter = ""
	l.Dialog = name
	l.screen.Modal()
}

// escape closes what is open, else stops what runs, else selects nothing.
func (l *Lab) escape() {
	switch {
	case l.Dialog == ModelDialog && l.Opening.Asked != "":
		l.leaveOffer() // the plan first, then the dialog
	case l.Dialog != "":
		l.closeDialog()
	case l.Explained != "":
		l.Explained = ""
	case l.Tour > 0:
		l.Tour = 0
	case l.View.Lesson.Lesson > 0:
		l.GoLesson(LessonPlace{})
	case l.Playing:
		l.Playing = false
	case l.Status.Busy:
		l.Send(session.Cancel{})
	case l.Selection != session.NoSelection:
		l.Selection = session.NoSelection
		l.selected()
	}
}
