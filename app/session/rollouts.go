package session

import "attnlab/rl/runs"

// RolloutsShown is how many saved rollouts a page shows at once.
const RolloutsShown = 20

type (
	// ShowRollouts shows saved rollouts of a run: of those that the filter takes, [RolloutsShown] from number First on. [SavedRollouts] is the answer.
	ShowRollouts struct {
		ID     string             `json:"id"`
		Filter runs.RolloutFilter `json:"filter"`
		First  int                `json:"first,omitempty"`
	}
	// SavedRollouts are saved rollouts of a run. Without an ID none are shown.
	SavedRollouts struct {
		Number uint64             `json:"number"`
		ID     string             `json:"id"`
		Name   string             `json:"name"`
		Filter runs.RolloutFilter `json:"filter"`
		Note   string             `json:"note,omitempty"` // a sentence where the run saved none, or where a part is damaged
		runs.Browsed
	}
)

func (ShowRollouts) command() {}
func (SavedRollouts) event()  {}
