package explain

import (
	"fmt"

	"attnlab/app/session"
)

// EditVerdict says what the last edit of a trace did to the answer. parts is the first token of the response that differs, -1 for none.
func EditVerdict(t *session.Trace, parts int) string {
	before := t.Earlier()
	if before == nil {
		return ""
	}
	old, now := answerOf(before), answerOf(t)
	where := "The response is the same as before."
	if parts >= 0 {
		where = fmt.Sprintf("The first difference is token %d of the response.", parts+1)
	}
	switch {
	case !t.Complete:
		return fmt.Sprintf("The answer was %s. The model has not finished. %s", old, where)
	case old == now:
		return fmt.Sprintf("The answer stays %s. %s", now, where)
	}
	return fmt.Sprintf("The answer was %s, and is now %s. %s", old, now, where)
}

// answerOf is the answer of a trace with its verdict.
func answerOf(t *session.Trace) string {
	switch {
	case !t.Complete && t.Found == "":
		return "not written yet"
	case t.Found == "":
		return "not readable"
	case t.Gold == "":
		return t.Found
	case t.Correct:
		return t.Found + ", right"
	}
	return t.Found + ", wrong"
}
