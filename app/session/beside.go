package session

type (
	// TrainBeside sets a second run beside the active one. [Advance] then takes the steps of both in turn, the next one always of the run that
	// has taken fewer; Cancel pauses both. With Method it begins a run by that method, with the other settings of the active one; a changed
	// hyper-parameter that the method lacks is left out. With ID it is a saved run that draws the same problems. Without either the second run is
	// saved, and the active one trains alone. [Beside] is the answer. Begin, ResumeRun and DropRun of the active run end it too.
	TrainBeside struct {
		Method string `json:"method,omitempty"`
		ID     string `json:"id,omitempty"`
	}
	// ShowPair chooses the problem of [PairedRollouts], by its place among those that both runs drew.
	ShowPair struct {
		Problem int `json:"problem"`
	}
	// Beside is the second of two runs that train in turn, as [Run] is the first. Without an ID there is none.
	Beside struct{ Run }
	// PairedRollouts are the rollouts of both runs to one problem, of the newest step that both have taken. Problems counts those that both drew in
	// it; without any the lists are empty.
	PairedRollouts struct {
		Number   uint64          `json:"number"`
		Step     int             `json:"step"`
		Problems int             `json:"problems"`
		Problem  int             `json:"problem"` // place of the one that is shown
		Prompt   string          `json:"prompt"`
		Gold     string          `json:"gold"`
		First    []PairedRollout `json:"first"` // of the active run
		Second   []PairedRollout `json:"second"`
	}
	// PairedRollout is a rollout with its text. R counts the tokens of the response.
	PairedRollout struct {
		Kind    string     `json:"kind"` // as in [RolloutRow]
		Correct bool       `json:"correct"`
		Reward  float64    `json:"reward"`
		Text    []string   `json:"text"`  // [R]
		Steps   []StepView `json:"steps"` // ranges of the response
	}
)

func (TrainBeside) command()  {}
func (ShowPair) command()     {}
func (Beside) event()         {}
func (PairedRollouts) event() {}
