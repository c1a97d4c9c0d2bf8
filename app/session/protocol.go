// Package session is everything between the engine and its screens: the commands a
// screen may send, and the events and snapshots it gets back. Screens never compute;
// they draw the newest snapshot of each kind. Snapshots are whole, immutable and
// numbered. The goroutine that owns device, model and task is in package engine,
// which screens do not import.
//
// This file is the whole protocol. It travels as JSON ([Encode], [Decode]) over
// one BroadcastChannel named after the session, so that panels, figures in the
// page and figures in windows of their own are equals, or over Go channels in
// tests and on the desktop. Nobody keeps what is said before the engine's Worker
// runs: a page speaks once it has heard a [Status].
package session

// Command is what a screen asks of the engine. Commands are carried out in order, but
// that [Advance] lets others go first between two steps; [Cancel], [Select], [Check],
// [ShowCredit], [Touch] and [Hello] are heard at once.
type Command interface{ command() }

type (
	// Restore leads to what a link holds, in one command: a trace or a problem, so many tokens of a response, so many rounds
	// of a tree, and the selection. A part that is nil stays as it is.
	Restore struct {
		Trace     *ShowTrace  `json:"trace,omitempty"`
		Problem   *NewProblem `json:"problem,omitempty"`
		Response  *Generate   `json:"response,omitempty"` // Unit and Restart are not used: it begins again
		Tokens    int         `json:"tokens,omitempty"`   // of the response, -1 for all
		Tree      *GrowTree   `json:"tree,omitempty"`     // Unit and Restart are not used: it begins again
		Rounds    int         `json:"rounds,omitempty"`   // of the tree, -1 for all
		Selection Selection   `json:"selection"`
	}
	// Hello makes the engine send every current snapshot again: a new screen says it.
	Hello struct{}
	// Open opens an engine, loads the default base and tests the kernels.
	Open struct {
		Backend string `json:"backend"` // auto, webgpu or host
	}
	// UseModel changes the model: a shipped base by name, or the files of an opened folder.
	UseModel struct {
		Name  string            `json:"name"`
		Files map[string][]byte `json:"files,omitempty"`
	}
	// NewProblem draws a problem, or reads a typed one where Text is not empty. It
	// forgets the trace.
	NewProblem struct {
		Difficulty string `json:"difficulty"` // "2-5"; empty is the task's own
		Seed       uint64 `json:"seed"`
		Text       string `json:"text,omitempty"`
	}
	// Check says whether a typed problem can be read, by a [Checked] event.
	Check struct {
		Text string `json:"text"`
	}
	// Generate goes on with the trace: Unit "token", "step" or "all". Restart begins the
	// response again. Equal sampling gives the equal trace, however it is cut into units.
	Generate struct {
		Unit     string   `json:"unit"`
		Restart  bool     `json:"restart,omitempty"`
		Sampling Sampling `json:"sampling"`
	}
	// ShowTrace shows a trace from a file instead of a sampled one; the tokens are scored
	// by the current model.
	ShowTrace struct {
		Prompt   []int `json:"prompt"`
		Response []int `json:"response"`
	}
	// FindHeads scores every head over sampled problems.
	FindHeads struct {
		Problems int `json:"problems"`
	}
	// Disrupt resamples the rest of the trace after step Step, Samples times with
	// attention to that step cut and as often without. Step -1 does so for steps chosen
	// by each of Picks ("fci", "other", "entropy", "random") over Problems problems.
	Disrupt struct {
		Step     int      `json:"step"`
		Samples  int      `json:"samples"`
		Problems int      `json:"problems"`
		Picks    []string `json:"picks,omitempty"`
	}
	// Select is what is selected on every screen.
	Select struct {
		Selection Selection `json:"selection"`
	}
	// Hover is the step that a screen points at, -1 for none. It is for the other screens;
	// no engine keeps it.
	Hover struct {
		Step int `json:"step"`
	}
	// GrowTree grows a branch tree over the problem on show. Unit "all" grows it whole,
	// "round" goes on by one round: initial responses, branch points, then the rollouts
	// of one branch point after another. Restart begins again.
	GrowTree struct {
		Unit    string   `json:"unit"`
		Restart bool     `json:"restart,omitempty"`
		Rule    TreeRule `json:"rule"`
		Seed    uint64   `json:"seed"`
	}
	// CompareRules grows trees by two rules on the same initial responses of Problems
	// problems.
	CompareRules struct {
		Rules    [2]string `json:"rules"`
		Rule     TreeRule  `json:"rule"` // what both share; its Branch is not used
		Problems int       `json:"problems"`
		Seed     uint64    `json:"seed"`
	}
	// Begin makes a new run from the model on show and puts it in the place of the one
	// at work, which stays among the [Runs]. It takes no step: [Advance] does.
	Begin struct {
		Settings RunSettings `json:"settings"`
	}
	// Advance takes training steps of the run at work; 0 goes on to the run's end. Cancel
	// pauses it after the step under way.
	Advance struct {
		Steps int `json:"steps"`
	}
	// ShowCredit chooses the rollout whose credit [Credit] explains, by its place in the
	// run's newest table.
	ShowCredit struct {
		Rollout int `json:"rollout"`
	}
	// ResumeRun puts a kept run back to work at the step it was kept at.
	ResumeRun struct {
		ID string `json:"id"`
	}
	// DropRun forgets a kept run.
	DropRun struct {
		ID string `json:"id"`
	}
	// ExportRun asks for a run's files by a [RunFiles] event.
	ExportRun struct {
		ID string `json:"id"`
	}
	// ExportMetrics asks for every step of runs as one file by a [RunFiles] event whose ID is
	// the file's name: a table if that ends in .csv, else runs as JSON.
	ExportMetrics struct {
		IDs  []string `json:"ids"`
		Name string   `json:"name"`
	}
	// ImportRun takes in a run's files: an exported folder, or a metrics.jsonl alone, which
	// can be compared and not gone on with.
	ImportRun struct {
		Name  string            `json:"name"`
		Files map[string][]byte `json:"files"`
	}
	// Touch says that a person is at the keys or the pointer, or that a screen is about to be drawn: an engine that
	// computes on the processors which draw it leaves these alone for a moment.
	Touch struct{}
	// Cancel stops the command at work, or those of a kind; what they have so far stays.
	Cancel struct {
		Command string `json:"command,omitempty"`
	}
	// LoseDevice provokes the loss of the GPU, to see that nothing is lost by it.
	LoseDevice struct{}
)

// Event is what the engine says. All but Failure, Checked and RunFiles are snapshots:
// the newest of each kind is the whole truth.
type Event interface{ event() }

type (
	// Status is what the engine is at.
	Status struct {
		Stage string `json:"stage"`          // "opening", "testing kernels", "loading", "ready", "generating", "finding heads", ...
		Done  int    `json:"done"`           // of Total; both 0 where unknown
		Total int    `json:"total"`          //
		Busy  bool   `json:"busy"`           //
		Text  string `json:"text,omitempty"` // a plain sentence where there is something to say
	}
	// Failure is a command that could not be carried out: one sentence.
	Failure struct {
		Command string `json:"command"` // its kind
		Text    string `json:"text"`
	}
	// Checked answers [Check]: Error is empty for a good problem, else one sentence.
	Checked struct {
		Text  string `json:"text"`
		Error string `json:"error"`
	}
	// Capabilities is what runs and how it was chosen and tested.
	Capabilities struct {
		Adapter  string        `json:"adapter"`
		Backend  string        `json:"backend"`
		Software bool          `json:"software"`
		Why      string        `json:"why"`
		Kernels  []KernelCheck `json:"kernels"`            // tested so far
		Untested int           `json:"untested,omitempty"` // kernels whose test is still to come
		Model    ModelInfo     `json:"model"`
		Bases    []string      `json:"bases"` // shipped, by name
	}
	// Trace is the problem and the response so far with all that is known of it. T
	// counts tokens, K steps, L layers, H heads. Positions are of Tokens.
	Trace struct {
		Number       uint64     `json:"number"`
		Task         string     `json:"task"`
		Difficulty   int        `json:"difficulty"`
		Seed         uint64     `json:"seed"`
		Typed        bool       `json:"typed"` // the visitor's own problem
		Gold         string     `json:"gold"`
		Sampling     Sampling   `json:"sampling"`
		Tokens       []int      `json:"tokens"`
		Text         []string   `json:"text"` // [T] token strings
		PromptLength int        `json:"prompt_length"`
		Think        [2]int     `json:"think"`
		Answer       [2]int     `json:"answer"` // empty until </think>
		Complete     bool       `json:"complete"`
		WellFormed   bool       `json:"well_formed"`
		Correct      bool       `json:"correct"`
		LogProbs     []float32  `json:"logprobs"` // [T]
		Entropy      []float32  `json:"entropy"`  // [T]
		Received     []float32  `json:"received"` // [T] attention each token gets from later ones, mean over heads, summed over queries
		Top          [][]Choice `json:"top"`      // [T] likeliest tokens at each place, given those before it; the first is empty
		Steps        []StepView `json:"steps"`    // [K]
		Layers       int        `json:"layers"`
		Heads        int        `json:"heads"`
		Delta        int        `json:"delta"`
		FCI          []float64  `json:"fci"`       // [K]
		FCIHeads     Scores     `json:"fci_heads"` // [L,H,K]
		Focus        Scores     `json:"focus"`     // [L,H,K]
		// StepScores is every score of the table in package score, in its order.
		StepScores []StepScore `json:"step_scores"`
		// Attention is between the ranges prompt, steps, answer: what a token of the row's range pays to a token of the
		// column's, the largest over the heads; Of is the head that has it, layer·H + head.
		Attention Densities `json:"attention"` // [K+2,K+2]
		Of        []int     `json:"of"`        // [K+2,K+2]
		// Chosen is the same in the selected head: see HeadAttention. All is for files only, which are read where no engine
		// can be asked: every head, [L,H,K+2,K+2].
		Chosen HeadAttention `json:"chosen"`
		All    Densities     `json:"all,omitempty"`
		Work   Work          `json:"work"` // of the device for this snapshot
	}
	// StepScore is one score of each step of a trace. Its title, formula and meaning are in package score, by its name.
	StepScore struct {
		Name   string     `json:"name"`
		Values []*float64 `json:"values"` // [K], null where a step has none
		// Position is the rank correlation with the place of the step: 1 where earlier steps score higher, null where there
		// are too few steps.
		Position *float64 `json:"position"`
	}
	// HeadAttention is the attention between the ranges of a trace in one head, the one that was selected last. The engine
	// sends it for a selection, because all heads of a trace would not fit a message. Without a head Attention is empty.
	HeadAttention struct {
		Number    uint64    `json:"number"`
		Trace     uint64    `json:"trace"` // number of the Trace it belongs to
		Layer     int       `json:"layer"`
		Head      int       `json:"head"`
		Attention Densities `json:"attention"` // [K+2,K+2]
	}
	// HeadsView is what finding the key-focus heads has given so far.
	HeadsView struct {
		Number   uint64     `json:"number"`
		Problems int        `json:"problems"` // done
		Of       int        `json:"of"`
		Layers   int        `json:"layers"`
		Heads    int        `json:"heads"`
		SRA      []*float64 `json:"sra"`      // [L,H]; nil where no pair was seen
		Kurtosis []*float64 `json:"kurtosis"` // [L,H]
		MeanFCI  []*float64 `json:"mean_fci"` // [L,H]
		Pairs    int        `json:"pairs"`
		KeyFocus [][2]int   `json:"key_focus"` // layer, head
	}
	// Disruption is what cutting attention to a step has done so far.
	Disruption struct {
		Number uint64            `json:"number"`
		Step   int               `json:"step"` // -1 over many problems
		Groups []DisruptionGroup `json:"groups"`
	}
)

type (
	// Tree is the branch tree so far, or of the last rule that grew one.
	Tree struct {
		Number  uint64       `json:"number"`
		Problem string       `json:"problem"`
		Gold    string       `json:"gold"`
		Seed    uint64       `json:"seed"`
		Rule    TreeRule     `json:"rule"`
		Prompt  int          `json:"prompt_length"`
		Done    bool         `json:"done"`    // every branch point has its rollouts
		Next    string       `json:"next"`    // what the next round does, as a sentence
		Nodes   []TreeNode   `json:"nodes"`   // the root first; parents before children
		Points  []BranchView `json:"points"`  // in the order they are rolled out
		Charged int64        `json:"charged"` // tokens of all responses, prefixes each time
		Sampled int64        `json:"sampled"` // tokens really generated
	}
	// Rules is what [CompareRules] has so far.
	Rules struct {
		Number   uint64        `json:"number"`
		Problems int           `json:"problems"` // done
		Of       int           `json:"of"`
		Rows     []RuleOutcome `json:"rows"` // one a rule
	}
	// Run is the run at work: settings, state and every step's report.
	Run struct {
		Number   uint64       `json:"number"`
		Info     RunInfo      `json:"info"`
		Settings RunSettings  `json:"settings"`
		Base     []Metric     `json:"base"`             // of the model it started from, measured before the first step
		Metrics  []Metric     `json:"metrics"`          // columns: each has one value a step, see [NewestSteps]
		Rollouts []RolloutRow `json:"rollouts"`         // of the last step
		Sample   string       `json:"sample,omitempty"` // pretraining: what the model writes now
		Left     float64      `json:"left"`             // seconds to the end, 0 where unknown
		Rate     float64      `json:"rate"`             // tokens a second
		Kept     int          `json:"kept"`             // step of the newest copy in browser storage, -1 without one
	}
	// Credit explains the credit of one rollout of the run's last step.
	Credit struct {
		Number  uint64       `json:"number"`
		Rollout int          `json:"rollout"`
		Text    []string     `json:"text"`   // tokens of the response
		Before  []float64    `json:"before"` // [response] advantage before the method's own term
		After   []float64    `json:"after"`  // [response] advantage that is trained on
		Steps   []CreditStep `json:"steps"`
		Outcome []Term       `json:"outcome"` // reward to advantage: the sum, term by term
	}
	// Methods is the one table of hyper-parameters, from which controls are made.
	Methods struct {
		Methods []string   `json:"methods"`
		Rows    []HyperRow `json:"rows"`
	}
	// Runs lists every run of this browser and every imported or shipped one.
	Runs struct {
		Number uint64    `json:"number"`
		Runs   []KeptRun `json:"runs"`
	}
	// RunFiles answers [ExportRun] and [ExportMetrics].
	RunFiles struct {
		ID    string            `json:"id"`
		Name  string            `json:"name"`
		Files map[string][]byte `json:"files"`
	}
)

// Sampling says how tokens are drawn; Temperature 0 is greedy, TopP 0 or 1 is off.
type Sampling struct {
	Temperature float32 `json:"temperature"`
	TopP        float32 `json:"top_p"`
	Seed        uint32  `json:"seed"`
}

// Selection is what is selected on every screen; -1 is nothing.
type Selection struct {
	Step  int `json:"step"`
	Token int `json:"token"` // position in the trace
	Layer int `json:"layer"`
	Head  int `json:"head"`
	Node  int `json:"node"` // of the branch tree, by its id
}

// NoSelection selects nothing.
var NoSelection = Selection{-1, -1, -1, -1, -1}

// StepView is a step with its true label, empty for a line still being written.
type StepView struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Label string `json:"label"`
	Text  string `json:"text"`
}

// Work counts what a device did: forward passes, submits, readbacks, and the bytes they read.
type Work struct {
	Passes    int64 `json:"passes"`
	Submits   int64 `json:"submits"`
	Readbacks int64 `json:"readbacks"`
	ReadBytes int64 `json:"read_bytes"`
}

// Choice is a token that could stand at a place.
type Choice struct {
	Token int     `json:"token"`
	Text  string  `json:"text"`
	Prob  float32 `json:"prob"`
}

// KernelCheck is the self-test of one kernel on this adapter.
type KernelCheck struct {
	Name     string  `json:"name"`
	OK       bool    `json:"ok"`
	MaxError float64 `json:"max_error"`
	Error    string  `json:"error,omitempty"`
}

// ModelInfo describes the model at work.
type ModelInfo struct {
	Name       string `json:"name"`
	Task       string `json:"task"`
	Parameters int    `json:"parameters"`
	Layers     int    `json:"layers"`
	Heads      int    `json:"heads"`
	Context    int    `json:"context"`
}

// DisruptionGroup compares the rests of traces with and without the step.
type DisruptionGroup struct {
	Pick          string  `json:"pick"`
	N             int     `json:"n"`       // resampled rests of each kind
	Control       float64 `json:"control"` // accuracy without a cut
	ControlSE     float64 `json:"control_se"`
	Disrupted     float64 `json:"disrupted"` // accuracy with attention to the step cut
	DisruptedSE   float64 `json:"disrupted_se"`
	Example       string  `json:"example,omitempty"`        // one disrupted rest, as text
	ExampleIntact string  `json:"example_intact,omitempty"` // one control
}

// TreeRule is how a branch tree grows (TreeRL's M, N, T; AttnRL's rule and Δ).
type TreeRule struct {
	Branch   string `json:"branch"` // fci, entropy, random or earliest
	Initial  int    `json:"initial"`
	Points   int    `json:"points"`
	Rollouts int    `json:"rollouts"`
}

// TreeNode is a stretch of tokens of one or more responses, [Start, End) in positions of
// the trace, with its values as in rl.Node. The value of a node without finished
// leaves is nil.
type TreeNode struct {
	ID        int      `json:"id"`
	Parent    int      `json:"parent"` // -1 at the root
	Tree      int      `json:"tree"`   // initial response it belongs to, -1 at the root
	Start     int      `json:"start"`
	End       int      `json:"end"`
	Text      string   `json:"text"`
	Leaves    int      `json:"leaves"`
	Reward    *float64 `json:"reward"` // of a leaf
	Value     *float64 `json:"value"`
	Global    float64  `json:"global"`
	Local     float64  `json:"local"`
	Advantage float64  `json:"advantage"`
	Trained   bool     `json:"trained"`
}

// BranchView is a place where a response was or will be sampled anew.
type BranchView struct {
	Tree  int     `json:"tree"`
	Step  int     `json:"step"`
	Token int     `json:"token"` // position in the trace
	Score float64 `json:"score"` // FCI; by rule entropy -log p of the token
	Node  int     `json:"node"`  // that ends there, -1 before its rollouts
}

// RuleOutcome is what a branching rule gave, over problems. A problem's rollouts from
// branch points alone are all correct, all wrong or mixed, which is valid.
type RuleOutcome struct {
	Branch     string  `json:"branch"`
	Problems   int     `json:"problems"`
	AllCorrect float64 `json:"all_correct"`
	AllWrong   float64 `json:"all_wrong"`
	Valid      float64 `json:"valid"`
	ValidSE    float64 `json:"valid_se"`
	Sampled    float64 `json:"sampled"`  // tokens generated at branch points, a problem
	Position   float64 `json:"position"` // mean place of branch points, share of the response
}

// RunSettings say all that a run needs besides the model: the link of a run holds them.
type RunSettings struct {
	Method     string             `json:"method"` // "pretrain", or one of rl.Methods
	Model      string             `json:"model"`  // what it starts from; the preset of pretraining
	Task       string             `json:"task"`
	Teacher    string             `json:"teacher"`    // of task chain
	Difficulty string             `json:"difficulty"` // empty is the task's own
	Seed       uint64             `json:"seed"`
	Steps      int                `json:"steps"`
	Hyper      map[string]float64 `json:"hyper,omitempty"`       // only what differs from the lab's values
	Probe      int                `json:"probe,omitempty"`       // problems the base is measured on, 0 is the default
	FocusHeads string             `json:"focus_heads,omitempty"` // "0.0,0.2", heads of attnpo in place of those it finds
}

// HyperRow is a row of rl.Table: a switch has Choices and its values are indices into them.
type HyperRow struct {
	Name, Symbol, Meaning, Source string
	Choices                       []string
	Min, Max, Step                float64
	Paper, Lab                    map[string]float64 // by method, for those that have it
}

// RunInfo is how a run stands.
type RunInfo struct {
	ID    string `json:"id"`
	Name  string `json:"name"`  // for people
	State string `json:"state"` // "new", "running", "paused", "done" or [MetricsOnly]
	Step  int    `json:"step"`
	From  string `json:"from"`           // "this browser", "imported", "shipped"
	Note  string `json:"note,omitempty"` // adapter, command: where its numbers came from
}

// Metric is one column of a run's metrics, named as in metrics.jsonl; of a long run's with gaps, see [NewestSteps].
type Metric struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"` // one a step; nil where there is none
}

// KeptRun is a run with its curves.
type KeptRun struct {
	Info     RunInfo     `json:"info"`
	Settings RunSettings `json:"settings"`
	Metrics  []Metric    `json:"metrics"`
}

// RolloutRow is a rollout of the run's last step.
type RolloutRow struct {
	Group     int     `json:"group"`
	Kind      string  `json:"kind"` // "", "branch", "revision"
	Prompt    string  `json:"prompt"`
	Gold      string  `json:"gold"`
	Correct   bool    `json:"correct"`
	Tokens    int     `json:"tokens"`
	Think     int     `json:"think"`
	Reward    float64 `json:"reward"`
	Advantage float64 `json:"advantage"` // of the response, before the method's own term
	Trained   bool    `json:"trained"`
}

// CreditStep is the credit of one step and why.
type CreditStep struct {
	Start int     `json:"start"` // in the response
	End   int     `json:"end"`
	Label string  `json:"label"`
	Scale float64 `json:"scale"` // what the method multiplies or replaces: after / before
	Terms []Term  `json:"terms"` // the arithmetic, in order
}

// Term is one line of an arithmetic: "γ = p² S/S_base + 1 - p²", 0.42.
type Term struct {
	Name   string  `json:"name"`
	Form   string  `json:"form"` // the formula, with the paper's symbols
	Value  float64 `json:"value"`
	Source string  `json:"source,omitempty"`
}
