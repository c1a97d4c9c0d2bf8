//go:build js || desktop

package screen

import (
	"image"
	"image/color"
	"math"

	"attnlab/app/figures"

	"github.com/hajimehoshi/ebiten/v2"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// painter draws scenes. It keeps glyphs and cells on the device between frames.
type painter struct {
	white *ebiten.Image
	texts map[textKey]*ebiten.Image
	faces map[faceKey]font.Face
	cells map[[2]int]*ebiten.Image // by columns and rows

	vertices []ebiten.Vertex // of arcs that follow one another
	indices  []uint32
}

type faceKey struct {
	mono bool
	size float64 // in device pixels
}

type textKey struct {
	face faceKey
	text string
}

// keep is how many texts are kept before all are forgotten.
const keep = 1024

// paint draws a scene whose pixels are scale device pixels wide.
func (p *painter) paint(dst *ebiten.Image, scene figures.Scene, scale float64) {
	if p.white == nil {
		p.white = ebiten.NewImage(3, 3)
		p.white.Fill(color.White)
		p.faces, p.cells = map[faceKey]font.Face{}, map[[2]int]*ebiten.Image{}
	}
	if len(p.texts) > keep || p.texts == nil {
		for _, img := range p.texts {
			img.Deallocate()
		}
		p.texts = map[textKey]*ebiten.Image{}
	}
	dst.Fill(scene.Ground)
	for _, shape := range scene.Shapes {
		arc, isArc := shape.(figures.Arc)
		if isArc {
			p.arc(arc, scale)
			continue
		}
		p.flush(dst)
		switch s := shape.(type) {
		case figures.Fill:
			p.fill(dst, pixels(s.Box, scale), s.Color)
		case figures.Frame:
			p.frame(dst, pixels(s.Box, scale), max(1, int(math.Round(s.Width*scale))), s.Color)
		case figures.Label:
			p.label(dst, s, scale)
		case figures.Cells:
			p.grid(dst, s, scale)
		}
	}
	p.flush(dst)
}

// pixels rounds a box to whole device pixels, so that edges are sharp.
func pixels(b figures.Box, scale float64) image.Rectangle {
	r := func(x float64) int { return int(math.Round(x * scale)) }
	return image.Rect(r(b.X), r(b.Y), r(b.X+b.W), r(b.Y+b.H))
}

func (p *painter) fill(dst *ebiten.Image, r image.Rectangle, c color.RGBA) {
	if r = r.Intersect(dst.Bounds()); r.Empty() {
		return
	}
	op := &ebiten.DrawImageOptions{}
	op.GeoM.Scale(float64(r.Dx())/3, float64(r.Dy())/3)
	op.GeoM.Translate(float64(r.Min.X), float64(r.Min.Y))
	op.ColorScale.ScaleWithColor(c)
	dst.DrawImage(p.white, op)
}

func (p *painter) frame(dst *ebiten.Image, r image.Rectangle, width int, c color.RGBA) {
	x0, y0, x1, y1 := r.Min.X, r.Min.Y, r.Max.X, r.Max.Y
	p.fill(dst, image.Rect(x0, y0, x1, y0+width), c)
	p.fill(dst, image.Rect(x0, y1-width, x1, y1), c)
	p.fill(dst, image.Rect(x0, y0+width, x0+width, y1-width), c)
	p.fill(dst, image.Rect(x1-width, y0+width, x1, y1-width), c)
}

// label draws a text from an image of its glyphs, whose baseline is at a whole pixel.
func (p *painter) label(dst *ebiten.Image, l figures.Label, scale float64) {
	if l.Text == "" {
		return
	}
	key := textKey{faceKey{l.Mono, l.Size * scale}, l.Text}
	face, ok := p.faces[key.face]
	if !ok {
		face = figures.Face(l.Mono, l.Size*scale)
		p.faces[key.face] = face
	}
	ascent := face.Metrics().Ascent.Ceil() + 1
	img, ok := p.texts[key]
	if !ok {
		glyphs := image.NewRGBA(image.Rect(0, 0, font.MeasureString(face, l.Text).Ceil()+2, ascent+face.Metrics().Descent.Ceil()+1))
		drawer := font.Drawer{Dst: glyphs, Src: image.White, Face: face, Dot: fixed.P(1, ascent)}
		drawer.DrawString(l.Text)
		img = ebiten.NewImageFromImage(glyphs)
		p.texts[key] = img
	}
	width := float64(img.Bounds().Dx() - 2)
	op := &ebiten.DrawImageOptions{}
	op.GeoM.Translate(math.Round(l.X*scale-l.Align*width)-1, math.Round(l.Y*scale)-float64(ascent))
	op.ColorScale.ScaleWithColor(l.Color)
	dst.DrawImage(img, op)
}

func (p *painter) grid(dst *ebiten.Image, c figures.Cells, scale float64) {
	clip := pixels(c.Clip, scale).Intersect(dst.Bounds())
	if clip.Empty() || c.Columns*c.Rows == 0 {
		return
	}
	size := [2]int{c.Columns, c.Rows}
	img, ok := p.cells[size]
	if !ok {
		img = ebiten.NewImage(c.Columns, c.Rows)
		p.cells[size] = img
	}
	pix := make([]byte, 0, 4*len(c.Colors))
	for _, c := range c.Colors {
		pix = append(pix, c.R, c.G, c.B, c.A)
	}
	img.WritePixels(pix)
	op := &ebiten.DrawImageOptions{}
	op.GeoM.Scale(c.W*scale/float64(c.Columns), c.H*scale/float64(c.Rows))
	op.GeoM.Translate(c.X*scale, c.Y*scale)
	dst.SubImage(clip).(*ebiten.Image).DrawImage(img, op)
}

// arc appends a strip of triangles. Its edges fade over one device pixel, so that all
// arcs are one draw call and smooth without a second buffer.
func (p *painter) arc(a figures.Arc, scale float64) {
	pieces := 1
	if a.BX != 0 || a.BY != 0 {
		pieces = int(max(12, min(64, math.Hypot(a.X1-a.X0, a.Y1-a.Y0)*scale/8)))
	}
	half := a.Width * scale / 2
	offsets := [4]float64{-half - 0.5, -max(0, half-0.5), max(0, half-0.5), half + 0.5}
	alphas := [4]float32{0, 1, 1, 0}
	if half < 0.5 { // thinner than a pixel: as much paler
		alphas[1], alphas[2] = float32(2*half), float32(2*half)
	}
	r, g, b := float32(a.Color.R)/255, float32(a.Color.G)/255, float32(a.Color.B)/255
	for i := range pieces + 1 {
		t := float64(i) / float64(pieces)
		x, y := a.Point(t)
		x0, y0 := a.Point(t - 1e-3)
		x1, y1 := a.Point(t + 1e-3)
		if pieces == 1 {
			x0, y0, x1, y1 = a.X0, a.Y0, a.X1, a.Y1
		}
		dx, dy := x1-x0, y1-y0
		if i == 0 || i == pieces { // at its ends a bulge leaves at a right angle
			if pieces > 1 {
				dx, dy = a.BX, a.BY
				if i == pieces {
					dx, dy = -dx, -dy
				}
			}
		}
		n := max(1e-9, math.Hypot(dx, dy))
		nx, ny := -dy/n, dx/n
		base := uint32(len(p.vertices))
		for k, offset := range offsets {
			p.vertices = append(p.vertices, ebiten.Vertex{
				DstX: float32(x*scale + nx*offset), DstY: float32(y*scale + ny*offset), SrcX: 1.5, SrcY: 1.5,
				ColorR: r * alphas[k], ColorG: g * alphas[k], ColorB: b * alphas[k], ColorA: alphas[k]})
		}
		if i == 0 {
			continue
		}
		for k := range uint32(3) {
			p.indices = append(p.indices, base-4+k, base-3+k, base+k, base-3+k, base+1+k, base+k)
		}
	}
}

// flush draws the arcs so far.
func (p *painter) flush(dst *ebiten.Image) {
	if len(p.indices) == 0 {
		return
	}
	dst.DrawTriangles32(p.vertices, p.indices, p.white, &ebiten.DrawTrianglesOptions{ColorScaleMode: ebiten.ColorScaleModePremultipliedAlpha})
	p.vertices, p.indices = p.vertices[:0], p.indices[:0]
}
