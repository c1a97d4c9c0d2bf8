package theme

import (
	"image/color"
	"math"
	"sync"
)

// Score is the colour of x in 0..1 (attention, FCI, a value): one hue, from nearly
// the paper to deep. Equal differences of x look equally far apart: the ramp is a
// straight line in OKLab.
func (p Palette) Score(x float64) color.RGBA {
	return mix(p.score[0], p.score[1], clamp(x, 0, 1))
}

// Mark is Score for arcs, bars and dots: away from the paper even at 0.
func (p Palette) Mark(x float64) color.RGBA { return p.Score(0.15 + 0.85*clamp(x, 0, 1)) }

// Signed is the colour of x in -1..1 (advantage, change, a rank better or worse than
// chance): red below zero, green-blue above, which the common kinds of colour
// blindness keep apart.
func (p Palette) Signed(x float64) color.RGBA {
	if x = clamp(x, -1, 1); x < 0 {
		return mix(p.signed[1], p.signed[0], -x)
	}
	return mix(p.signed[1], p.signed[2], x)
}

// Contrast is the ratio of luminances of WCAG 2.2, 1 to 21.
func Contrast(a, b color.RGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c color.RGBA) float64 {
	r, g, b := linear(c)
	return 0.2126*r + 0.7152*g + 0.0722*b
}

// stops is the number of colours of a ramp. Two neighbours differ by at most one in 255.
const stops = 1025

// ramps holds the ramps drawn so far, [stops]color.RGBA by both ends. A figure of thousands of cells would otherwise spend
// most of its time in powers and roots.
var ramps sync.Map

// mix goes from a, t = 0, to b, t = 1.
func mix(a, b color.RGBA, t float64) color.RGBA {
	ends := [2]color.RGBA{a, b}
	ramp, known := ramps.Load(ends)
	if !known {
		var r [stops]color.RGBA
		for i := range r {
			r[i] = mixLab(a, b, float64(i)/(stops-1))
		}
		ramp, _ = ramps.LoadOrStore(ends, &r)
	}
	return ramp.(*[stops]color.RGBA)[int(math.Round(t*(stops-1)))]
}

// mixLab goes from a to b in OKLab (Ottosson 2020, "A perceptual color space for image
// processing").
func mixLab(a, b color.RGBA, t float64) color.RGBA {
	p, q := toLab(a), toLab(b)
	for i := range p {
		p[i] += t * (q[i] - p[i])
	}
	return fromLab(p)
}

func toLab(c color.RGBA) [3]float64 {
	r, g, b := linear(c)
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	return [3]float64{
		0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		1.9779984951*l - 2.4285922050*m + 0.4505937099*s,
		0.0259040371*l + 0.7827717662*m - 0.8086757660*s,
	}
}

func fromLab(lab [3]float64) color.RGBA {
	cube := func(x float64) float64 { return x * x * x }
	l := cube(lab[0] + 0.3963377774*lab[1] + 0.2158037573*lab[2])
	m := cube(lab[0] - 0.1055613458*lab[1] - 0.0638541728*lab[2])
	s := cube(lab[0] - 0.0894841775*lab[1] - 1.2914855480*lab[2])
	return color.RGBA{
		encode(4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		encode(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		encode(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s),
		0xff,
	}
}

// linear undoes the transfer curve of sRGB.
func linear(c color.RGBA) (r, g, b float64) {
	f := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return f(c.R), f(c.G), f(c.B)
}

func encode(x float64) uint8 {
	x = clamp(x, 0, 1)
	if x <= 0.0031308 {
		x *= 12.92
	} else {
		x = 1.055*math.Pow(x, 1/2.4) - 0.055
	}
	return uint8(math.Round(255 * x))
}

// clamp also takes what is not a number to be low.
func clamp(x, low, high float64) float64 {
	if !(x > low) {
		return low
	}
	return min(x, high)
}
