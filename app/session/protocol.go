// Package session is what the engine and its screens know of each other: the commands that a screen sends, and the events
// that it receives. Screens never compute; they draw the newest snapshot of each kind. Snapshots are whole, immutable and
// numbered. Package engine owns device, model and task; screens do not import it.
//
// This file and machine.go list all commands and events; values.go has the values in them. Messages travel as JSON ([Encode], [Decode]) over
// a BroadcastChannel named after the session, so that panels, figures in the page and figures in windows of their own are
// equals, or over Go channels in tests and on the desktop. Messages sent before the engine's Worker starts are lost: wait for
// the first [Status] before sending.
package session

import (
	"attnlab/model/speed"
	"attnlab/rl/runs"
)

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
		// Labels are those of steps that were given by hand, [K], empty where none was. Wording is that of a trace of free text.
		Labels  []string `json:"labels,omitempty"`
		Wording *Wording `json:"wording,omitempty"`
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
	// ShowCredit chooses the rollout that [Credit] explains, by its row in [Run.Rollouts].
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
	// ExportRun asks for a run's files, or for a part of them by name: its [Adapter], or its [Merged] model. [RunFiles] is the answer.
	ExportRun struct {
		ID   string `json:"id"`
		Part string `json:"part,omitempty"`
	}
	// ExportMetrics asks for every step of some runs in one file: a table if Name ends in .csv, else JSON. [RunFiles] is the
	// answer; its ID is Name.
	ExportMetrics struct {
		IDs  []string `json:"ids"`
		Name string   `json:"name"`
	}
	// ImportRun adds a run from its files: an exported folder, or metrics.jsonl alone, which can be compared but not resumed.
	ImportRun struct {
		Name  string            `json:"name"`
		Files map[string][]byte `json:"files"`
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

// Event is what the engine reports. All but Failure, Checked and RunFiles are snapshots: the newest of each kind replaces
// those before it.
type Event interface{ event() }

type (
	// Status says what the engine does now.
	Status struct {
		Stage string `json:"stage"`          // "opening", "loading", "ready", "generating", "finding heads", ...
		Done  int    `json:"done"`           // of Total; both 0 where unknown
		Total int    `json:"total"`          //
		Busy  bool   `json:"busy"`           //
		Text  string `json:"text,omitempty"` // a sentence for the visitor, or empty
		// Part is what a stage does now, where it has parts: "sampling", "scoring", "updating the weights". PartDone is of
		// PartOf; both 0 where unknown.
		Part     string `json:"part,omitempty"`
		PartDone int    `json:"part_done,omitempty"`
		PartOf   int    `json:"part_of,omitempty"`
	}
	// Failure says in one sentence why a command failed.
	Failure struct {
		Command string `json:"command"` // its kind
		Text    string `json:"text"`
	}
	// Checked is the answer to [Check]: Error is empty if the problem can be read, else one sentence.
	Checked struct {
		Text  string `json:"text"`
		Error string `json:"error"`
	}
	// Capabilities says what computes, why it was chosen and how it was tested.
	Capabilities struct {
		Adapter  string        `json:"adapter"`
		Backend  string        `json:"backend"`
		Software bool          `json:"software"`
		Why      string        `json:"why"`                // of the choice of the backend, as a sentence
		Race     *Race         `json:"race,omitempty"`     // that chose it; nil if there was none
		Kernels  []KernelCheck `json:"kernels"`            // tested so far
		Untested int           `json:"untested,omitempty"` // kernels whose test is still to come
		Model    ModelInfo     `json:"model"`
		Bases    []string      `json:"bases"`          // shipped, by name
		Disk     bool          `json:"disk,omitempty"` // [Browse] lists a folder of the machine
	}
	// Offer is a model of others that can be opened: what [LookAt] found. Without a name there is none.
	Offer struct {
		Number     uint64        `json:"number"`
		From       ModelPlace    `json:"from"`
		Name       string        `json:"name"`
		Kind       string        `json:"kind"` // its model_type, or its architecture in a GGUF file
		Parameters int           `json:"parameters"`
		Layers     int           `json:"layers"`
		Heads      int           `json:"heads"`
		Bytes      int64         `json:"bytes"`    // of its files
		Stored     string        `json:"stored"`   // the storage that holds what its files hold
		Context    int           `json:"context"`  // that is proposed, tokens
		Contexts   []ContextPlan `json:"contexts"` // that can be chosen, the shortest first
		Adapter    string        `json:"adapter"`
		Binding    int64         `json:"binding"`         // bytes that the adapter allows a kernel to see of one buffer
		Buffer     int64         `json:"buffer"`          // bytes of the adapter's largest buffer
		Notes      []string      `json:"notes,omitempty"` // a sentence for each thing in the files that is not used
		// Download is what opening the model downloads first, in bytes; 0 where its files are here. Of a model at a hub that was
		// downloaded before, From is this browser.
		Download int64 `json:"download,omitempty"`
	}
	// Models lists the models of others that are stored in this browser.
	Models struct {
		Number uint64        `json:"number"`
		Models []StoredModel `json:"models"`
		Used   int64         `json:"used"`             // bytes of all that the lab stores in this browser
		Quota  int64         `json:"quota"`            // bytes that the browser allows; 0 where it does not say
		Hub    string        `json:"hub,omitempty"`    // address of the hub that models are downloaded from; empty for none
		Closed string        `json:"closed,omitempty"` // why no model can be stored here, as a sentence, or empty
	}
	// Trace is the problem and the response so far with everything known about it. T counts tokens, K steps, L layers, H
	// heads. Positions count from 0 at the first token of the prompt.
	Trace struct {
		Number       uint64    `json:"number"`
		Task         string    `json:"task"`
		Difficulty   int       `json:"difficulty"`
		Seed         runs.Seed `json:"seed"`
		Typed        bool      `json:"typed"` // the visitor's own problem
		Gold         string    `json:"gold"`
		Sampling     Sampling  `json:"sampling"`
		Tokens       []int     `json:"tokens"`
		Text         []string  `json:"text"` // [T] token strings
		PromptLength int       `json:"prompt_length"`
		Think        [2]int    `json:"think"`
		Answer       [2]int    `json:"answer"` // empty until </think>
		Complete     bool      `json:"complete"`
		WellFormed   bool      `json:"well_formed"`
		Correct      bool      `json:"correct"`
		LogProbs     []float32 `json:"logprobs"` // [T]
		Entropy      []float32 `json:"entropy"`  // [T]
		Received     []float32 `json:"received"` // [T] attention each token gets from later ones, mean over heads, summed over queries
		// Top is the likeliest tokens at each place, given those before it, [T]; the first is empty. A long trace has none: see StepDetail.
		Top    [][]Choice `json:"top,omitempty"`
		Steps  []StepView `json:"steps"` // [K]
		Layers int        `json:"layers"`
		Heads  int        `json:"heads"`
		Delta  int        `json:"delta"`
		FCI    []float64  `json:"fci"`              // [K]
		FCIOf  []int      `json:"fci_of,omitempty"` // [K] head of the largest, layer·H + head
		// FCIHeads and Focus are those of every head, where heads and steps are few. Of longer traces the screens get those of the
		// selected head and step: see HeadAttention and StepDetail.
		FCIHeads Scores `json:"fci_heads,omitempty"` // [L,H,K]
		Focus    Scores `json:"focus,omitempty"`     // [L,H,K]
		// HeadScores is every score of heads that a single trace has, mean over its steps, by name.
		HeadScores []HeadValues `json:"head_scores,omitempty"`
		// StepScores is every score of the table in package score, in its order.
		StepScores []StepScore `json:"step_scores"`
		// Attention is between the ranges prompt, steps, answer: what a token of the row's range pays to a token of the
		// column's, the largest over the heads; Of is the head that has it, layer·H + head.
		Attention Densities `json:"attention"` // [K+2,K+2]
		Of        HeadOf    `json:"of"`        // [K+2,K+2]
		// Chosen is the same in the selected head: see HeadAttention. All is every head, [L,H,K+2,K+2]: in files, which are read
		// where no engine can be asked, and where heads and steps are few.
		Chosen HeadAttention `json:"chosen"`
		Detail StepDetail    `json:"detail"`
		All    Densities     `json:"all,omitempty"`
		Work   Work          `json:"work"` // of the device for this snapshot

		// Of free text: how the prompt is put, the prompt with its markers as it can be edited, and the answer as it was read.
		Wording *Wording `json:"wording,omitempty"`
		Prompt  string   `json:"prompt,omitempty"`
		Found   string   `json:"found,omitempty"`

		// Recorded says where a recorded trace is from; nil for a trace of the current model.
		Recorded *Recorded `json:"recorded,omitempty"`
	}
	// StepScore is one score of each step of a trace. Its title, formula and meaning are in package score, by its name.
	StepScore struct {
		Name   string     `json:"name"`
		Values []*float64 `json:"values"` // [K], null where a step has none
		// Position is the rank correlation with the place of the step: 1 where earlier steps score higher, null where there
		// are too few steps.
		Position *float64 `json:"position"`
	}
	// HeadAttention is the attention between the ranges of a trace in the head that was selected last. The engine sends it
	// for each selection, because all heads of a trace would not fit a message. Without a head Attention is empty.
	HeadAttention struct {
		Number    uint64    `json:"number"`
		Trace     uint64    `json:"trace"` // number of the Trace it belongs to
		Layer     int       `json:"layer"`
		Head      int       `json:"head"`
		Attention Densities `json:"attention"` // [K+2,K+2]
		// FCI and Focus are those of each step in this head, [K].
		FCI   Scores `json:"fci,omitempty"`
		Focus Scores `json:"focus,omitempty"`
	}
	// StepDetail is what a trace that is too long to carry it for every step says about the selected one: its scores in every
	// head, and the likeliest tokens at each of its places. The engine sends it for each selection of such a trace.
	StepDetail struct {
		Number uint64       `json:"number"`
		Trace  uint64       `json:"trace"` // number of the Trace it belongs to
		Step   int          `json:"step"`  // -1 where no step is selected
		Heads  []HeadValues `json:"heads,omitempty"`
		First  int          `json:"first"` // token of the first of Top
		Top    [][]Choice   `json:"top,omitempty"`
	}
	// LayerScores is the answer to [ScoreLayers]: the readings of FCI whose maximum over heads takes layers From to To alone, half open.
	LayerScores struct {
		Number uint64      `json:"number"`
		Trace  uint64      `json:"trace"`
		From   int         `json:"from"`
		To     int         `json:"to"`
		Scores []StepScore `json:"scores"`
	}
	// HeadsView is the result of [FindHeads] so far.
	HeadsView struct {
		Number   uint64     `json:"number"`
		Problems int        `json:"problems"` // done
		Of       int        `json:"of"`
		Layers   int        `json:"layers"`
		Heads    int        `json:"heads"`
		SRA      []*float64 `json:"sra"`      // [L,H]; nil without a pair
		Kurtosis []*float64 `json:"kurtosis"` // [L,H]
		Pairs    int        `json:"pairs"`
		KeyFocus [][2]int   `json:"key_focus"` // layer, head
		// Ranked counts the responses that SRA is the mean over, each to a problem of its own. SRALow to SRAHigh holds the SRA of a
		// head with 95 % confidence, [L,H]; Position is the SRA of the place of a step alone.
		Ranked       int        `json:"ranked"`
		SRALow       []*float64 `json:"sra_low"`
		SRAHigh      []*float64 `json:"sra_high"`
		Position     *float64   `json:"position"`
		PositionLow  *float64   `json:"position_low"`
		PositionHigh *float64   `json:"position_high"`
		// HeldOut are heads that were chosen on every other response and judged on the rest, beside the place of a step alone.
		HeldOut         []HeldOutHead `json:"held_out,omitempty"`
		HeldOutPosition *HeldOutHead  `json:"held_out_position,omitempty"`
	}
	// AnswerLosses is the result of [DisruptAnswer]: how much less likely the answer is without attention to each step, in nats; null
	// where it is not measured yet. Trace is the number of the trace it belongs to.
	AnswerLosses struct {
		Number uint64     `json:"number"`
		Trace  uint64     `json:"trace"`
		Values []*float64 `json:"values"` // [K]
	}
	// Disruption is the result of [Disrupt] so far. Pairs are the continuations of one step, [Samples], as each of them ends.
	// Groups count whole batches of them, because of a batch the short ones end first; it is empty before the first.
	Disruption struct {
		Number uint64            `json:"number"`
		Step   int               `json:"step"` // -1 over many problems
		Groups []DisruptionGroup `json:"groups"`
		Pairs  []DisruptionPair  `json:"pairs,omitempty"`
	}
	// StepLosses is the result of [DisruptSteps] so far. Without steps nothing was cut.
	StepLosses struct {
		Number  uint64     `json:"number"`
		Samples int        `json:"samples"` // continuations of each kind that were asked for
		Steps   []StepLoss `json:"steps"`   // [K]
		// Ranking says how well FCI and the place of a step rank the losses. It is nil until the last cut, or a stop.
		Ranking *LossRanking `json:"ranking"`
	}
)

type (
	// Tree is the branch tree so far.
	Tree struct {
		Number      uint64       `json:"number"`
		Problem     string       `json:"problem"`
		Gold        string       `json:"gold"`
		Seed        uint64       `json:"seed"`
		Rule        TreeRule     `json:"rule"`
		Temperature float64      `json:"temperature"` // at which responses are sampled
		Prompt      int          `json:"prompt_length"`
		Done        bool         `json:"done"`    // every branch point has its rollouts
		Next        string       `json:"next"`    // what the next round does, as a sentence
		Nodes       []TreeNode   `json:"nodes"`   // the root first; parents before children
		Points      []BranchView `json:"points"`  // in the order they are rolled out
		Charged     int64        `json:"charged"` // tokens of all responses, prefixes each time
		Sampled     int64        `json:"sampled"` // tokens really generated
	}
	// Rules is the result of [CompareRules] so far.
	Rules struct {
		Number   uint64        `json:"number"`
		Problems int           `json:"problems"` // done
		Of       int           `json:"of"`
		Rows     []RuleOutcome `json:"rows"` // one for each rule
	}
	// Run is the active run: settings, state and the metrics of each step.
	Run struct {
		Number   uint64       `json:"number"`
		Info     RunInfo      `json:"info"`
		Settings RunSettings  `json:"settings"`
		Base     []Metric     `json:"base"`             // of the model it started from, measured before the first step
		Metrics  []Metric     `json:"metrics"`          // one column each, with a value for each step, see [NewestSteps]
		Rollouts []RolloutRow `json:"rollouts"`         // of the last step
		Sample   string       `json:"sample,omitempty"` // pretraining: what the model writes at this step
		Left     float64      `json:"left"`             // seconds to the end, 0 where unknown
		Rate     float64      `json:"rate"`             // tokens a second
		Kept     int          `json:"kept"`             // step of the copy in the browser's storage, -1 without one
	}
	// Credit explains the credit of one rollout of the active run's last step.
	Credit struct {
		Number  uint64       `json:"number"`
		Rollout int          `json:"rollout"`
		Text    []string     `json:"text"`   // tokens of the response
		Before  []float64    `json:"before"` // [response] advantage before the method's own term
		After   []float64    `json:"after"`  // [response] advantage that is trained on
		Steps   []CreditStep `json:"steps"`
		Outcome []Term       `json:"outcome"` // reward to advantage: the sum, term by term
	}
	// Speeds is the result of [MeasureSpeed] so far.
	Speeds struct {
		Number  uint64      `json:"number"`
		Running bool        `json:"running"`
		Done    int         `json:"done"` // parts of Of
		Of      int         `json:"of"`
		Part    string      `json:"part,omitempty"` // that is measured now
		Rows    []speed.Row `json:"rows"`
		Missing string      `json:"missing,omitempty"` // why WebGPU is not measured: a sentence, or empty
	}
	// Followed is what a run writes to one problem, which it does not train on, at some of its steps; the first answer is that of
	// the model it began from. Without answers there is no such run. R counts the tokens of a response.
	Followed struct {
		Number  uint64           `json:"number"`
		ID      string           `json:"id"`              // of the run
		Typed   bool             `json:"typed,omitempty"` // the problem is that of [FollowRun]
		Problem string           `json:"problem"`
		Gold    string           `json:"gold"`
		Answers []FollowedAnswer `json:"answers"`
	}
	// Methods is the catalogue of methods with their hyper-parameters. Screens make their controls from it.
	Methods struct {
		Methods []Method `json:"methods"`
	}
	// Runs lists the runs: this browser's, imported and shipped ones.
	Runs struct {
		Number  uint64    `json:"number"`
		Runs    []KeptRun `json:"runs"`
		Storage string    `json:"storage,omitempty"` // what to know about the browser's storage: a sentence, or empty
	}
	// RunFiles is the answer to [ExportRun] and [ExportMetrics].
	RunFiles struct {
		ID    string            `json:"id"`
		Name  string            `json:"name"`
		Files map[string][]byte `json:"files"`
	}
)
