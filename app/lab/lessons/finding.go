package lessons

import (
	"fmt"
	"math"

	"attnlab/app/lab/explain"
	"attnlab/rl/stat"
)

// Measured is what an experiment gave.
type Measured struct {
	Value   float64
	SE      float64       // standard error of Value
	N       int           // how many of What
	What    string        // "responses"
	Freedom int           // degrees of freedom of SE
	Reach   stat.Interval // of Value, where SE and Student's t do not give it: of shares. Else the zero value
	Saw     string        // what else was seen, in a sentence or two, with its own spread
}

// Least is the number of observations below which nothing is said.
const Least = 3

// Finding is what is said of a prediction.
type Finding struct {
	Settled bool
	Choice  int // the choice that holds, from 1, if Settled
	Numbers string
	Says    string
}

// Find lays a prediction beside what was Measured. It is settled where the whole interval of 95 % lies in one choice.
func (c *Lesson) Find(m Measured, guess int) Finding {
	if m.N < Least || m.Freedom < 1 || math.IsNaN(m.Value) || math.IsNaN(m.SE) {
		return Finding{Says: fmt.Sprintf("Too few %s to say anything yet: n = %d.", m.What, m.N)}
	}
	lo, hi := m.Reach.Low, m.Reach.High
	if m.Reach == (stat.Interval{}) {
		reach := stat.Student(m.Freedom) * m.SE
		lo, hi = m.Value-reach, m.Value+reach
	}
	f := Finding{Numbers: fmt.Sprintf("%s %s ± %s, n = %d %s", c.Quantity, explain.Format(m.Value), explain.Format(m.SE), m.N, m.What)}
	low, high := c.choiceOf(lo), c.choiceOf(hi)
	if low != high {
		f.Says = fmt.Sprintf("Too close to call: the 95 %% interval goes from %s to %s, across %s. More of the same narrows it.", explain.Format(lo), explain.Format(hi), explain.Format(c.Bounds[low-1]))
		return f
	}
	f.Settled, f.Choice = true, low
	switch guess {
	case 0:
		f.Says = fmt.Sprintf("So it is: %s. You made no prediction.", c.Choices[low-1])
	case low:
		f.Says = fmt.Sprintf("You said: %s. So it is; the 95 %% interval goes from %s to %s.", c.Choices[guess-1], explain.Format(lo), explain.Format(hi))
	default:
		f.Says = fmt.Sprintf("You said: %s. It is: %s; the 95 %% interval goes from %s to %s.", c.Choices[guess-1], c.Choices[low-1], explain.Format(lo), explain.Format(hi))
	}
	return f
}

// choiceOf is the choice in whose stretch x lies, from 1.
func (c *Lesson) choiceOf(x float64) int {
	n := 1
	for _, b := range c.Bounds {
		if x >= b {
			n++
		}
	}
	return n
}
