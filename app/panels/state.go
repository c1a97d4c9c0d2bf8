package panels

import (
	"math"
	"slices"
	"strings"

	"attnlab/app/session"
)

// state is all that the page draws: the newest snapshot of each kind, the view, and what is open on this page only.
type state struct {
	View

	// Snapshots.
	trace        session.Trace
	status       session.Status
	capabilities session.Capabilities
	heads        session.HeadsView
	disruption   session.Disruption
	checked      session.Checked
	failure      session.Failure
	tree         session.Tree
	rules        session.Rules
	run          session.Run
	credit       session.Credit
	methods      session.Methods
	runs         session.Runs

	training

	// The controls' own values, until a command takes them.
	difficulty string
	typed      string
	sampling   session.Sampling
	unit       string // "token" or "step"
	speed      int    // units a second when playing
	problems   int    // of finding heads, and of disrupting over many
	samples    int    // of disrupting one step

	example  session.Trace      // shipped; its Tokens are empty where there is none
	wanted   *session.Selection // of a link, until its trace is there or another action is taken
	opened   bool               // the engine has been told what the link says
	booting  string             // what is being loaded before the engine speaks
	playing  bool
	dialog   string            // "", "keys", "capabilities", "tables"
	explain  string            // what the open explanation is of: "fci:3", "term:rollout"
	filter   string            // of the commands dialog
	sought   string            // what entries of the glossary must say to be listed
	tour     int               // 0, or the step of the guided tour
	records  []record          // what was done in each lesson
	endings  map[string]ending // of lessons, by title, from earlier visits too
	dropping string            // run that is deleted if that is confirmed
	theme    string            // "", "light", "dark"
	update   bool              // a newer version of the page is ready
	read     string            // what the engine said last, once it has been read
	folded   map[string]bool   // figures, by name
	notice   string            // a sentence that passes
	disabled bool              // the browser cannot run this
	undo     []View
	hovered  int // step that another screen points at, -1 for none
}

func newState(v View, example session.Trace) *state {
	s := &state{View: v, example: example, unit: "step", speed: 4, problems: 64, samples: 32, sampling: v.Sampling, typed: v.Text, difficulty: v.Difficulty, booting: "the page", hovered: -1, endings: map[string]ending{}, folded: map[string]bool{"heads": true, "table": true, "metrics": true, "settings": true}}
	if s.Example {
		s.trace = example
	}
	s.select_(s.Selection)
	return s
}

// apply takes a snapshot or an event.
func (s *state) apply(event session.Event) {
	switch e := event.(type) {
	case session.Trace:
		s.takeTrace(e)
	case session.HeadAttention:
		s.trace.Take(e)
	case session.Status:
		if s.status.Busy && !e.Busy {
			s.booting = ""
		}
		if e.Text == "" {
			e.Text = s.status.Text // a sentence stays until it is read: the next command must not take it away
		}
		s.status = e
	case session.Capabilities:
		s.capabilities = e
	case session.HeadsView:
		s.heads = e
	case session.Disruption:
		s.disruption = e
	case session.Tree:
		s.takeTree(e)
	case session.Rules:
		s.rules = e
	case session.Run:
		s.takeRun(e)
	case session.Credit:
		s.takeCredit(e)
	case session.Methods:
		s.methods = e
	case session.Runs:
		s.runs = e
	case session.Checked:
		s.checked = e
	case session.Failure:
		if e.Command == "ShowCredit" && len(s.run.Rollouts) == 0 {
			return // the page asked about a run that another has replaced meanwhile
		}
		s.failure, s.playing = e, false
	}
}

// takeTrace shows a newer trace. A cursor at the end of a trace that grew goes on to the new end.
func (s *state) takeTrace(t session.Trace) {
	if t.Number < s.trace.Number && s.trace.Number > 0 {
		return
	}
	old := s.trace
	want := s.Selection
	if s.wanted != nil {
		want = *s.wanted
	}
	s.trace = t
	if !s.Example && s.opened && s.current() {
		s.Tokens = len(t.Tokens) - t.PromptLength
		if t.Complete {
			s.Tokens = AllTokens
		}
		if s.Tokens != 0 && t.Sampling != (session.Sampling{}) { // a trace from a file was not sampled here
			s.View.Sampling = t.Sampling
		}
	}
	grew := len(t.Tokens) > len(old.Tokens) && slices.Equal(t.Tokens[:len(old.Tokens)], old.Tokens)
	if grew && len(old.Tokens) > 0 && s.Selection.Token == len(old.Tokens)-1 {
		s.selectToken(len(t.Tokens) - 1)
	} else {
		s.select_(want)
	}
}

// current tells whether the trace is of the problem of the view; for a moment after a change it is not.
func (s *state) current() bool {
	t := &s.trace
	switch {
	case len(t.Tokens) == 0:
		return false
	case s.Example:
		n := s.example.PromptLength
		return t.PromptLength == n && slices.Equal(t.Tokens[:n], s.example.Tokens[:n])
	case s.Text != "":
		return strings.Join(strings.Fields(s.promptText()), " ") == strings.Join(strings.Fields(s.Text), " ") || t.Typed
	}
	return !t.Typed && t.Seed == s.Seed
}

// ready tells whether commands can be carried out. Training makes room for them between two of its steps.
func (s *state) ready() bool {
	return s.capabilities.Model.Name != "" && (!s.status.Busy || s.status.Stage == "training")
}

// select_ selects what of want exists.
func (s *state) select_(want session.Selection) {
	t := &s.trace
	if len(t.Tokens) > 0 { // without a trace yet the view of a link stays
		if want.Step >= len(t.Steps) {
			want.Step = -1
		}
		if want.Token >= len(t.Tokens) {
			want.Token = -1
		}
	}
	if want.Token >= 0 && len(t.Tokens) > 0 {
		want.Step = s.stepOf(want.Token)
	}
	if t.Layers > 0 && (want.Layer >= t.Layers || want.Head >= t.Heads) {
		want.Layer, want.Head = -1, -1
	}
	s.Selection = want
}

// selectToken selects a token and the step it is in.
func (s *state) selectToken(i int) {
	s.Selection.Token = i
	s.Selection.Step = s.stepOf(i)
}

func (s *state) selectStep(k int) { s.Selection.Step, s.Selection.Token = k, -1 }

// stepOf is the step of a token, -1 for prompt and answer.
func (s *state) stepOf(token int) int {
	return slices.IndexFunc(s.trace.Steps, func(v session.StepView) bool { return v.Start <= token && token < v.End })
}

// cursor is where stepping stands: the selected token, the last of the selected step, or the last of the prompt.
func (s *state) cursor() int {
	switch {
	case s.Selection.Token >= 0:
		return s.Selection.Token
	case s.Selection.Step >= 0 && s.Selection.Step < len(s.trace.Steps):
		return s.trace.Steps[s.Selection.Step].End - 1
	}
	return s.trace.PromptLength - 1
}

// ends are the tokens at which stepping halts: every one after the prompt, or the last of every step and of the answer.
func (s *state) ends() []int {
	t := &s.trace
	var ends []int
	if s.unit == "token" {
		for i := t.PromptLength; i < len(t.Tokens); i++ {
			ends = append(ends, i)
		}
		return ends
	}
	for _, step := range t.Steps {
		ends = append(ends, step.End-1)
	}
	if last := len(t.Tokens) - 1; last >= t.PromptLength && (len(ends) == 0 || ends[len(ends)-1] < last) {
		ends = append(ends, last)
	}
	return ends
}

// forward is where the next step of the cursor leads, -1 past the last token.
func (s *state) forward() int {
	ends, at := s.ends(), s.cursor()
	if i := slices.IndexFunc(ends, func(e int) bool { return e > at }); i >= 0 {
		return ends[i]
	}
	return -1
}

// back is where the step before led, the last token of the prompt at first.
func (s *state) back() int {
	ends, at := s.ends(), s.cursor()
	for _, e := range slices.Backward(ends) {
		if e < at {
			return e
		}
	}
	return s.trace.PromptLength - 1
}

// topStep is the step with the highest FCI, -1 without a step.
func (s *state) topStep() int {
	best, top := -1, math.Inf(-1)
	for k := range s.trace.Steps {
		if v := stepFCI(&s.trace, session.NoSelection, k); v > top {
			best, top = k, v
		}
	}
	return best
}

// bestHead is the head found to look at needed steps, or else the one that gives the selected step its FCI.
func (s *state) bestHead() (layer, head int) {
	if len(s.heads.KeyFocus) > 0 {
		return s.heads.KeyFocus[0][0], s.heads.KeyFocus[0][1]
	}
	values := byFCI.ofHeads(&s.trace, &s.heads, s.Selection)
	best, top := -1, math.Inf(-1)
	for i, v := range values {
		if v > top {
			best, top = i, v
		}
	}
	if best < 0 {
		return -1, -1
	}
	return best / s.trace.Heads, best % s.trace.Heads
}

// promptText is the problem as it is typed: the prompt without what begins and ends every one.
func (s *state) promptText() string {
	if s.trace.PromptLength < 2 || len(s.trace.Text) < s.trace.PromptLength {
		return ""
	}
	return strings.Join(s.trace.Text[1:s.trace.PromptLength-1], " ")
}
