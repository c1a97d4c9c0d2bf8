package session

import (
	"attnlab/model/speed"
	"attnlab/rl/runs"
)

// Event is what the engine reports. All but Failure, Checked and RunFiles are snapshots: the newest of each kind replaces
// those before it.
type Event interface{ event() }

// NotCounted is how many kernels are untested where the engine does not know yet which there are.
const NotCounted = -1

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
		Untested int           `json:"untested,omitempty"` // kernels whose test is still to come, [NotCounted] at first
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

		// Edits are the changes of the response by hand, the first one first. Before is the response before the last one; nil without one.
		Edits  []Edit   `json:"edits,omitempty"`
		Before *Version `json:"before,omitempty"`

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
		Done        bool         `json:"done"`           // every branch point has its rollouts
		Next        string       `json:"next"`           // what the next round does, as a sentence
		Nodes       []TreeNode   `json:"nodes"`          // the root first; parents before children
		Points      []BranchView `json:"points"`         // in the order they are rolled out
		Hand        []HandBranch `json:"hand,omitempty"` // branches that a person began, besides
		Charged     int64        `json:"charged"`        // tokens of all responses, prefixes each time
		Sampled     int64        `json:"sampled"`        // tokens really generated
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
	// TokenLosses is the loss of the same rollout, token by token. Without tokens the step did not train on it, or none was chosen.
	TokenLosses struct {
		Number  uint64 `json:"number"`
		Rollout int    `json:"rollout"`
		runs.TokenLosses
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
	// Methods is the catalogue of methods with their hyper-parameters, and of the trainers that runs are handed over to. Screens make their
	// controls from it.
	Methods struct {
		Methods  []Method  `json:"methods"`
		Trainers []Trainer `json:"trainers,omitempty"`
	}
	// Runs lists the runs: this browser's, imported and shipped ones.
	Runs struct {
		Number  uint64    `json:"number"`
		Runs    []KeptRun `json:"runs"`
		Storage string    `json:"storage,omitempty"` // what to know about the browser's storage: a sentence, or empty
		Closed  string    `json:"closed,omitempty"`  // why no run can be saved here, as a sentence, or empty
	}
	// RunFiles is the answer to [ExportRun] and [ExportMetrics].
	RunFiles struct {
		ID    string            `json:"id"`
		Name  string            `json:"name"`
		Files map[string][]byte `json:"files"`
	}
)
