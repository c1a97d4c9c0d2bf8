package session

// Largest numbers that the engine accepts. Pages offer no more.
const (
	MaxSteps     = 100000 // training steps of a run: its log takes 100 MB of a browser's storage
	MaxProblems  = 10000  // problems of one experiment or measurement: more would take longer than a visit
	MaxName      = 80     // characters of a run's name
	MaxSamples   = 1000   // continuations of one trace, of each kind
	MaxResponses = 256    // responses to one problem at once: a message holds all their text
)
