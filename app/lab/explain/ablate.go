package explain

import (
	"fmt"
	"math"

	"attnlab/app/session"
	"attnlab/rl/stat"
)

// ChangeText is a change with its standard error: "−1.250 ± 0.310".
func ChangeText(c session.Change) string {
	if c.SE == nil {
		return WithSign(c.Value)
	}
	return WithSign(c.Value) + PlusMinus(*c.SE)
}

// ChangeInterval is the 95 % interval of a change, empty where it has none.
func ChangeInterval(c session.Change) string {
	if c.Interval == nil {
		return ""
	}
	return WithSign(c.Interval.Low) + " to " + WithSign(c.Interval.High)
}

// apart reports whether the interval of a change leaves out zero.
func apart(c session.Change) bool {
	return c.Interval != nil && (c.Interval.Low > 0 || c.Interval.High < 0)
}

// AblationVerdict says what the answers lose without heads, empty before the first ablation.
func AblationVerdict(v *session.Ablations) string {
	if len(v.Rows) == 0 {
		return ""
	}
	over := Plural(v.Traces, "response")
	if len(v.Asked.Heads) > 0 {
		row := v.Rows[0]
		text := fmt.Sprintf("Without these heads the answers of %s change by %s nats, and right ones by %s.", over, ChangeText(row.LogProb), ChangeText(row.Right))
		if !apart(row.LogProb) && !apart(row.Right) {
			text += " Both 95 % intervals hold 0: that the heads matter is not shown."
		}
		return text
	}
	worst, matter := 0, 0
	for i, row := range v.Rows {
		if row.LogProb.Value < v.Rows[worst].LogProb.Value {
			worst = i
		}
		if apart(row.LogProb) {
			matter++
		}
	}
	h := v.Rows[worst].Heads[0]
	return fmt.Sprintf("Over %s, %d of %s change the log-probability of the answers, by 95 %% intervals without 0; of heads without effect about one in 20 would too. Most is lost without %s: %s nats, and right answers %s.",
		over, matter, Plural(len(v.Rows), "head"), HeadName(h[0], h[1]), ChangeText(v.Rows[worst].LogProb), ChangeText(v.Rows[worst].Right))
}

// PatchVerdict says which part brings most of the answer back at the first and at the last layer, empty without a measurement.
func PatchVerdict(v *session.Patched) string {
	if len(v.Back) == 0 {
		return ""
	}
	most := func(l int) string {
		best, top := -1, math.Inf(-1)
		for k, back := range v.Back[l] {
			if back != nil && *back > top {
				best, top = k, *back
			}
		}
		if best < 0 {
			return "no part can be compared"
		}
		return fmt.Sprintf("%s brings back %s of the difference", PartName(best, len(v.Ranges)), stat.Decimals(top, 2))
	}
	text := fmt.Sprintf("The answer is %s here and %s in the other response", orNone(v.Found[0]), orNone(v.Found[1]))
	if v.Found[0] == v.Found[1] {
		text += fmt.Sprintf("; what differs first is what is written before it, %s and %s", Visible(v.Targets[0].Text), Visible(v.Targets[1].Text))
	}
	text += ". Before layer 0, " + most(0)
	if last := len(v.Back) - 1; last > 0 {
		text += fmt.Sprintf("; before layer %d, %s", last, most(last))
	}
	return text + "."
}

func orNone(found string) string {
	if found == "" {
		return "unreadable"
	}
	return found
}
