// Package session is what the engine and its screens know of each other: the commands that a screen sends, and the events
// that it receives. Screens never compute; they draw the newest snapshot of each kind. Snapshots are whole, immutable and
// numbered. Package engine owns device, model and task; screens do not import it.
//
// This file lists the commands, events.go the events, machine.go those of an engine in a program of its own; values.go has the values
// in them. Messages travel as JSON ([Encode], [Decode]) over
// a BroadcastChannel named after the session, so that panels, figures in the page and figures in windows of their own are
// equals, or over Go channels in tests and on the desktop. Messages sent before the engine's Worker starts are lost: wait for
// the first [Status] before sending.
package session

// Command is what a screen asks of the engine. The engine carries out commands in order, except that [Advance] lets others go
// first between two training steps. It answers [Cancel], [Select], [Check], [ShowCredit], [UserActive] and [Hello] at once.
type Command interface{ command() }

type (
	// Restore shows what a link holds, in one command: a model, a trace or a problem, the first tokens of a response, the
	// first rounds of a tree, and the selection. A part that is nil or empty does not change.
	Restore struct {
		Model     string      `json:"model,omitempty"` // a shipped base or the model of a run, by name
		Trace     *ShowTrace  `json:"trace,omitempty"`
		Recorded  string      `json:"recorded,omitempty"` // a shipped recorded trace by name, which needs no model
		Problem   *NewProblem `json:"problem,omitempty"`
		Response  *Generate   `json:"response,omitempty"` // always from the start: Unit and Restart are ignored
		Tokens    int         `json:"tokens,omitempty"`   // of the response, -1 for all
		Tree      *GrowTree   `json:"tree,omitempty"`     // always from the start: Unit and Restart are ignored
		Rounds    int         `json:"rounds,omitempty"`   // of the tree, -1 for all
		Selection Selection   `json:"selection"`
	}
	// Hello makes the engine send every current snapshot again. Each new screen sends it.
	Hello struct{}
	// Open opens a backend, loads the default base and starts the self-test of the kernels.
	Open struct {
		Backend string `json:"backend"` // "webgpu", "host", or "auto": the faster one for the model
	}
	// UseModel changes the model: a shipped base, or the model of a run, by name.
	UseModel struct {
		Name string `json:"name"`
	}
	// LookAt reads what a model of others is and what it needs, without its weights. [Offer] is the answer.
	LookAt struct {
		From ModelPlace `json:"from"`
	}
	// OpenModel makes the model of the offer the current one. Until it is loaded, and if that fails, the old one stays. The files of one
	// at a hub are downloaded into this browser first.
	OpenModel struct {
		Storage string `json:"storage"`        // of its matrices, by name
		Context int    `json:"context"`        // tokens, one of those that were offered
		Keep    bool   `json:"keep,omitempty"` // store its files in this browser first
	}
	// LeaveOffer closes the files of the offer.
	LeaveOffer struct{}
	// DropModel deletes a model that is stored in this browser, by its id.
	DropModel struct {
		ID string `json:"id"`
	}
	// NewProblem draws a problem, or reads Text if it is not empty. It clears the trace. Wording is for models of free text: nil
	// keeps that of the problem before.
	NewProblem struct {
		Difficulty string `json:"difficulty"` // "2-5"; empty is the task's own
		Seed       uint64 `json:"seed"`
		Text       string `json:"text,omitempty"`

		Wording *Wording `json:"wording,omitempty"`
	}
	// CutSteps cuts the steps of a trace of free text by another rule, see package text.
	CutSteps struct {
		Rule string `json:"rule"`
	}
	// LabelSteps gives steps of the trace labels by hand, all of them or none, or takes them back where Label is empty. They stay with the
	// trace in files; a new response has none.
	LabelSteps struct {
		Labels []StepLabel `json:"labels"`
	}
	// Check asks whether a typed problem can be read. [Checked] is the answer.
	Check struct {
		Text string `json:"text"`
	}
	// Generate continues the response by one Unit: "token", "step" or "all". Restart clears the response first. Equal
	// Sampling gives the same response, whatever the units.
	Generate struct {
		Unit     string   `json:"unit"`
		Restart  bool     `json:"restart,omitempty"`
		Sampling Sampling `json:"sampling"`
	}
	// ShowTrace shows a trace from a file. The current model scores its tokens. Sampling is how it was sampled, and how its
	// continuations will be.
	ShowTrace struct {
		Prompt   []int    `json:"prompt"`
		Response []int    `json:"response"`
		Sampling Sampling `json:"sampling"`
		// Labels are those of steps that were given by hand, [K], empty where none was. Wording is that of a trace of free text. Edits led to
		// the response; each has what it dropped.
		Labels  []string `json:"labels,omitempty"`
		Wording *Wording `json:"wording,omitempty"`
		Edits   []Edit   `json:"edits,omitempty"`
	}
	// FindHeads scores every head on sampled responses to Problems problems.
	FindHeads struct {
		Problems int `json:"problems"`
	}
	// Disrupt samples continuations of the trace after step Step: Samples with attention to that step removed and as many
	// with it. Step -1 does so for Problems problems, at a step that each of Picks, names of [score.StepChoice],
	// chooses.
	Disrupt struct {
		Step     int      `json:"step"`
		Samples  int      `json:"samples"`
		Problems int      `json:"problems"`
		Picks    []string `json:"picks,omitempty"`
	}
	// DisruptSteps cuts every step of the complete trace in turn, as [Disrupt] does one, with Samples continuations of each
	// kind. [StepLosses] is the answer.
	DisruptSteps struct {
		Samples int `json:"samples"`
	}
	// DisruptAnswer removes attention to every step of the trace in turn and measures how much less likely its answer becomes. It draws
	// nothing, and needs neither labels nor a right answer. [AnswerLosses] is the answer.
	DisruptAnswer struct{}
	// ScoreLayers scores the steps of the trace with FCI's maximum over the heads of layers From to To alone, half open.
	// [LayerScores] is the answer.
	ScoreLayers struct {
		From int `json:"from"`
		To   int `json:"to"`
	}
	// Select changes the selection on every screen.
	Select struct {
		Selection Selection `json:"selection"`
	}
	// Hover names the step under the pointer, -1 for none. Only the other screens use it.
	Hover struct {
		Step int `json:"step"`
	}
	// GrowTree grows a branch tree of the current problem. Unit "all" completes it, "round" continues by one round: the
	// initial responses, the branch points, then the rollouts of one branch point after another. Restart begins a new tree.
	GrowTree struct {
		Unit    string   `json:"unit"`
		Restart bool     `json:"restart,omitempty"`
		Rule    TreeRule `json:"rule"`
		Seed    uint64   `json:"seed"`
	}
	// CompareRules grows trees by two rules from the same initial responses to Problems problems.
	CompareRules struct {
		Rules    [2]string `json:"rules"`
		Rule     TreeRule  `json:"rule"` // what both share; its Branch is ignored
		Problems int       `json:"problems"`
		Seed     uint64    `json:"seed"`
	}
	// Begin makes a new run from the current model and makes it the active one. The run that was active stays among the
	// [Runs]. Begin takes no training step: [Advance] does.
	Begin struct {
		Settings RunSettings `json:"settings"`
	}
	// Advance takes training steps of the active run; 0 takes all that are left. Cancel pauses it after the current step. Where
	// Run is not empty and another run is active, it does nothing: the run that it meant could not be resumed.
	Advance struct {
		Steps int    `json:"steps"`
		Run   string `json:"run,omitempty"`
	}
	// ShowCredit chooses the rollout that [Credit] explains, by its row in [Run.Rollouts]. [TokenLosses] follows as soon as the device is free.
	ShowCredit struct {
		Rollout int `json:"rollout"`
	}
	// FollowRun shows what a run wrote to its followed problem as it learned. [Followed] is the answer; that of the active run
	// comes by itself. Where the run did not record it, or with a problem as text, the model that the run began from and the trained
	// one answer.
	FollowRun struct {
		ID   string `json:"id"`
		Text string `json:"text,omitempty"`
	}
	// ResumeRun makes a saved run the active one, at the step where it was saved.
	ResumeRun struct {
		ID string `json:"id"`
	}
	// DropRun deletes a saved run.
	DropRun struct {
		ID string `json:"id"`
	}
	// RenameRun gives a run another name, which is saved with it. Shipped runs keep theirs.
	RenameRun struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	// ExportRun asks for a run's files, or for a part of them by name: its [Adapter], its [Merged] model, or a project that hands it over to a
	// [Trainer] by that trainer's name. [RunFiles] is the answer.
	ExportRun struct {
		ID   string `json:"id"`
		Part string `json:"part,omitempty"`
	}
	// ExportMetrics asks for every step of some runs, or of every run where IDs is empty, in one file: a table if Name ends in .csv, else
	// JSON. [RunFiles] is the answer; its ID is Name.
	ExportMetrics struct {
		IDs  []string `json:"ids"`
		Name string   `json:"name"`
	}
	// ImportRun adds a run from its files: an exported folder, or metrics.jsonl alone, which can be compared but not resumed. An engine in a
	// program of its own reads them by ranges: Picked is then the id of the files that the page holds, and Files is empty.
	ImportRun struct {
		Name   string            `json:"name"`
		Files  map[string][]byte `json:"files,omitempty"`
		Picked string            `json:"picked,omitempty"`
	}
	// MeasureSpeed measures the host backend and, where there is one, the WebGPU adapter on the workloads of "attnlab bench":
	// the rows whose name Filter, a regular expression, matches. Full runs each row five times.
	MeasureSpeed struct {
		Filter string `json:"filter"`
		Full   bool   `json:"full"`
	}
	// RaceAgain measures both backends with the current model again, and moves to the faster one if the backend is "auto".
	RaceAgain struct{}
	// UserActive says that a person uses the keys or the pointer, or that a screen is about to redraw. An engine that
	// computes on the same processors then pauses for a moment.
	UserActive struct{}
	// Cancel stops the current command, or those of a kind. Their results so far stay.
	Cancel struct {
		Command string `json:"command,omitempty"`
	}
	// LoseDevice simulates the loss of the GPU, to test recovery.
	LoseDevice struct{}
)
