package lab

import (
	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// BestHeadOf is the head from which step k has its FCI.
func (l *Lab) BestHeadOf(k int) (layer, head int) {
	values := explain.ByFCI.OfHeads(&l.Trace, &l.Heads, session.Selection{Step: k})
	best := 0
	for i, v := range values {
		if v > values[best] {
			best = i
		}
	}
	return best / max(1, l.Trace.Heads), best % max(1, l.Trace.Heads)
}
