package session

import "attnlab/rl/stat"

type (
	// ResampleSteps samples every step of the complete trace again: Samples continuations and as many forced answers from before each step
	// and from after the last. It needs neither labels nor a right answer. [Importances] is the answer.
	ResampleSteps struct {
		Samples int `json:"samples"`
	}
	// Importances is the result of [ResampleSteps] so far. Without steps nothing was resampled.
	Importances struct {
		Number  uint64           `json:"number"`
		Samples int              `json:"samples"` // continuations of each kind from each place
		Agree   bool             `json:"agree"`   // nobody knows the right answer: success is the answer that the trace gives
		Steps   []StepImportance `json:"steps"`   // [K]
		Ranking []ImportanceRank `json:"ranking"` // empty until the last continuation, or a stop
	}
)

func (ResampleSteps) command() {}
func (Importances) event()     {}

// StepImportance says how much more often the trace succeeds because of one step, beside the scores of that step. An effect is null until
// it is measured, and where it cannot be.
type StepImportance struct {
	Step     int      `json:"step"`
	Label    string   `json:"label"`
	Text     string   `json:"text"`
	FCI      *float64 `json:"fci"`      // null where the step is not scored
	Focus    *float64 `json:"focus"`    // mean over all heads; null without an answer
	Position float64  `json:"position"` // score "position": earlier is more

	Kept    Share `json:"kept"`    // continuations that keep the step
	Differs Share `json:"differs"` // continuations that write another step in its place, or none
	Before  Share `json:"before"`  // all continuations from before the step

	Importance *Effect `json:"importance"` // success of Kept less that of Differs
	Resampled  *Effect `json:"resampled"`  // success of the continuations after the step less that of Before
	Forced     *Effect `json:"forced"`     // success of answers forced after the step less that of those forced before it
}

// Measured reports whether the continuations around the step are sampled.
func (s StepImportance) Measured() bool { return s.Resampled != nil }

// Share is how many of some continuations succeed.
type Share struct {
	Right int `json:"right"`
	N     int `json:"n"`
}

// Effect is a difference of two success probabilities with its 95 % interval.
type Effect struct {
	Value float64 `json:"value"`
	SE    float64 `json:"se"` // 0 where a single continuation says nothing of it
	stat.Interval
}

// ImportanceRank is how well something ranks the importance of the steps of one trace.
type ImportanceRank struct {
	By string `json:"by"` // name of an [examine.Ranker]
	N  int    `json:"n"`  // steps
	Correlation
	Over *stat.Interval `json:"over"` // Rho less that of position, 95 %
}

// Rank is the row of a ranker, without a correlation where there is none.
func (v *Importances) Rank(by string) (r ImportanceRank, ok bool) {
	for _, r := range v.Ranking {
		if r.By == by {
			return r, true
		}
	}
	return ImportanceRank{By: by}, false
}
