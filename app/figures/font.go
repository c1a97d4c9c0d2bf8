package figures

import (
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

// The Go fonts (Bigelow & Holmes, BSD licence) have Greek, arrows and tabular
// figures, and read well at 11 pixels.
var (
	regular = sync.OnceValue(func() *opentype.Font { return parse(goregular.TTF) })
	mono    = sync.OnceValue(func() *opentype.Font { return parse(gomono.TTF) })
)

func parse(ttf []byte) *opentype.Font {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic(err) // the file is compiled in
	}
	return f
}

// Face is the text face of labels at a size in pixels.
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

// unit faces measure: 64 pixels to the em.
var unit = map[bool]func() font.Face{
	false: sync.OnceValue(func() font.Face { return Face(false, 64) }),
	true:  sync.OnceValue(func() font.Face { return Face(true, 64) }),
}

// Width of a text in pixels.
func Width(text string, isMono bool, size float64) float64 {
	return float64(font.MeasureString(unit[isMono](), text)) / 64 * size / 64
}

// fit cuts a text with "…" to a width.
func fit(text string, isMono bool, size, width float64) string {
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
