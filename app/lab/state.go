package lab

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// State is all that the page draws: the newest snapshots, the view, and what is open on this page only.
type State struct {
	View
	session.Snapshots
	training
	handLabels
	editing
	branching

	Controls   Controls
	shipped    Example            // the worked example; its Tokens are empty if there is none
	recording  session.Recording  // the recorded trace that was fetched last; its Trace has no tokens before
	replay     *replay            // of its recorded cuts; nil for none
	wanted     *session.Selection // of a link, until its trace is there or the visitor does something else
	Opened     bool               // the engine has the view of the link
	answered   bool               // the engine has sent something
	Figures    bool               // figures may load
	Booting    string             // what is loading before the engine reports
	Playing    bool
	Dialog     string               // "", "keys", "capabilities", "model"
	Opening    Opening              // what the dialog for models holds
	Explained  string               // what the open explanation is of: "fci:3", "term:rollout"
	Filter     string               // of the commands dialog
	growing    bool                 // the tree grows by itself
	GrownFor   string               // problem whose tree did
	Picked     int                  // place of the command that Enter runs, among those that are listed
	NoLetters  bool                 // keys of one character do nothing
	Sought     string               // text that listed entries of the glossary contain
	Tour       int                  // 0, or the stop of the guided tour
	records    []LessonRecord       // what was done in each lesson
	Endings    map[string]lessonEnd // of lessons, by title, from earlier visits too
	RunOrder   string               // of the list of runs, one of RunOrders; empty is the first
	Menu       string               // run whose actions are listed
	Renaming   string               // run that is getting another name
	NewName    string               // as typed
	Dropping   string               // run to delete once that is confirmed
	Theme      string               // "", "light", "dark"
	Newer      bool                 // a newer version of the page is ready
	fading     string               // a message of the engine that will disappear
	shared     string               // the run of a link, until it is imported
	later      string               // an action that waits for the engine
	resuming   string               // a run that trained when the engine's program ended
	follows    bool                 // another screen chose what the engine shows
	assume     bool                 // that the engine is ready
	Read       string               // the engine's last message that the visitor has closed
	Folded     map[string]bool      // figures and tables, by name
	Notice     string               // a message that disappears by itself
	Refused    map[string]Refused   // number fields whose text is no number that they take, by name
	undo       []View
	Beside     *Beside // a saved trace to compare with; nil for none
	Browsing   RolloutQuery
	Answer     int    // of the followed problem, that is compared with the first
	FollowText string // a problem for base and trained, as typed
	// chosenToFollow is the run that the Compare page shows beside its base.
	chosenToFollow string
	asked          string // run whose answers the Train page has requested
	Hovered        int    // step that another screen points at, -1 for none
	HeadSought     string // text that names heads
	StripLayer     int    // of the strip of heads, where no head is selected
	layersAsked    layersAsked

	Walk           Walk // through the open head
	PlayingAnswers bool // the slider of answers moves by itself
	answersRun     int  // counts these plays, so that an old timer stops
}

// Controls are the controls' own values, until a command takes them.
type Controls struct {
	Difficulty string
	Typed      string
	System     string // of free text: what the system says first
	Kind       string // of free text, that was chosen and has no problem yet; empty for that of the trace
	Focus      string // heads of attnpo, as typed
	Sampling   session.Sampling
	Unit       string // "token" or "step"
	Speed      int    // units a second when playing
	Problems   int    // of finding heads, and of disrupting many
	Samples    int    // of disrupting one step
	Again      int    // continuations from each place where steps are sampled again
	Many       int    // responses to one problem at once
	EditSeed   uint32 // of what the model writes after an edit
	Ablated    Ablated
	Contrast   Contrast
}

func newState(v View, shipped Example) *State {
	s := &State{View: v, handLabels: handLabels{linkedLabels: v.Labels}, editing: editing{Draft: Draft{Step: -1}}, branching: branching{BranchOf: -1}, shipped: shipped, Booting: "the page", Hovered: -1, Endings: map[string]lessonEnd{},
		Controls: Controls{Difficulty: v.Difficulty, Typed: v.Text, System: v.Wording.System, Sampling: v.Sampling, Unit: "step", Speed: 4, Problems: 64, Samples: samplesOf(v.Cut), Again: samplesOf(v.Again), Many: samplesOf(v.Many), EditSeed: v.Sampling.Seed, Ablated: cmp.Or(v.Ablated, startAblated()), Contrast: v.Contrast},
		Folded:   map[string]bool{"heads": true, "table": true, "losses-table": true, "importance-table": true, "responses-table": true, "token-loss-table": true, "answers": true, "ablations-table": true, "patched-table": true, "metrics": true, "settings": true, "follow": true}}
	if s.Example {
		s.Trace = shipped.Trace
	}
	s.select_(s.Selection)
	return s
}

// samplesOf is how many continuations a field begins with, where a view asks for some.
func samplesOf(asked int) int {
	if asked > 0 {
		return asked
	}
	return startSamples
}

// apply takes a snapshot or an event.
func (s *State) apply(event session.Event) {
	switch e := event.(type) {
	case session.Trace:
		s.takeTrace(e)
	case session.HeadAttention:
		s.Trace.Take(e)
	case session.StepDetail:
		s.Trace.TakeDetail(e)
	case session.LayerScores:
		s.Layered = e
	case session.Status:
		if s.Status.Busy && !e.Busy {
			s.Booting = ""
		}
		if e.Text == "" {
			e.Text = s.Status.Text // a message stays until it is read: the next command must not remove it
		}
		s.Status = e
	case session.Capabilities:
		s.Capabilities = e
	case session.HeadsView:
		s.Heads = e
	case session.Disruption:
		s.Disruption = e
	case session.StepLosses:
		s.Losses = e
		s.View.Cut = e.Samples
	case session.Importances:
		s.Importances = e
		s.View.Again = e.Samples
	case session.Samples:
		s.Samples = e
		s.View.Many = e.Of
	case session.InsideView:
		s.takeInside(e)
	case session.Ablations:
		s.Ablations, s.View.Ablated = e, Ablated{}
		if e.Traces > 0 {
			s.View.Ablated = ablatedOf(e.Asked)
		}
	case session.Patched:
		s.Patched = e
		s.View.PatchInto = e.Into
	case session.AnswerLosses:
		s.Answers = e
	case session.Tree:
		s.takeTree(e)
	case session.Rules:
		s.Rules = e
	case session.Run:
		s.takeRun(e)
	case session.Beside:
		s.takeSecond(e)
	case session.PairedRollouts:
		s.takePairs(e)
	case session.Credit:
		s.takeCredit(e)
	case session.TokenLosses:
		s.takeLosses(e)
	case session.Followed:
		s.takeFollowed(e)
	case session.Methods:
		s.Methods = e
	case session.Speeds:
		s.Speeds = e
	case session.Runs:
		s.Runs = e
	case session.Contrasts:
		s.Contrasts, s.View.Contrast = e, contrastOf(e)
	case session.Offer:
		s.takeOffer(e)
	case session.Models:
		s.Models = e
	case session.SavedRollouts:
		s.Rollouts = e
	case session.Listing:
		s.Listing = e
	case session.Checked:
		s.Checked = e
	case session.Failure:
		if e.Command == "ShowCredit" && len(s.Run.Rollouts) == 0 {
			return // the answer is about a run that another has replaced meanwhile
		}
		s.Failure, s.Playing = e, false
	}
}

// takeTrace shows a newer trace. A cursor at the end of a trace that grew moves to the new end.
func (s *State) takeTrace(t session.Trace) {
	if t.Number < s.Trace.Number && s.Trace.Number > 0 {
		return
	}
	if !s.takesTrace(&t) {
		return
	}
	old := s.Trace
	if t.PromptLength != old.PromptLength || t.Seed != old.Seed || t.Typed != old.Typed {
		s.Draft = Draft{Step: -1}
	}
	defer s.takePrompt(&old)
	want := s.Selection
	if s.wanted != nil {
		want = *s.wanted
	}
	s.Trace = t
	if old.Task != "" && t.Task != old.Task && s.Text != "" && !t.Typed { // the new model could not read what was typed
		s.Text, s.Controls.Typed, s.Seed, s.Tokens = "", "", uint64(t.Seed), 0
	}
	if s.Recorded == "" && s.Opened && s.current() {
		s.View.Edits = linkedEdits(&t)
	}
	if !s.ofSite() && s.Opened && s.current() && len(t.Edits) == 0 { // the link holds the response before its edits
		s.Tokens = len(t.Tokens) - t.PromptLength
		if t.Complete {
			s.Tokens = AllTokens
		}
		s.View.Labels = s.labelsForLink()
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

// current reports whether the trace is of the problem of the view. Just after a change it is not.
func (s *State) current() bool {
	t := &s.Trace
	switch {
	case len(t.Tokens) == 0:
		return false
	case s.Example:
		n := s.shipped.PromptLength
		return t.PromptLength == n && slices.Equal(t.Tokens[:n], s.shipped.Tokens[:n])
	case s.Recorded != "" || t.Recorded != nil:
		return t.Recorded != nil && t.Recorded.Name == s.Recorded
	case s.Text != "":
		return strings.Join(strings.Fields(s.PromptText()), " ") == strings.Join(strings.Fields(s.Text), " ") || t.Typed
	}
	return !t.Typed && uint64(t.Seed) == s.Seed
}

// Ready reports whether the engine takes commands. Training pauses for them between two steps.
func (s *State) Ready() bool {
	return s.assume || !s.Watching() && s.Capabilities.Model.Name != "" && (!s.Status.Busy || s.Status.Stage == "training")
}

// select_ selects what of want exists.
func (s *State) select_(want session.Selection) {
	t := &s.Trace
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
func (s *State) selectToken(i int) {
	s.Selection.Token = i
	s.Selection.Step = s.stepOf(i)
}

func (s *State) selectStep(k int) { s.Selection.Step, s.Selection.Token = k, -1 }

// stepOf is the step of a token, -1 for prompt and answer.
func (s *State) stepOf(token int) int {
	return slices.IndexFunc(s.Trace.Steps, func(v session.StepView) bool { return v.Start <= token && token < v.End })
}

// cursor is the token from which stepping moves: the selected token, the last of the selected step, or the last of the prompt.
func (s *State) cursor() int {
	switch {
	case s.Selection.Token >= 0:
		return s.Selection.Token
	case s.Selection.Step >= 0 && s.Selection.Step < len(s.Trace.Steps):
		return s.Trace.Steps[s.Selection.Step].End - 1
	}
	return s.Trace.PromptLength - 1
}

// ends are the tokens at which stepping halts: every one after the prompt, or the last of every step and of the answer.
func (s *State) ends() []int {
	t := &s.Trace
	var ends []int
	if s.Controls.Unit == "token" {
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
func (s *State) forward() int {
	ends, at := s.ends(), s.cursor()
	if i := slices.IndexFunc(ends, func(e int) bool { return e > at }); i >= 0 {
		return ends[i]
	}
	return -1
}

// back is where the step before led, the last token of the prompt at first.
func (s *State) back() int {
	ends, at := s.ends(), s.cursor()
	for _, e := range slices.Backward(ends) {
		if e < at {
			return e
		}
	}
	return s.Trace.PromptLength - 1
}

// topStep is the step with the highest FCI, -1 without a step.
func (s *State) topStep() int {
	best, top := -1, math.Inf(-1)
	for k := range s.Trace.Steps {
		if v := explain.StepFCI(&s.Trace, session.NoSelection, k); v > top {
			best, top = k, v
		}
	}
	return best
}

// bestHead is the head found to look at needed steps, or else the one that gives the selected step its FCI.
func (s *State) bestHead() (layer, head int) {
	if len(s.Heads.KeyFocus) > 0 {
		return s.Heads.KeyFocus[0][0], s.Heads.KeyFocus[0][1]
	}
	values := explain.ByFCI.OfHeads(&s.Trace, &s.Heads, s.Selection)
	best, top := -1, math.Inf(-1)
	for i, v := range values {
		if v > top {
			best, top = i, v
		}
	}
	if best < 0 {
		return -1, -1
	}
	return best / s.Trace.Heads, best % s.Trace.Heads
}

// PromptText is the problem as it is typed: the prompt without what begins and ends every one. That of free text has its markers.
func (s *State) PromptText() string {
	return PromptOf(&s.Trace)
}

// PromptOf is the problem of a trace as text.
func PromptOf(t *session.Trace) string {
	if t.Wording != nil {
		return t.Prompt
	}
	if t.PromptLength < 2 || len(t.Text) < t.PromptLength {
		return ""
	}
	return strings.Join(t.Text[1:t.PromptLength-1], " ")
}
