package lab

// BestHeadOf is the head from which step k has its FCI.
func (l *Lab) BestHeadOf(k int) (layer, head int) {
	layer, head = l.Trace.BestHead(k)
	return max(0, layer), max(0, head)
}
