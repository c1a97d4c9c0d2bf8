package session

import "attnlab/rl/stat"

type (
	// SampleMany samples Samples responses to the problem at once. The first is the one that [Generate] samples; the trace stays as it is.
	// Method is whose rewards are added, in the group of these responses; GRPO's where its own need more than responses. [Samples] is the answer.
	SampleMany struct {
		Samples  int      `json:"samples"`
		Sampling Sampling `json:"sampling"`
		Method   string   `json:"method"`
	}
	// Samples is the result of [SampleMany] so far: whole batches, in the order of sampling. Without responses nothing was sampled.
	Samples struct {
		Number    uint64      `json:"number"`
		Of        int         `json:"of"` // responses that were asked for
		Sampling  Sampling    `json:"sampling"`
		Judged    bool        `json:"judged"` // somebody knows the right answer
		Method    string      `json:"method"` // whose rewards these are
		Responses []Response  `json:"responses"`
		Pass      []PassPoint `json:"pass"`  // of those so far; empty where nobody knows the right answer
		Split     *Split      `json:"split"` // nil of fewer than two responses
	}
)

func (SampleMany) command() {}
func (Samples) event()      {}

// Response is one of many responses to a problem.
type Response struct {
	Text       string         `json:"text"`
	Tokens     int            `json:"tokens"` // of the response
	Steps      []ResponseStep `json:"steps"`
	Think      int            `json:"think"` // tokens of the think part
	Answer     string         `json:"answer"`
	Right      bool           `json:"right"`
	WellFormed bool           `json:"well_formed"`
	Reward     *float64       `json:"reward"` // null for a single response
}

// ResponseStep is a step of a response: its label and its tokens of the response, half open.
type ResponseStep struct {
	Label string `json:"label"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// PassPoint is how likely at least one of K responses is right, with its 95 % interval.
type PassPoint struct {
	K     int     `json:"k"`
	Value float64 `json:"value"`
	stat.Interval
}

// Split is where responses first part: before token Token, counted in the response, all are the same; Step is the first step that is not the
// same in all, -1 where all steps are.
type Split struct {
	Token   int           `json:"token"`
	Step    int           `json:"step"`
	Options []SplitOption `json:"options"` // what is written there, the most frequent first
}

// SplitOption is one way to go on at a [Split]. Its text is empty where the thinking ends there.
type SplitOption struct {
	Text  string `json:"text"`
	N     int    `json:"n"`
	Right int    `json:"right"`
	First int    `json:"first"` // a response that goes this way
}

// RightOnes counts the right responses.
func (s *Samples) RightOnes() (n int) {
	for _, r := range s.Responses {
		if r.Right {
			n++
		}
	}
	return n
}
