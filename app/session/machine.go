package session

// What a screen and an engine in a program of its own say to each other besides: see package server.
type (
	// Connection says how a screen reaches an engine that runs in a program of its own. The screen's end of the line sends it; the engine
	// does not know of lines. Without it the engine is in this browser.
	Connection struct {
		State   string `json:"state"`   // "connecting", "open", "lost", or "refused" for good
		Machine string `json:"machine"` // that the engine runs on
		Watch   bool   `json:"watch"`   // the engine takes no commands from here
		Others  bool   `json:"others"`  // other screens were here before, and the engine shows what they chose
		Text    string `json:"text"`    // what happened: a sentence, or empty
		Fresh   bool   `json:"fresh"`   // the program was started again: nothing but what it saved is left
	}
	// Listing is a folder below the root of the engine's program: the answer to [Browse].
	Listing struct {
		Number  uint64  `json:"number"`
		Path    string  `json:"path"` // below the root, empty for the root itself
		Entries []Entry `json:"entries"`
		More    int     `json:"more,omitempty"` // entries that are not listed
	}
	// Browse lists a folder below the root that the engine's program offers, by its path; empty is the root. [Listing] is the answer.
	Browse struct {
		Path string `json:"path"`
	}
	// OpenRun adds the run in a folder below that root to the runs, as [ImportRun] does.
	OpenRun struct {
		Path string `json:"path"`
	}
)
