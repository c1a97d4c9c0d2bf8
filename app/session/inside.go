package session

type (
	// LookInside opens the model where it predicts a token of the trace: what each part of it adds to the logit of that token and of the likeliest other
	// one, and what one head reads. A Layer of -1 chooses the head that adds most to the difference. [InsideView] is the answer.
	LookInside struct {
		Token int `json:"token"`
		Layer int `json:"layer"`
		Head  int `json:"head"`
	}
	// InsideView is the answer to [LookInside]. Two numbers are those of the two targets: the token that stands there, and the likeliest other one. All
	// parts add up to the logits, with the scale of the last norm held fixed at what it is there. Without Reads nothing is open.
	InsideView struct {
		Number  uint64       `json:"number"`
		Token   int          `json:"token"`
		Targets [2]Choice    `json:"targets"`
		Lens    []LensRow    `json:"lens"`   // [L+1] before each layer, and after the last
		Embed   [2]float64   `json:"embed"`  // what the embedding adds
		Heads   [][2]float64 `json:"heads"`  // [L·H]
		Feed    [][2]float64 `json:"feed"`   // [L] the feed-forward parts
		Logits  [2]float64   `json:"logits"` // of the model
		Layer   int          `json:"layer"`  // of the head that is open
		Head    int          `json:"head"`
		Root    float64      `json:"root"`  // √C, by which q·k is divided
		Reads   []HeadRead   `json:"reads"` // [Token] of every token before it

		Strongest [][]TokenRead `json:"strongest"` // [T] of every token of the trace, what the head reads most there
	}
)

func (LookInside) command() {}
func (InsideView) event()   {}

// LensRow is what the residual stream says at one depth, read by the last norm and the output matrix.
type LensRow struct {
	LogProbs [2]float64 `json:"logprobs"` // of the targets
	Best     Choice     `json:"best"`     // the likeliest token
}

// HeadRead is what a head reads at a token before.
type HeadRead struct {
	Key    int        `json:"key"` // position of the token
	Dot    float64    `json:"dot"` // q·k
	Scaled float64    `json:"scaled"`
	Weight float64    `json:"weight"` // of the softmax
	Value  float64    `json:"value"`  // length of the value vector
	Added  float64    `json:"added"`  // length of what it adds to the residual stream
	Logits [2]float64 `json:"logits"` // what that adds to the logits

	Products []float64 `json:"products,omitempty"` // [C] the terms of Dot, of the ReadsShown strongest
}

// TokenRead is a token that a head reads at another one.
type TokenRead struct {
	Key    int     `json:"key"`
	Weight float32 `json:"weight"`
}

// ReadsShown is how many reads of a head screens list, and TokenReadsShown how many lines they draw from a token: the strongest, and others from
// LeastTokenRead on.
const (
	ReadsShown      = 12
	TokenReadsShown = 5
	LeastTokenRead  = 0.01
)

// Odds is what a part adds to the first target over the second.
func Odds(x [2]float64) float64 { return x[0] - x[1] }
