package runs

import "slices"

// longRun is how the runs of task chain are trained and measured.
const longRun = "--budget 300000 --eval 1000"

// Columns of more than one table.
var (
	creditColumns = []string{"method", "accuracy", "by difficulty 2 to 5", "think tokens", "redundant removed", "essential lost", "all right / all wrong groups", "tokens to .85", "credit AUC", "score ~ place", "steps"}
	stepsColumns  = []string{"method", "redundant steps", "accuracy", "think tokens"}
	tokenColumns  = []string{"method", "seeds", "accuracy", "by difficulty 2 to 5", "think tokens", "steps", "prefixes charged", "credit AUC"}
)

// Recipes are the tables of docs/results.md that the program of today makes. Those with a date of 2026-11-22 began from bases that are no longer shipped.
var Recipes = []Recipe{
	{
		Name: "attnpo", Title: "ATTNPO, its controls and TLMRE", Section: "Shorter reasoning: ATTNPO, its controls and TLMRE",
		Common: longRun,
		Rows: seeds(1, 8, "grpo", "tlmre", "attnpo", "attnpo --focus position", "attnpo --focus shuffle", "attnpo --focus random-heads",
			"attnpo --focus-heads 0.2,2.3"),
		Outcome: "redundant_steps",
		Contrasts: against("attnpo", "grpo", "tlmre", "attnpo --focus-heads 0.2,2.3", "attnpo --focus position", "attnpo --focus random-heads",
			"attnpo --focus shuffle"),
		Tables: [][]string{creditColumns, stepsColumns}, Reach: 0.85, Minutes: 51,
	},
	{
		Name: "place", Title: "ATTNPO less place alone, on other seeds", Section: "Shorter reasoning: ATTNPO, its controls and TLMRE",
		Common: longRun, Rows: seeds(9, 20, "attnpo", "attnpo --focus position"),
		Outcome: "redundant_steps", Contrasts: against("attnpo", "attnpo --focus position"),
		Tables: [][]string{stepsColumns},
	},
	{
		Name: "tokens", Title: "five other ways to weigh tokens", Section: "Other ways to weigh tokens",
		Common: longRun,
		Rows: slices.Concat(seeds(1, 8, "grpo", "forking", "forking --tokens shuffle"),
			seeds(1, 3, "anchors", "anchors --tokens shuffle", "vineppo", "oar", "oar --tokens shuffle", "flowtracer", "flowtracer --tokens shuffle")),
		Outcome: "accuracy",
		Contrasts: slices.Concat(against("forking", "grpo", "forking --tokens shuffle"), against("anchors", "grpo", "anchors --tokens shuffle"),
			against("oar", "grpo", "oar --tokens shuffle"), against("flowtracer", "grpo", "flowtracer --tokens shuffle"), against("vineppo", "grpo")),
		Tables: [][]string{tokenColumns},
	},
	{
		Name: "tokens-again", Title: "four of them on seeds that were not run before", Section: "Other ways to weigh tokens",
		Common:  longRun,
		Rows:    seeds(4, 8, "grpo", "flowtracer", "flowtracer --tokens shuffle", "oar", "oar --tokens shuffle", "anchors", "anchors --tokens shuffle", "vineppo"),
		Outcome: "accuracy",
		Contrasts: slices.Concat(against("flowtracer", "grpo", "flowtracer --tokens shuffle"), against("oar", "grpo", "oar --tokens shuffle"),
			against("anchors", "grpo", "anchors --tokens shuffle"), against("vineppo", "grpo")),
		Tables: [][]string{tokenColumns},
	},
	{
		Name: "relay", Title: "AttnRL's branch rules on relay", Section: "The shipped bases",
		Common: "--task relay --budget 200000 --eval 1000",
		Rows: slices.Concat(seeds(1, 8, "grpo"), []Planned{{Flags: "attnrl", Note: "(FCI as in the paper)", First: 1, Last: 8}},
			seeds(1, 8, "attnrl --branch earliest", "attnrl --branch random"), []Planned{{Flags: "attnrl --branch pivot", Note: "(oracle)", First: 1, Last: 8}},
			seeds(1, 8, "attnrl --fci mean --take highest")),
		Outcome: "accuracy",
		Contrasts: against("attnrl --fci mean --take highest", "grpo", "attnrl", "attnrl --branch earliest", "attnrl --branch random",
			"attnrl --branch pivot"),
		Tables: [][]string{{"method", "accuracy", "tokens to half of the gain", "steps", "updates", "prefixes charged", "all right / all wrong groups"}},
	},
}
