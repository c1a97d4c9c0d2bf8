package panels

import (
	"fmt"
	"math"
)

// measured is what an experiment gave.
type measured struct {
	value   float64
	se      float64 // standard error of value
	n       int     // of what
	what    string  // "responses"
	freedom int     // degrees of freedom of se
	saw     string  // what else was seen, in a sentence or two, with its own spread
}

// least is the number of observations below which nothing is said.
const least = 3

// finding is what is said of a prediction.
type finding struct {
	settled bool
	choice  int // the choice that holds, from 1, where settled
	numbers string
	says    string
}

// find lays a prediction beside what was measured. It is settled where the whole interval of 95 % lies in one choice.
func (c *lesson) find(m measured, guess int) finding {
	if m.n < least || m.freedom < 1 || math.IsNaN(m.value) || math.IsNaN(m.se) {
		return finding{says: fmt.Sprintf("Too few %s to say anything yet: n = %d.", m.what, m.n)}
	}
	reach := student(m.freedom) * m.se
	lo, hi := m.value-reach, m.value+reach
	f := finding{numbers: fmt.Sprintf("%s %s ± %s, n = %d %s", c.quantity, format(m.value), format(m.se), m.n, m.what)}
	low, high := c.choiceOf(lo), c.choiceOf(hi)
	if low != high {
		f.says = fmt.Sprintf("Too close to call: the 95 %% interval goes from %s to %s, across %s. More of the same narrows it.", format(lo), format(hi), format(c.bounds[low-1]))
		return f
	}
	f.settled, f.choice = true, low
	switch guess {
	case 0:
		f.says = fmt.Sprintf("So it is: %s. You made no prediction.", c.choices[low-1])
	case low:
		f.says = fmt.Sprintf("You said: %s. So it is; the 95 %% interval goes from %s to %s.", c.choices[guess-1], format(lo), format(hi))
	default:
		f.says = fmt.Sprintf("You said: %s. It is: %s; the 95 %% interval goes from %s to %s.", c.choices[guess-1], c.choices[low-1], format(lo), format(hi))
	}
	return f
}

// choiceOf is the choice in whose stretch x lies, from 1.
func (c *lesson) choiceOf(x float64) int {
	n := 1
	for _, b := range c.bounds {
		if x >= b {
			n++
		}
	}
	return n
}

// student is the 97.5 % point of Student's t distribution: how many standard errors to each side hold the truth 95
// times in 100.
func student(freedom int) float64 {
	points := []float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131}
	if freedom <= len(points) {
		return points[freedom-1]
	}
	return 1.96 + 2.5/float64(freedom) // within 0.01 from there on
}

// meanError is the mean of x and its standard error, s / √n.
func meanError(x []float64) (m, se float64) {
	m = mean(x)
	var squares float64
	for _, v := range x {
		squares += (v - m) * (v - m)
	}
	n := float64(len(x))
	return m, math.Sqrt(squares / (n - 1) / n)
}

// shareError is the standard error of a share of n. That of 0 or 1 of a sample would be 0, which says too much: it is
// taken at (k+2)/(n+4) instead (Agresti and Coull, 1998).
func shareError(p, se float64, n int) float64 {
	if se > 0 || n == 0 {
		return se
	}
	p = (p*float64(n) + 2) / float64(n+4)
	return math.Sqrt(p * (1 - p) / float64(n+4))
}

// trend fits a straight line to y, one value a step, and gives its rise from the first step to the last with the
// standard error of that.
func trend(y []float64) (rise, se float64) {
	n := float64(len(y))
	middle, my := (n-1)/2, mean(y)
	var xx, xy float64
	for i, v := range y {
		x := float64(i) - middle
		xx += x * x
		xy += x * (v - my)
	}
	slope := xy / xx
	var rest float64
	for i, v := range y {
		d := v - my - slope*(float64(i)-middle)
		rest += d * d
	}
	return slope * (n - 1), math.Sqrt(rest/(n-2)/xx) * (n - 1)
}
