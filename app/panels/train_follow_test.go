package panels

import (
	"testing"

	"attnlab/app/lab"
)

// Of many lines that are gone together two stay and the others are counted; no line that is there is hidden.
func TestShortened(t *testing.T) {
	list := make([]lab.FollowedLine, 14)
	for i := range list {
		list[i].First = true
		list[i].Now = i == 0 || i == 4 || i == 13
	}
	rows := shortened(list)
	now, gone := 0, 0
	for _, r := range rows {
		switch {
		case r.gone > 0:
			gone += r.gone
		case r.Now:
			now++
		default:
			gone++
		}
	}
	if now != 3 || gone != 11 || len(rows) != 9 { // 1, three gone, 1, two of eight and their number, 1
		t.Errorf("%d rows, %d lines, %d gone", len(rows), now, gone)
	}
}
