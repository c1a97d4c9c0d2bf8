package model

import "math"

// Schedule is warm-up, a plateau and a fall: linear to Peak over Warmup steps,
// constant until Decay·Steps, then down to Floor·Peak at Steps.
type Schedule struct {
	Peak   float64
	Warmup int
	Steps  int
	Decay  float64 // share of the steps before the fall begins; 0 is warm-up + cosine from the start
	Floor  float64 // of Peak, at the end
	Cosine bool    // the fall's shape: half a cosine, or a line
}

// Rate is the learning rate of step (0-based).
func (s Schedule) Rate(step int) float64 {
	if step < s.Warmup {
		return s.Peak * float64(step+1) / float64(s.Warmup)
	}
	begin := max(s.Decay*float64(s.Steps), float64(s.Warmup))
	if float64(step) < begin || float64(s.Steps) <= begin {
		return s.Peak
	}
	x := min((float64(step)-begin)/(float64(s.Steps)-begin), 1)
	if s.Cosine {
		x = (1 - math.Cos(math.Pi*x)) / 2
	}
	return s.Peak * (1 - x*(1-s.Floor))
}
