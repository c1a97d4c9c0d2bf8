package draw

import (
	_ "embed" // of the fonts
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
)

// Inter and JetBrains Mono (SIL Open Font License, fonts/OFL.txt) are the faces of the page too. They have Greek, arrows and tabular
// figures, and read well at 11 pixels. web/fonts/README.md says how these subsets were made.
var (
	//go:embed fonts/inter.otf
	inter []byte
	//go:embed fonts/mono.ttf
	jetBrainsMono []byte

	regular = sync.OnceValue(func() *opentype.Font { return parse(inter) })
	mono    = sync.OnceValue(func() *opentype.Font { return parse(jetBrainsMono) })
)

func parse(data []byte) *opentype.Font {
	f, err := opentype.Parse(data)
	if err != nil {
		panic(err) // the file is compiled in
	}
	return f
}

// Face is the font face of labels at a size in pixels.
func Face(isMono bool, size float64) font.Face {
	f := regular()
	if isMono {
		f = mono()
	}
	// No hinting, so that widths grow with the size and a layout fits at any scale.
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err) // the options are ours
	}
	return face
}

// unitFace measures text at 64 pixels to the em.
var unitFace = map[bool]func() font.Face{
	false: sync.OnceValue(func() font.Face { return Face(false, 64) }),
	true:  sync.OnceValue(func() font.Face { return Face(true, 64) }),
}

// Width is the width of a text in pixels.
func Width(text string, isMono bool, size float64) float64 {
	return float64(font.MeasureString(unitFace[isMono](), text)) / 64 * size / 64
}

// Fit cuts a text to a width and marks the cut with "…".
func Fit(text string, isMono bool, size, width float64) string {
	if Width(text, isMono, size) <= width {
		return text
	}
	runes := []rune(text)
	for n := len(runes) - 1; n > 0; n-- {
		if cut := string(runes[:n]) + "…"; Width(cut, isMono, size) <= width {
			return cut
		}
	}
	return ""
}
