package lab

import (
	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// lookInside opens the model at the selected token, or at the last of the answer where none is, and there the selected head.
func (l *Lab) lookInside() {
	l.LookedInto = true
	if l.Selection.Token < 1 {
		l.selectToken(l.lastWritten())
	}
	l.selected()
}

// followInside opens the model again where another token or another head is selected.
func (l *Lab) followInside() {
	to, v := l.Selection, &l.Inside
	if !l.LookedInto || l.Recorded != "" || !l.Opened || to.Token < 1 {
		return
	}
	if len(v.Reads) == 0 || to.Token != v.Token || to.Head >= 0 && (to.Layer != v.Layer || to.Head != v.Head) {
		l.Send(session.LookInside{Token: to.Token, Layer: to.Layer, Head: to.Head})
	}
}

// closeInside closes it.
func (l *Lab) closeInside() {
	l.LookedInto = false
	l.takeInside(session.InsideView{})
}

// lastWritten is the last token of the response before the one that ends it.
func (s *State) lastWritten() int {
	last := len(s.Trace.Tokens) - 1
	if s.Trace.Complete && last > 1 {
		last--
	}
	return last
}

// insideHead selects a head, which is then opened.
func (l *Lab) insideHead(a string) {
	layer, head, ok := explain.ParseHead(a)
	if !ok {
		return
	}
	l.Selection.Layer, l.Selection.Head, l.Explained = layer, head, ""
	l.selected()
}
