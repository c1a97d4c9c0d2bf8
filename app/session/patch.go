package session

// The responses that states are put into.
const (
	PatchEdit    = "edit"    // the response after its last edit; the states are those of the response before it
	PatchAnother = "another" // the first response with another answer that the next sampling seeds lead to
)

type (
	// PatchStates puts states of a response into another one to the same problem, layer by layer and part by part, and measures how much of the answer
	// comes back, as "attnlab inside --patch" does. [Patched] is the answer.
	PatchStates struct {
		Into string `json:"into"` // PatchEdit or PatchAnother
	}
	// Patched is the result of [PatchStates]. Without Back nothing was measured.
	Patched struct {
		Number   uint64       `json:"number"`
		Into     string       `json:"into"`
		Seed     uint32       `json:"seed"`     // of the other response, with PatchAnother
		Response string       `json:"response"` // the other
		Found    [2]string    `json:"found"`    // the answers, as they were read
		Targets  [2]Choice    `json:"targets"`  // the first tokens in which the answers differ, with their probabilities in the first response
		Odds     [2]float64   `json:"odds"`     // logit of the first target less that of the second, in both responses
		LogProbs [2]float64   `json:"logprobs"` // of the first target in both, nats
		Ranges   []PatchRange `json:"ranges"`   // [K+2] of the other response: prompt, steps, and the answer up to where they differ
		Back     [][]*float64 `json:"back"`     // [L][K+2] the share of the difference of Odds that comes back; null where a part has another number of tokens
		Gained   [][]*float64 `json:"gained"`   // [L][K+2] how much likelier the first target becomes in the other response, nats; null as in Back
	}
)

func (PatchStates) command() {}
func (Patched) event()       {}

// PatchRange is a part of a response into which states are put.
type PatchRange struct {
	Text  string `json:"text"`
	Label string `json:"label"` // of a step
	Same  bool   `json:"same"`  // both responses have the same tokens there
}
