package session

import "attnlab/rl/runs"

type (
	// ContrastRuns contrasts one row of finished runs with every other row, as "attnlab compare --paired" does. [Contrasts] is the answer.
	ContrastRuns struct {
		IDs     []string `json:"ids"`               // of the runs in the table; empty is every run
		Row     string   `json:"row"`               // id of a run of the row
		Outcome string   `json:"outcome,omitempty"` // one of [runs.AllOutcomes]; empty is all of [runs.Outcomes]
		Within  float64  `json:"within,omitempty"`  // the difference that is too small to matter, in the unit of Outcome; 0 is none
	}
	// Contrasts is the result of [ContrastRuns]. Without Rows nothing was contrasted.
	Contrasts struct {
		Number  uint64          `json:"number"`
		Asked   ContrastRuns    `json:"asked"`
		Of      []string        `json:"of"` // ids of the runs in the table and of those that are left out
		Task    string          `json:"task"`
		Rows    []runs.Contrast `json:"rows"`
		LeftOut []string        `json:"left_out"` // sentences
		Notes   []string        `json:"notes"`    // sentences: what was measured otherwise
	}
)

func (ContrastRuns) command() {}
func (Contrasts) event()      {}
