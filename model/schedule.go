package model

import "math"

// Schedule is a learning rate with warm-up, plateau and decay: linear to Peak over
// Warmup steps, constant until DecayStart·Steps, then down to Floor·Peak at Steps.
type Schedule struct {
	Peak       float64
	Warmup     int
	Steps      int
	DecayStart float64 // share of the steps before the decay begins; at 0 it follows the warm-up at once
	Floor      float64 // of Peak, at the end
	Cosine     bool    // the shape of the decay: half a cosine, or else a line
}

// Rate is the learning rate of step (0-based).
func (s Schedule) Rate(step int) float64 {
	if step < s.Warmup {
		return s.Peak * float64(step+1) / float64(s.Warmup)
	}
	begin := max(s.DecayStart*float64(s.Steps), float64(s.Warmup))
	if float64(step) < begin || float64(s.Steps) <= begin {
		return s.Peak
	}
	x := min((float64(step)-begin)/(float64(s.Steps)-begin), 1)
	if s.Cosine {
		x = (1 - math.Cos(math.Pi*x)) / 2
	}
	return s.Peak * (1 - x*(1-s.Floor))
}
