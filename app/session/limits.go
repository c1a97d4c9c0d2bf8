package session

// Largest numbers that the engine accepts. Pages offer no more.
const (
	MaxSteps     = 100000        // training steps of a run: its log takes 100 MB of a browser's storage
	MaxProblems  = 10000         // problems of one experiment or measurement: more would take longer than a visit
	MaxTokens    = 1_000_000_000 // generated tokens between two measurements of a run
	MaxName      = 80            // characters of a run's name
	MaxSamples   = 1000          // continuations of one trace, of each kind
	MaxWithin    = 1_000_000     // difference of two runs that is too small to matter
	MaxResponses = 256           // responses to one problem at once: a message holds all their text
)

// FewHeldOut is how many held-out problems a run over a model with frozen weights is measured on by default: a response takes seconds there.
const FewHeldOut = 16
