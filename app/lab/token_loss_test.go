package lab

import (
	"slices"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
)

// The table of a loss has a line a token whose numbers are those of the snapshot.
func TestSaveTokenLosses(t *testing.T) {
	l, _ := trainer(t)
	screen := &labtest.Screen{}
	l.screen = screen
	l.Do("save-token-loss")
	if len(screen.Saved) != 0 {
		t.Errorf("without losses %v was saved", screen.Saved)
	}
	l.Receive(labtest.Run("paused"))
	l.Receive(labtest.Credit(0))
	l.Receive(labtest.TokenLosses(0))
	l.Do("save-token-loss")
	lines := strings.Split(strings.TrimSpace(string(screen.Saved["r1-step-3-response-1.1-loss.csv"])), "\n")
	if len(lines) != 9 || lines[1] != "1,so,-1,-0.5,1.649,true,0.106,0.5,0.4,-0.0246,-0.0574,0.125,1,3" {
		t.Errorf("saved %v", lines)
	}
	if names := strings.Split(lines[0], ","); !slices.Contains(names, "gradient") || len(names) != 14 {
		t.Errorf("columns %v", names)
	}
}
