package draw

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/gif"
	"maps"
	"slices"
)

// FrameTime is how long each frame of a figure's film is shown, in hundredths of a second.
const FrameTime = 45

// GIF encodes pictures of one size as a moving picture that repeats, each shown for some hundredths of a second and the last for
// three times as long. A GIF has 256 colours: the most frequent of all pictures are kept, and others become the nearest of these.
func GIF(frames []*image.RGBA, hundredths int) ([]byte, error) {
	count := map[color.RGBA]int{}
	for _, f := range frames {
		for i := 0; i+3 < len(f.Pix); i += 4 {
			count[color.RGBA{f.Pix[i], f.Pix[i+1], f.Pix[i+2], 255}]++
		}
	}
	order := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range order[:min(256, len(order))] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	for _, c := range order {
		index[c] = uint8(palette.Index(c))
	}
	film := &gif.GIF{}
	for i, f := range frames {
		p := image.NewPaletted(f.Bounds(), palette)
		for at := range p.Pix {
			p.Pix[at] = index[color.RGBA{f.Pix[4*at], f.Pix[4*at+1], f.Pix[4*at+2], 255}]
		}
		delay := hundredths
		if i == len(frames)-1 {
			delay *= 3
		}
		film.Image, film.Delay = append(film.Image, p), append(film.Delay, delay)
	}
	var b bytes.Buffer
	err := gif.EncodeAll(&b, film)
	return b.Bytes(), err
}
