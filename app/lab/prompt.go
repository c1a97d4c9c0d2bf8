package lab

import (
	"cmp"
	"fmt"
	"path"
	"strconv"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/runs"
	freetext "attnlab/rl/task/text"
)

// FreeText reports whether the model takes any text as a prompt.
func (s *State) FreeText() bool { return s.Trace.Wording != nil }

// Kind is the kind of free text whose controls are shown: the one that was chosen, or that of the trace.
func (s *State) Kind() string {
	if s.Controls.Kind == "" && s.FreeText() {
		return s.Trace.Wording.Task
	}
	return s.Controls.Kind
}

// Edited reports whether the prompt is to be another one than that of the trace: the prompt box or the system text were changed.
func (s *State) Edited() bool {
	return s.FreeText() && s.Trace.Recorded == nil && (s.Controls.Typed != s.Trace.Prompt || s.Controls.System != s.View.Wording.System)
}

// Whole reports whether the prompt box holds a typed prompt with markers, to which nothing is added.
func (s *State) Whole() bool {
	if !s.FreeText() {
		return false
	}
	text := s.Text
	if s.Controls.Typed != s.Trace.Prompt {
		text = s.Controls.Typed
	}
	chat, err := freetext.FindChat(s.Trace.Wording.Chat)
	return err == nil && text != "" && chat.Marked(text)
}

// put is how the problem of a view is put, with its task. A typed prompt is few-shot chain where it asks such a problem; else it is free
// text, unless it is one of the visitor's own problems.
func (v View) put() session.Wording {
	w := v.Wording
	own := w.Task == freetext.Problems.Name && w.Problems != ""
	switch {
	case own:
	case v.Text == "" || freetext.IsChain(v.Text):
		if w.Task != freetext.FewShotChain.Name {
			w.Shots = freetext.DefaultShots
		}
		w.Task = freetext.FewShotChain.Name
	default:
		w.Task = freetext.FreeText.Name
	}
	if w.Task != freetext.FewShotChain.Name {
		w.Shots = 0
	}
	if !own {
		w.Problems = ""
	}
	return w
}

// wordingOf says how the problem of a view is put. It is nil for a model whose task has a grammar.
func (s *State) wordingOf(v View) *session.Wording {
	if (!s.FreeText() || s.Trace.Recorded != nil) && v.Wording == (session.Wording{}) {
		return nil
	}
	w := v.put()
	return &w
}

// takePrompt puts the prompt of a new trace into the prompt box, and empties the box after the last one.
func (s *State) takePrompt(old *session.Trace) {
	switch {
	case s.FreeText() && (s.Trace.Prompt != old.Prompt || s.Controls.Typed == "" && s.Controls.Kind == "" || s.Trace.Typed && s.Controls.Typed == s.Text):
		s.Controls.Typed, s.Controls.Kind = s.Trace.Prompt, ""
	case !s.FreeText() && old.Wording != nil:
		s.Controls.Typed, s.Controls.Kind = s.Text, ""
	}
}

// generateEdited takes what the box and the system text hold and generates a response to it.
func (l *Lab) generateEdited() {
	edited := l.Controls.Typed != l.Trace.Prompt
	switch {
	case strings.TrimSpace(l.Controls.Typed) == "":
		l.Failure = session.Failure{Command: "NewProblem", Text: "The prompt is empty. Write a question."}
	case l.Controls.System != l.View.Wording.System && !edited: // the same problem
		v := l.fresh(l.Text, l.Seed)
		v.Tokens = AllTokens
		l.GoTo(v)
	case l.Controls.System == l.View.Wording.System && l.Trace.Typed && l.Controls.Typed == l.Text && strings.Contains(l.Trace.Prompt, l.Text): // the same question, without its markers
		l.Controls.Typed = l.Trace.Prompt
		l.generate(true)
	default:
		l.typedProblem(AllTokens)
	}
}

// setFree gives a control of free text its value.
func (l *Lab) setFree(name, value string) bool {
	switch name {
	case "step-rule":
		if l.View.Wording.Rule = value; value == string(freetext.Rules()[0]) {
			l.View.Wording.Rule = ""
		}
		l.Send(session.CutSteps{Rule: value})
	case "system":
		l.Controls.System = value
	case "shots":
		if n, ok := l.whole(name, value, 0, freetext.MostShots); ok {
			l.Do("put:shots=" + strconv.FormatUint(n, 10))
		}
	case "kind", "chat":
		l.Do("put:" + name + "=" + value)
	default:
		step, ok := strings.CutPrefix(name, "label-")
		if ok {
			l.labelStep(parse(step, -1, strconv.Atoi), value)
		}
		return ok
	}
	return true
}

// put changes how problems are put: the kind of free text, the examples or the markers. The problem is written again.
func (l *Lab) put(what string) {
	name, value, _ := strings.Cut(what, "=")
	v := l.fresh("", l.Seed)
	w := &v.Wording
	switch name {
	case "kind":
		switch l.Controls.Kind = value; {
		case value == freetext.FreeText.Name:
			l.Controls.Typed = ""
			l.screen.Focus("typed")
			return
		case value == freetext.Problems.Name && w.Problems == "": // the page asks for a file
			return
		}
		w.Task, w.Shots, v.Seed = value, freetext.DefaultShots, Start().Seed
	case "shots":
		w.Task, w.Shots = freetext.FewShotChain.Name, parse(value, freetext.DefaultShots, strconv.Atoi)
	case "chat":
		if w.Chat = value; !l.Whole() {
			if v.Text = l.Text; l.Controls.Typed != l.Trace.Prompt {
				v.Text = l.Controls.Typed
			}
		}
	}
	l.Controls.Kind = ""
	l.GoTo(v)
}

// fresh is the view of a problem without a response: the typed one, or that of a seed.
func (l *Lab) fresh(text string, seed uint64) View {
	v := l.View
	v.Example, v.Recorded, v.Text, v.Sampling, v.Tokens, v.Labels, v.Edits, v.PatchInto, v.Cut, v.Again, v.Many = false, "", text, l.Controls.Sampling, 0, "", "", "", 0, 0, 0
	if text == "" {
		v.Seed, v.Difficulty = seed, l.Controls.Difficulty
	}
	v.Wording.System = l.Controls.System
	v.Selection.Step, v.Selection.Token, v.Selection.Node = -1, -1, -1
	v.Growth = v.Growth.ungrown()
	return v
}

// adoptOwn shows the visitor's own model that was opened on the Trace page: with the problem of the view if that is about this model, else
// with the engine's first one. The link names it, though another browser does not have it.
func (l *Lab) adoptOwn() {
	t := &l.Trace
	if l.changing.again {
		l.View = l.changing.view // the first trace of the model has changed the newer one
		l.show(PageTrace)
		l.Controls.Typed, l.Controls.System, l.Controls.Kind = l.Text, l.View.Wording.System, ""
		l.restore(nil)
		return
	}
	l.show(PageTrace)
	l.View.Model, l.View.Example = l.changing.model, false
	l.View.Wording = session.Wording{Problems: l.View.Wording.Problems}
	l.Tokens, l.Text, l.Seed = 0, "", uint64(t.Seed)
	if t.Typed {
		l.Text = l.PromptText()
	}
	l.Controls.System, l.Controls.Kind = "", ""
	if l.Controls.Typed = l.Text; l.FreeText() {
		l.Controls.Typed = t.Prompt
	}
}

// OwnProblems counts the visitor's own problems.
func (s *State) OwnProblems() int {
	if s.View.Wording.Problems == "" {
		return 0
	}
	return strings.Count(s.View.Wording.Problems, "\n") + 1
}

// mostOwn bounds a file of problems, in bytes: the page hands all of it to the engine with each problem.
const mostOwn = 8 << 20

// openProblems takes a file of the visitor's own problems, and shows the first. A file with a damaged line is refused as a whole.
func (l *Lab) openProblems(name string, data []byte) error {
	if !l.FreeText() {
		return fmt.Errorf("%s has problems for a model of free text. Open such a model first: its name is in the header.", name)
	}
	if len(data) > mostOwn {
		return fmt.Errorf("%s is larger than %d MB, which this page does not take. Split the file.", name, mostOwn>>20)
	}
	problems, err := freetext.ReadProblems(strings.NewReader(string(data)))
	if err != nil {
		return fmt.Errorf("%s cannot be used: %s. The problems are as before.", name, strings.TrimRight(session.Message(err), "."))
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.Line()
	}
	before := l.View
	v := l.fresh("", 1)
	v.Wording.Task, v.Wording.Problems = freetext.Problems.Name, strings.Join(lines, "\n")
	l.Controls.Kind = ""
	l.GoTo(v)
	l.remember(before)
	l.say(fmt.Sprintf("%s: %d problems.", name, len(problems)))
	return nil
}

// linkedProblems bounds the problems that a link carries, in bytes.
const linkedProblems = 1500

// problemsForLink are the problems that a link carries: all, or where these are too long the one that is shown, or none.
func (v View) problemsForLink() string {
	w := v.Wording
	if len(w.Problems) <= linkedProblems {
		return w.Problems
	}
	lines := strings.Split(w.Problems, "\n")
	if one := lines[(max(v.Seed, 1)-1)%uint64(len(lines))]; len(one) <= linkedProblems {
		return one
	}
	return ""
}

// writeWording adds how the problem is put to a link.
func (v View) writeWording(add func(key, value string)) {
	w := v.Wording
	switch {
	case v.Text != "":
	case w.Task == freetext.Problems.Name:
		add("own", v.problemsForLink())
	case w.Task == freetext.FewShotChain.Name && w.Shots != freetext.DefaultShots:
		add("shots", strconv.Itoa(w.Shots))
	}
	for _, one := range [][2]string{{"system", w.System}, {"chat", w.Chat}, {"step-rule", w.Rule}} {
		if one[1] != "" {
			add(one[0], one[1])
		}
	}
}

// readWording is the inverse of writeWording.
func readWording(q *linkReader) (w session.Wording) {
	if q.has("shots") {
		w.Task, w.Shots = freetext.FewShotChain.Name, freetext.DefaultShots
		q.whole("shots", &w.Shots, 0, freetext.MostShots)
	}
	if q.has("own") {
		if _, err := freetext.ReadProblems(strings.NewReader(q.text("own"))); err == nil {
			w.Task, w.Shots, w.Problems = freetext.Problems.Name, 0, q.text("own")
		} else {
			q.refuse("own")
		}
	}
	w.System = q.text("system")
	q.choose("chat", &w.Chat, freetext.ChatNames())
	var rules []string
	for _, r := range freetext.Rules() {
		rules = append(rules, string(r))
	}
	q.choose("step-rule", &w.Rule, rules)
	return w
}

// sameWording reports whether two views put their problems alike; the rule that cuts steps does not count.
func (v View) sameWording(w View) bool {
	a, b := v.put(), w.put()
	a.Rule, b.Rule = "", ""
	return a == b
}

// rule is the rule that cuts the steps of the view.
func (v View) rule() string { return cmp.Or(v.Wording.Rule, string(freetext.Rules()[0])) }

// ownProblems reports whether a file of this name, dropped on the page, is one of problems: other such files are logs of runs.
func (l *Lab) ownProblems(name string) bool {
	return l.FreeText() && l.Page != PageCompare && strings.EqualFold(path.Ext(name), ".jsonl") && name != runs.MetricsFile && name != runs.PretrainFile
}
