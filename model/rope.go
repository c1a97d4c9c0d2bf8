package model

import (
	"fmt"
	"math"

	"attnlab/shaders/nn"
)

// Rope are the rotary positions (Su et al. 2021) of a model: the pair j of a head of C
// features turns by t·θ^(−2j/C) at position t. Scaling slows some pairs down, so that a
// model reads longer texts than it was pretrained on.
type Rope struct {
	Theta   float64 // base of the frequencies
	Scaling RopeScaling
}

// Kinds of [RopeScaling].
const (
	RopeUnscaled = ""       // frequencies as they are
	RopeLinear   = "linear" // all frequencies divided by Factor
	RopeLlama3   = "llama3" // only long waves divided by Factor
	RopeYarn     = "yarn"   // a ramp from fast pairs to slow ones, and a factor on cosines and sines
)

// RopeScaling are the numbers of a scaling, under the names of Hugging Face's
// modeling_rope_utils. A kind reads only those that its line names.
type RopeScaling struct {
	Kind            string  // "", "linear", "llama3" or "yarn"
	Factor          float64 // all kinds: how many times longer than OriginalContext texts may be, ≥ 1
	OriginalContext int     // llama3, yarn: tokens of context in pretraining
	LowFreqFactor   float64 // llama3: waves longer than OriginalContext/LowFreqFactor are divided whole,
	HighFreqFactor  float64 // llama3: those shorter than OriginalContext/HighFreqFactor stay, with a ramp between
	BetaFast        float64 // yarn: pairs of more turns in OriginalContext stay, usually 32
	BetaSlow        float64 // yarn: pairs of fewer turns are divided whole, usually 1
	AttentionFactor float64 // yarn: multiplies cosines and sines; 0 stands for 0.1·ln Factor + 1
}

// validate returns an error for the first number that cannot be used.
func (r Rope) validate() error {
	s := r.Scaling
	positive := func(x float64) bool { return x > 0 && x <= math.MaxFloat32 }
	switch {
	case !(r.Theta > 1 && r.Theta <= math.MaxFloat32):
		return fmt.Errorf("model: rope_theta is %g, it must be greater than 1 and fit a float32", r.Theta)
	case s.Kind == RopeUnscaled && s != RopeScaling{}:
		return fmt.Errorf("model: rope scaling has numbers but no kind; choose linear, llama3 or yarn")
	case s.Kind == RopeUnscaled:
		return nil
	case s.Kind != RopeLinear && s.Kind != RopeLlama3 && s.Kind != RopeYarn:
		return fmt.Errorf("model: rope scaling %q is not supported, only linear, llama3 and yarn are", s.Kind)
	case !(s.Factor >= 1 && s.Factor <= math.MaxFloat32):
		return fmt.Errorf("model: the factor of rope scaling is %g, it must be 1 or more", s.Factor)
	case s.Kind == RopeLinear:
		return nil
	case s.OriginalContext < 1 || s.OriginalContext > 1<<30:
		return fmt.Errorf("model: original_max_position_embeddings of rope scaling is %d, it must be a number of tokens", s.OriginalContext)
	case s.Kind == RopeLlama3 && !(positive(s.LowFreqFactor) && positive(s.HighFreqFactor) && s.LowFreqFactor < s.HighFreqFactor):
		return fmt.Errorf("model: low_freq_factor %g and high_freq_factor %g of rope scaling must be positive, the first below the second", s.LowFreqFactor, s.HighFreqFactor)
	case s.Kind == RopeYarn && !(positive(s.BetaFast) && positive(s.BetaSlow) && s.BetaSlow <= s.BetaFast):
		return fmt.Errorf("model: beta_fast %g and beta_slow %g of rope scaling must be positive, the second not above the first", s.BetaFast, s.BetaSlow)
	case s.Kind == RopeYarn && !(s.AttentionFactor == 0 || positive(s.AttentionFactor)):
		return fmt.Errorf("model: attention_factor of rope scaling is %g, it must be positive", s.AttentionFactor)
	}
	return nil
}

// Frequencies returns how far each pair of a head of C features turns a position, [C/2],
// and the factor on cosines and sines.
func (r Rope) Frequencies(C int) (turn []float64, factor float64) {
	s := r.Scaling
	turn = make([]float64, C/2)
	for j := range turn {
		turn[j] = math.Pow(r.Theta, -2*float64(j)/float64(C))
	}
	switch s.Kind {
	case RopeLinear:
		for j := range turn {
			turn[j] /= s.Factor
		}
	case RopeLlama3:
		for j, f := range turn {
			waves := float64(s.OriginalContext) * f / (2 * math.Pi) // in the original context
			keep := (waves - s.LowFreqFactor) / (s.HighFreqFactor - s.LowFreqFactor)
			turn[j] = mix(f/s.Factor, f, keep)
		}
	case RopeYarn:
		first, last := r.pairOf(s.BetaFast, C), r.pairOf(s.BetaSlow, C)
		first, last = max(math.Floor(first), 0), min(math.Ceil(last), float64(C-1))
		if first == last {
			last += 0.001
		}
		for j, f := range turn {
			turn[j] = mix(f, f/s.Factor, (float64(j)-first)/(last-first))
		}
		if s.AttentionFactor > 0 {
			return turn, s.AttentionFactor
		}
		return turn, 0.1*math.Log(s.Factor) + 1
	}
	return turn, 1
}

// pairOf returns the pair, as a fraction, that makes the given number of turns in the
// original context: OriginalContext·θ^(−2j/C) = 2π·turns solved for j.
func (r Rope) pairOf(turns float64, C int) float64 {
	return float64(C) * math.Log(float64(r.Scaling.OriginalContext)/(2*math.Pi*turns)) / (2 * math.Log(r.Theta))
}

// mix is a at share 0 or below, b at share 1 or above, and between them linear.
func mix(a, b, share float64) float64 {
	share = min(max(share, 0), 1)
	return (1-share)*a + share*b
}

// Table returns cosines and sines of the positions 0..T-1 of heads of C features,
// [T,2,C/2], computed in float64.
func (r Rope) Table(T, C int) []float32 {
	turn, factor := r.Frequencies(C)
	return nn.RopeTableOf(T, turn, factor)
}
