package session

import (
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
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

// StepView is a step with its true label, which is empty while the line is being written.
type StepView struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Label string `json:"label"`
	Text  string `json:"text"`
	// ByHand says that a person gave the label.
	ByHand bool `json:"by_hand,omitempty"`
}

// StepLabel is a label by hand; an empty one takes it back.
type StepLabel struct {
	Step  int    `json:"step"`
	Label string `json:"label"`
}

// Wording is how a problem of free text is put, for models with a tokenizer of their own. Empty fields are defaults.
type Wording struct {
	Task     string `json:"task"`               // name of a kind in package text
	Rule     string `json:"rule"`               // that cuts steps
	Chat     string `json:"chat"`               // whose markers prompts have
	System   string `json:"system,omitempty"`   // what the system says first
	Shots    int    `json:"shots,omitempty"`    // few-shot chain: solved examples
	Problems string `json:"problems,omitempty"` // own problems: lines of JSON
}

// Work counts what a device did: forward passes, submits, readbacks, and the bytes they read.
type Work struct {
	Passes    int64 `json:"passes"`
	Submits   int64 `json:"submits"`
	Readbacks int64 `json:"readbacks"`
	ReadBytes int64 `json:"read_bytes"`
}

// HeadValues is one score of heads, a name in package score, with the value of each head; null where a head has none.
type HeadValues struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"` // [L,H]
}

// Choice is a candidate for a token and its probability.
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
	Used     float64 `json:"tolerance_used"` // the largest share of a case's tolerance
	Error    string  `json:"error,omitempty"`
}

// Race is how fast the two backends are at the current model's products and attention.
type Race struct {
	Adapter string `json:"adapter"` // of WebGPU
	Host    Rate   `json:"host"`
	WebGPU  Rate   `json:"webgpu"`
}

// Rate counts tokens a second.
type Rate struct {
	Sampling float64 `json:"sampling"`
	Training float64 `json:"training"`
}

// ModelInfo describes the current model.
type ModelInfo struct {
	Name       string       `json:"name"`
	Task       string       `json:"task"`
	Parameters int          `json:"parameters"`
	Layers     int          `json:"layers"`
	Heads      int          `json:"heads"`
	Context    int          `json:"context"`
	Frozen     bool         `json:"frozen,omitempty"` // it lies on the device to run forward, so that adapters alone can be trained over it
	Adapters   *AdapterPlan `json:"adapters,omitempty"`
}

// The parts of a run that trains adapters.
const (
	Adapter = "adapter" // the adapters, in PEFT's form
	Merged  = "merged"  // the model with its adapters in its weights, in F32
)

// AdapterPlan is what a run that trains adapters over the current model takes on the device beside it, in bytes.
type AdapterPlan struct {
	Weights int64 `json:"weights"` // the model once more
	Cache   int64 `json:"cache"`   // keys and values of one sequence
	Tokens  int   `json:"tokens"`  // of a part of a training step
	// Attention and All are those of a training step with adapters of rank 4, 8, ... 32 on the matrices of attention, and on all of the layers.
	Attention []int64 `json:"attention"`
	All       []int64 `json:"all"`
}

// ModelPlace says where a model of others lies.
type ModelPlace struct {
	Kind string `json:"kind"` // [FromFiles], [FromBrowser] or [FromHub]
	// ID is that of the files that a page has handed to the engine, of a stored model, or owner/name or owner/name@revision at a hub.
	ID   string `json:"id"`
	Name string `json:"name,omitempty"` // for people
}

// The places of models of others.
const (
	FromFiles   = "files"   // that the visitor chose or dropped
	FromBrowser = "browser" // stored in this browser
	FromHub     = "hub"     // whose address the site was built with
	FromDisk    = "disk"    // below the root of the engine's program, by its path
)

// StoredModel is a model of others that is stored in this browser.
type StoredModel struct {
	ID    string `json:"id"`
	Name  string `json:"name"`           // for people; at a hub its name there
	From  string `json:"from,omitempty"` // address of the hub; empty for a visitor's own files
	Bytes int64  `json:"bytes"`          // of all its files
	Have  int64  `json:"have"`           // of them, that are here
	Whole bool   `json:"whole"`          // it can be opened
}

// ContextPlan is what a model needs with a context of Tokens tokens.
type ContextPlan struct {
	Tokens int           `json:"tokens"`
	Cache  int64         `json:"cache"`  // bytes of keys and values of one sequence
	Needs  []StorageNeed `json:"needs"`  // the largest first
	Choice int           `json:"choice"` // of Needs: the smallest loss that fits, -1 if none does
}

// StorageNeed is what the weights need in one storage.
type StorageNeed struct {
	Storage string `json:"storage"`
	Bytes   int64  `json:"bytes"`
	Parts   int    `json:"parts"`             // in how many the embedding is cut
	Problem string `json:"problem,omitempty"` // why it does not fit, as a clause
	Trains  bool   `json:"trains,omitempty"`  // the model can be trained here when it is opened so
}

// DisruptionGroup compares continuations with and without attention to the step.
type DisruptionGroup struct {
	Pick          string  `json:"pick"`
	N             int     `json:"n"`       // continuations of each kind
	Control       float64 `json:"control"` // accuracy with full attention
	ControlSE     float64 `json:"control_se"`
	Disrupted     float64 `json:"disrupted"` // accuracy with attention to the step removed
	DisruptedSE   float64 `json:"disrupted_se"`
	Loss          float64 `json:"loss"`                     // control less disrupted
	LossSE        float64 `json:"loss_se"`                  // of the mean paired difference; 0 for a single pair
	Example       string  `json:"example,omitempty"`        // text of a continuation without attention to the step
	ExampleIntact string  `json:"example_intact,omitempty"` // text of its control
}

// StepLoss is what the trace loses without attention to one step, beside the scores of that step.
type StepLoss struct {
	Step     int             `json:"step"`
	Label    string          `json:"label"`
	Text     string          `json:"text"`
	FCI      *float64        `json:"fci"`           // null where the step is not scored
	Position float64         `json:"position"`      // score "position": earlier is more
	Cut      DisruptionGroup `json:"cut"`           // its N is 0 until the step is cut
	Why      string          `json:"why,omitempty"` // the step cannot be cut, as a clause
}

// LossRanking compares rank correlations with the measured losses, over the steps that have an FCI and were cut.
type LossRanking struct {
	N           int         `json:"n"` // steps
	FCI         Correlation `json:"fci"`
	Position    Correlation `json:"position"`
	FCIPosition *float64    `json:"fci_position"` // rank correlation of the two scores
	// Difference is FCI's correlation less that of the place, 95 %; null below four steps.
	Difference *stat.Interval `json:"difference"`
}

// Correlation is a rank correlation with its 95 % interval, which is null below four values. Rho is null where all values are equal.
type Correlation struct {
	Rho      *float64       `json:"rho"`
	Interval *stat.Interval `json:"interval"`
}

// DisruptionPair is how a continuation with attention to the step ends, and one without that draws the same random numbers.
type DisruptionPair struct {
	Control   Ending `json:"control"`
	Disrupted Ending `json:"disrupted"`
}

// Ending says how a continuation ends: "" while it is being sampled, [Right] or [Wrong].
type Ending string

// The endings of a continuation.
const (
	Right Ending = "right"
	Wrong Ending = "wrong"
)

// TreeRule is how a branch tree grows (TreeRL's M, N, T; AttnRL's rule and Δ).
type TreeRule struct {
	Branch   string `json:"branch"` // name of a [score.BranchRule]
	Initial  int    `json:"initial"`
	Points   int    `json:"points"`
	Rollouts int    `json:"rollouts"`
}

// TreeNode is the range of tokens [Start, End) that one or more responses share, with its values as in rl.Node. The value of
// a node without finished leaves is nil.
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
	ByHand    bool     `json:"by_hand,omitempty"` // a person began it
}

// BranchView is a point from which a response was or will be sampled again.
type BranchView struct {
	Tree  int     `json:"tree"`
	Step  int     `json:"step"`
	Token int     `json:"token"` // position in the trace
	Score float64 `json:"score"` // the Score of its [score.BranchRule]
	Node  int     `json:"node"`  // the node that ends there, -1 before its rollouts
}

// RuleOutcome is the result of a branching rule, as means over problems. The rollouts from a problem's branch points are all
// correct, all wrong, or mixed, which is called valid.
type RuleOutcome struct {
	Branch     string  `json:"branch"`
	Problems   int     `json:"problems"`
	AllCorrect float64 `json:"all_correct"`
	AllWrong   float64 `json:"all_wrong"`
	Valid      float64 `json:"valid"`
	ValidSE    float64 `json:"valid_se"`
	Sampled    float64 `json:"sampled"`  // tokens generated at branch points, for each problem
	Position   float64 `json:"position"` // mean position of branch points, as a share of the response
}

// RunSettings are all that a run needs besides the model's weights. The link of a run holds them.
type RunSettings struct {
	Method     string       `json:"method"` // "pretrain", or one of rl.Methods
	Model      string       `json:"model"`  // what it starts from; the preset of pretraining
	Task       string       `json:"task"`
	Teacher    string       `json:"teacher"`    // of task chain
	Difficulty string       `json:"difficulty"` // empty is the task's own
	Seed       runs.Seed    `json:"seed"`
	Steps      int          `json:"steps"`                    // in all; of a run with a budget about as many as it is enough for
	Budget     int64        `json:"budget,omitempty"`         // generated tokens in all, 0 without
	Hyper      hyper.Values `json:"hyper,omitempty"`          // only what differs from the lab's values
	Probe      int          `json:"probe,omitempty"`          // problems the base is measured on, 0 is the default
	HeldOut    *int         `json:"held_out,omitempty"`       // fixed problems that it is measured on while it trains; 0 is none, nil the default
	HeldOutGap int64        `json:"held_out_every,omitempty"` // generated tokens between two of these measurements, 0 is the default
	Rollouts   *float64     `json:"save_rollouts,omitempty"`  // share of its problems whose responses are saved, 0 to 1; nil is the default
	FocusHeads string       `json:"focus_heads,omitempty"`    // "0.0,0.2", heads of attnpo in place of those it finds
	Wording    *Wording     `json:"wording,omitempty"`        // of a task of free text
	Series     runs.Series  `json:"series,omitzero"`          // what it shares with its repeats, filled in by the engine
}

// FollowedAnswer is the likeliest response of a policy.
type FollowedAnswer struct {
	Step    int        `json:"step"`  // that the policy had taken
	Text    []string   `json:"text"`  // [R]
	Steps   []StepView `json:"steps"` // ranges of the response
	Correct bool       `json:"correct"`
	// Change is the log-probability of each token less that under the model the run began from; nil where that is not known yet.
	Change Scores `json:"change"` // [R]
	// OnFirst is the same for the tokens of the first answer.
	OnFirst Scores `json:"on_first"`
}

// Entry is a folder or a file below the root of the engine's program.
type Entry struct {
	Name   string `json:"name"`
	Folder bool   `json:"folder"`
	Model  bool   `json:"model"` // [LookAt] can read it
	Run    bool   `json:"run"`   // [OpenRun] can read it
	Bytes  int64  `json:"bytes"` // of a file
}

// RunInfo is the state of a run.
type RunInfo struct {
	ID    string `json:"id"`
	Name  string `json:"name"`  // for people
	State string `json:"state"` // "new", "running", "paused", "done", [MetricsOnly], [Elsewhere] or [Damaged]
	Step  int    `json:"step"`
	From  string `json:"from"`           // [Browser], [Machine], "imported", "shipped"
	Note  string `json:"note,omitempty"` // adapter, command: where its numbers came from; of a damaged run what is wrong, as a sentence

	Answers  bool           `json:"answers,omitempty"`  // [FollowRun] can show answers of it
	Finished bool           `json:"finished,omitempty"` // it took all its steps, also where only its metrics are left
	Measured *runs.Measured `json:"measured,omitempty"` // how its metrics are measured; nil where that was not recorded
}

// Metric is one column of a run's metrics, named as in metrics.jsonl. In a long run it has gaps, see [NewestSteps].
type Metric = runs.Column

// KeptRun is a run of the list with its metrics.
type KeptRun struct {
	Info     RunInfo     `json:"info"`
	Settings RunSettings `json:"settings"`
	Base     []Metric    `json:"base"` // of the model it started from, see [runs.Run.BaseProbe]; empty where that is unknown
	Metrics  Columns     `json:"metrics"`
}

// RolloutRow is a rollout of the active run's last step.
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

// CreditStep is the credit of one reasoning step and its reason.
type CreditStep struct {
	Start int     `json:"start"` // in the response
	End   int     `json:"end"`
	Label string  `json:"label"`
	Scale float64 `json:"scale"` // after / before
	Terms []Term  `json:"terms"` // the calculation, in order
}

// Term is one line of a calculation: "γ = p² S/S_base + 1 - p²", 0.42.
type Term struct {
	Name   string  `json:"name"`
	Form   string  `json:"form"` // the formula, with the paper's symbols
	Value  float64 `json:"value"`
	Source string  `json:"source,omitempty"`
}

// HeldOutHead is a head that was chosen on one half of the responses and judged on the other, or the place of a step, which has no Layer
// and Head. Numbers that cannot be told are null.
type HeldOutHead struct {
	Layer     int      `json:"layer"`
	Head      int      `json:"head"`
	First     *float64 `json:"chosen_sra"` // on the half that it was chosen on
	SRA       *float64 `json:"sra"`
	SE        *float64 `json:"standard_error"` // over responses
	Over      *float64 `json:"over_position"`  // mean difference to the place of the step
	OverSE    *float64 `json:"over_position_se"`
	Responses int      `json:"responses"`
}

// Show is the command that shows a trace from a file, with the labels that were given by hand.
func (t *Trace) Show() ShowTrace {
	c := ShowTrace{Prompt: t.Tokens[:t.PromptLength], Response: t.Tokens[t.PromptLength:], Sampling: t.Sampling, Wording: t.Wording, Edits: t.Edits}
	for k, s := range t.Steps {
		if s.ByHand {
			if c.Labels == nil {
				c.Labels = make([]string, len(t.Steps))
			}
			c.Labels[k] = s.Label
		}
	}
	return c
}
