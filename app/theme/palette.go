// Package theme is the one table of colours. Pages take it as CSS variables
// ([CSS]), figures as values ([Light], [Dark]).
//
// Colour carries a number or says what can be pressed; everything else is ink on
// paper. Text keeps a contrast of at least 4.5:1 and marks one of 3:1 against
// what they stand on (WCAG 2.2, 1.4.3 and 1.4.11); the tests measure it.
package theme

import (
	"fmt"
	"image/color"
	"slices"
)

// Palette is one set of colours.
type Palette struct {
	Ground  color.RGBA // the page
	Surface color.RGBA // cards and figures
	Line    color.RGBA // hairlines without a meaning
	Ink     color.RGBA // text
	Muted   color.RGBA // text of less weight, and the edges of controls
	Accent  color.RGBA // the one thing to press, selection, focus

	// The labels of steps, true ones and none, on screen always with a letter too. Redundant and Correcting
	// are dark, because marks on white need the contrast.
	Essential, Redundant, Correcting, Wrong, Malformed, Unlabelled color.RGBA

	Series [16]color.RGBA // tell runs apart, on screen always with a number or a name; none is the colour of a label

	score  [2]color.RGBA // 0 and 1
	signed [3]color.RGBA // -1, 0 and 1
}

// Light is ink on paper.
var Light = Palette{
	Ground: rgb(0xfbfaf7), Surface: rgb(0xffffff), Line: rgb(0xe4e1d9),
	Ink: rgb(0x1d1f24), Muted: rgb(0x6b6f78), Accent: rgb(0x2458d3),
	Essential: rgb(0x1b7f5c), Redundant: rgb(0x918a7a), Correcting: rgb(0xb97d0e), Wrong: rgb(0xc2372e), Malformed: rgb(0x6b6f78), Unlabelled: rgb(0x8a8f98),
	Series: [16]color.RGBA{rgb(0x2458d3), rgb(0xc93a86), rgb(0x0a7c93), rgb(0x1d1f24), rgb(0x7d3fc0), rgb(0x8a5a2b), rgb(0x76033f), rgb(0x14148c), rgb(0xc238d8), rgb(0x64780a), rgb(0xfe5204), rgb(0x0ea533), rgb(0x154a65), rgb(0x8c6bfd), rgb(0x6d0285), rgb(0x005400)},
	score:  [2]color.RGBA{rgb(0xf2f4f9), rgb(0x10348f)},
	signed: [3]color.RGBA{rgb(0xb5332b), rgb(0xf1efea), rgb(0x00718c)},
}

// Dark is the same on a dark ground. High scores are the light end.
var Dark = Palette{
	Ground: rgb(0x14161a), Surface: rgb(0x1c1f25), Line: rgb(0x2c313a),
	Ink: rgb(0xe8e6e1), Muted: rgb(0x9aa0ab), Accent: rgb(0x7aa2ff),
	Essential: rgb(0x4cc09a), Redundant: rgb(0xa39d8e), Correcting: rgb(0xe3ab45), Wrong: rgb(0xf0776d), Malformed: rgb(0x9aa0ab), Unlabelled: rgb(0x757b86),
	Series: [16]color.RGBA{rgb(0x7aa2ff), rgb(0xff8ac4), rgb(0x4fc3d9), rgb(0xe8e6e1), rgb(0xc79bff), rgb(0xb9cc66), rgb(0xc25a2a), rgb(0x4a78b8), rgb(0x9a4df0), rgb(0xd64a9a), rgb(0xebb89b), rgb(0x688546), rgb(0x009ebb), rgb(0xcbc4f0), rgb(0xe456fd), rgb(0x00ba00)},
	score:  [2]color.RGBA{rgb(0x252a34), rgb(0xb3cbff)},
	signed: [3]color.RGBA{rgb(0xf0776d), rgb(0x2b2e34), rgb(0x3fb2cf)},
}

// methods are the training methods in the order of Series: each has one colour for good, whatever is drawn beside it.
var methods = []string{"attnpo", "tlmre", "attnrl", "grpo", "rearl", "treerl", "dapo", "drgrpo", "pretrain", "sft", "forking", "anchors", "vineppo", "oar", "flowtracer", "deepgrpo"}

// Method is the colour of a training method, Muted for a name that is none.
func (p Palette) Method(name string) color.RGBA {
	if i := slices.Index(methods, name); i >= 0 {
		return p.Series[i]
	}
	return p.Muted
}

// Labels are the names of the labels of steps in package task, in their order; a test compares them.
var Labels = []string{"essential", "redundant", "correcting", "wrong", "malformed", "unlabelled"}

// Label is the colour of a true label, and Muted for any other name.
func (p Palette) Label(name string) color.RGBA {
	switch name {
	case "essential":
		return p.Essential
	case "redundant":
		return p.Redundant
	case "correcting":
		return p.Correcting
	case "wrong":
		return p.Wrong
	case "malformed":
		return p.Malformed
	case "unlabelled":
		return p.Unlabelled
	}
	return p.Muted
}

// On is a text colour that can be read on a fill: ink or paper if one reaches a contrast of
// 4.5:1, else black or white, of which one always does.
func (p Palette) On(fill color.RGBA) color.RGBA {
	for _, text := range []color.RGBA{p.Ink, p.Surface} {
		if Contrast(text, fill) >= 4.5 {
			return text
		}
	}
	black, white := rgb(0x000000), rgb(0xffffff)
	if Contrast(black, fill) > Contrast(white, fill) {
		return black
	}
	return white
}

// Hex writes a colour as CSS does.
func Hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

func rgb(hex uint32) color.RGBA {
	return color.RGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 0xff}
}
