package window

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"attnlab/app/figures"
	"attnlab/app/session"
)

// A figure that is hidden for hours gets news all the time: the queue keeps the newest of
// each name, in the order in which these came.
func TestQueueIsBounded(t *testing.T) {
	var q queue
	var done []string
	put := func(name string, i int) {
		q.put(name, func(*figures.Host, time.Time) { done = append(done, fmt.Sprint(name, i)) })
	}
	put("save", 0)
	for i := range 10000 {
		put("Trace", i)
		put("Selection", i)
		put("Run", i)
	}
	put("Trace", 10000)
	if q.length() != 4 {
		t.Errorf("%d jobs wait, want 4", q.length())
	}
	for _, j := range q.take() {
		j(nil, time.Time{})
	}
	if want := []string{"save0", "Selection9999", "Run9999", "Trace10000"}; !slices.Equal(done, want) {
		t.Errorf("done %v, want %v", done, want)
	}
	if q.length() != 0 || len(q.take()) != 0 {
		t.Error("the queue is not empty after all is done")
	}
}

// The newest selection counts, whether the engine or another screen sent it.
func TestQueueNames(t *testing.T) {
	if messageName(session.Select{}) != messageName(session.Selection{}) {
		t.Error("two selections wait under two names")
	}
	if messageName(session.Trace{}) == messageName(session.Tree{}) {
		t.Error("messages of two kinds wait under one name")
	}
}
