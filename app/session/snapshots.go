package session

// Snapshots is the newest snapshot of each kind that a screen has received.
type Snapshots struct {
	Trace        Trace
	Status       Status
	Capabilities Capabilities
	Heads        HeadsView
	Disruption   Disruption
	Losses       StepLosses
	Importances  Importances
	Samples      Samples
	Answers      AnswerLosses
	Inside       InsideView
	Ablations    Ablations
	Patched      Patched
	Layered      LayerScores
	Checked      Checked
	Failure      Failure
	Tree         Tree
	Rules        Rules
	Run          Run
	Second       Beside
	Pairs        PairedRollouts
	Credit       Credit
	TokenLosses  TokenLosses
	Methods      Methods
	Followed     Followed
	Runs         Runs
	Contrasts    Contrasts
	Rollouts     SavedRollouts
	Speeds       Speeds
	Offer        Offer
	Connection   Connection
	Models       Models
	Listing      Listing
}
