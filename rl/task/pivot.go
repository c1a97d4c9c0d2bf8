package task

// Pivotal is a [Task] whose traces have one step that decides whether the answer can still be right.
type Pivotal interface {
	// Pivot is the index of that step among the steps of a judged trace; false where the trace has none.
	Pivot(p Problem, t Trace) (step int, ok bool)
}

// Pivot is the step of a judged trace that decides whether the answer can still be right; false where there is none, or where the
// task does not know it.
func Pivot(t Task, p Problem, trace Trace) (step int, ok bool) {
	if known, is := t.(Pivotal); is {
		return known.Pivot(p, trace)
	}
	return 0, false
}

// KnowsPivot reports whether a task is [Pivotal].
func KnowsPivot(t Task) bool {
	_, known := t.(Pivotal)
	return known
}
