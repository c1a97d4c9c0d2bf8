package lessons

import (
	"fmt"
	"math"

	"attnlab/app/lab/explain"
	"attnlab/rl/stat"
)

// Measured is the result of an experiment.
type Measured struct {
	Value   float64
	SE      float64       // standard error of Value
	N       int           // how many of What
	What    string        // "responses"
	Freedom int           // degrees of freedom of SE
	Reach   stat.Interval // of Value, where SE and Student's t do not give it: of shares. Else the zero value
	Saw     string        // what else was seen, in a sentence or two, with its own spread
}

// Least is the smallest number of observations that gives a result.
const Least = 3

// Finding is the result of comparing a prediction with a measurement.
type Finding struct {
	Settled bool
	Choice  int // the choice that holds, from 1, if Settled
	Numbers string
	Says    string
}

// Find compares a prediction with a measurement. The result is settled if the whole 95 % interval lies in one choice.
func (c *Lesson) Find(m Measured, guess int) Finding {
	if m.N < Least || m.Freedom < 1 || math.IsNaN(m.Value) || math.IsNaN(m.SE) {
		return Finding{Says: fmt.Sprintf("Too few %s for a result yet: %s.", m.What, explain.N(m.N))}
	}
	lo, hi := m.Reach.Low, m.Reach.High
	if m.Reach == (stat.Interval{}) {
		reach := stat.Student(m.Freedom) * m.SE
		lo, hi = m.Value-reach, m.Value+reach
	}
	f := Finding{Numbers: fmt.Sprintf("%s %s ± %s, n = %d %s", c.Quantity, explain.Format(m.Value), explain.Format(m.SE), m.N, m.What)}
	low, high := c.choiceOf(lo), c.choiceOf(hi)
	if low != high {
		f.Says = fmt.Sprintf("Too close to call: the 95 %% interval is %s to %s, which includes %s. More of the same experiment narrows it.", explain.Format(lo), explain.Format(hi), explain.Format(c.Bounds[low-1]))
		return f
	}
	f.Settled, f.Choice = true, low
	switch guess {
	case 0:
		f.Says = fmt.Sprintf("Measured: %s. You made no prediction.", c.Choices[low-1])
	case low:
		f.Says = fmt.Sprintf("You predicted: %s. The measurement agrees; its 95 %% interval is %s to %s.", c.Choices[guess-1], explain.Format(lo), explain.Format(hi))
	default:
		f.Says = fmt.Sprintf("You predicted: %s. Measured: %s; the 95 %% interval is %s to %s.", c.Choices[guess-1], c.Choices[low-1], explain.Format(lo), explain.Format(hi))
	}
	return f
}

// choiceOf is the choice whose interval holds x, from 1.
func (c *Lesson) choiceOf(x float64) int {
	n := 1
	for _, b := range c.Bounds {
		if x >= b {
			n++
		}
	}
	return n
}
