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

// Command is what a screen asks of the engine. Commands are carried out in order;
// [Cancel], [Select], [Check] and [Hello] are heard at once.
type Command interface{ command() }

type (
	// Hello makes the engine send every current snapshot again: a new screen says it.
	Hello struct{}
	// Open opens an engine, tests its kernels and loads the default base.
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
	// Cancel stops the command at work; what it has so far stays.
	Cancel struct{}
	// LoseDevice provokes the loss of the GPU, to see that nothing is lost by it.
	LoseDevice struct{}
)

func (Hello) command()      {}
func (Open) command()       {}
func (UseModel) command()   {}
func (NewProblem) command() {}
func (Check) command()      {}
func (Generate) command()   {}
func (ShowTrace) command()  {}
func (FindHeads) command()  {}
func (Disrupt) command()    {}
func (Select) command()     {}
func (Cancel) command()     {}
func (LoseDevice) command() {}

// Event is what the engine says. Trace, Heads, Disruption, Capabilities, Status and
// Selection are snapshots: the newest of each kind is the whole truth.
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
		Kernels  []KernelCheck `json:"kernels"`
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
		FCIHeads     []float64  `json:"fci_heads"` // [L,H,K]
		Focus        []float64  `json:"focus"`     // [L,H,K]
		Attention    []float32  `json:"attention"` // [L,H,K+2,K+2] mean density over prompt, steps, answer; row looks at column
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

func (Status) event()       {}
func (Failure) event()      {}
func (Checked) event()      {}
func (Capabilities) event() {}
func (Trace) event()        {}
func (HeadsView) event()    {}
func (Disruption) event()   {}
func (Selection) event()    {}

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
}

// NoSelection selects nothing.
var NoSelection = Selection{-1, -1, -1, -1}

// StepView is a step with its true label, which is empty for a line that is still
// being written.
type StepView struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Label string `json:"label"`
	Text  string `json:"text"`
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
