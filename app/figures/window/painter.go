//go:build js || desktop

package window

import (
	"image"
	"image/color"
	"math"
	"slices"

	"attnlab/app/figures/draw"

	"github.com/hajimehoshi/ebiten/v2"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// painter draws scenes. Glyphs and cells stay on the device between frames.
type painter struct {
	white *ebiten.Image
	texts map[textKey]*ebiten.Image
	faces map[faceKey]font.Face
	cells map[[2]int]*ebiten.Image // by columns and rows

	vertices []ebiten.Vertex // of lines and discs that follow one another
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

// mostTexts is how many texts stay on the device before all are dropped.
const mostTexts = 1024

// paint draws a scene whose pixels are scale device pixels wide.
func (p *painter) paint(dst *ebiten.Image, scene draw.Scene, scale float64) {
	if p.white == nil {
		p.white = ebiten.NewImage(3, 3)
		p.white.Fill(color.White)
		p.faces, p.cells = map[faceKey]font.Face{}, map[[2]int]*ebiten.Image{}
	}
	if len(p.texts) > mostTexts || p.texts == nil {
		for _, img := range p.texts {
			img.Deallocate()
		}
		p.texts = map[textKey]*ebiten.Image{}
	}
	dst.Fill(scene.Palette.Surface)
	for _, shape := range scene.Shapes {
		switch s := shape.(type) { // triangles, drawn with those that follow
		case draw.Arc:
			p.arc(s, scale)
			continue
		case draw.Path:
			p.path(s, scale)
			continue
		case draw.Band:
			p.band(s, scale)
			continue
		case draw.Dot:
			p.dot(s, scale)
			continue
		}
		p.flush(dst)
		switch s := shape.(type) {
		case draw.Fill:
			p.fill(dst, pixels(s.Box, scale), s.Color)
		case draw.Frame:
			p.frame(dst, pixels(s.Box, scale), max(1, int(math.Round(s.Width*scale))), s.Color)
		case draw.Label:
			p.label(dst, s, scale)
		case draw.Cells:
			p.grid(dst, s, scale)
		}
	}
	p.flush(dst)
}

// pixels rounds a box to whole device pixels, so that edges are sharp.
func pixels(b draw.Box, scale float64) image.Rectangle {
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
func (p *painter) label(dst *ebiten.Image, l draw.Label, scale float64) {
	if l.Text == "" {
		return
	}
	key := textKey{faceKey{l.Mono, l.Size * scale}, l.Text}
	face, ok := p.faces[key.face]
	if !ok {
		face = draw.Face(l.Mono, l.Size*scale)
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

func (p *painter) grid(dst *ebiten.Image, c draw.Cells, scale float64) {
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

// arc appends half an ellipse, or a line.
func (p *painter) arc(a draw.Arc, scale float64) {
	pieces := 1
	if a.BX != 0 || a.BY != 0 {
		pieces = int(max(12, min(64, math.Hypot(a.X1-a.X0, a.Y1-a.Y0)*scale/8)))
	}
	s := p.strip(a.Width*scale, a.Color)
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
		s.to(x*scale, y*scale, -dy/n, dx/n)
	}
}

// path appends a line through points, whose corners are mitred, and bevelled where they
// are sharp.
func (p *painter) path(l draw.Path, scale float64) {
	points := slices.CompactFunc(slices.Clone(l.Points), func(a, b [2]float64) bool { return a == b })
	if len(points) < 2 {
		return
	}
	across := func(i int) (x, y float64) { // of the piece that begins at point i
		dx, dy := points[i+1][0]-points[i][0], points[i+1][1]-points[i][1]
		n := math.Hypot(dx, dy)
		return -dy / n, dx / n
	}
	s := p.strip(l.Width*scale, l.Color)
	for i, point := range points {
		ax, ay := across(max(0, i-1))
		bx, by := across(min(len(points)-2, i))
		x, y, nx, ny := point[0]*scale, point[1]*scale, (ax+bx)/2, (ay+by)/2
		if n := nx*nx + ny*ny; n > 0.4 {
			s.to(x, y, nx/n, ny/n) // as long as the corner needs
		} else {
			s.to(x, y, ax, ay)
			s.to(x, y, bx, by)
		}
	}
}

// band appends the area between two lines.
func (p *painter) band(b draw.Band, scale float64) {
	alpha := float32(b.Opacity)
	for i, point := range b.Points {
		base := uint32(len(p.vertices))
		for _, y := range point[1:] {
			p.vertices = append(p.vertices, ebiten.Vertex{DstX: float32(point[0] * scale), DstY: float32(y * scale), SrcX: 1.5, SrcY: 1.5,
				ColorR: alpha * float32(b.Color.R) / 255, ColorG: alpha * float32(b.Color.G) / 255, ColorB: alpha * float32(b.Color.B) / 255, ColorA: alpha})
		}
		if i > 0 {
			p.indices = append(p.indices, base-2, base-1, base, base-1, base+1, base)
		}
	}
}

// dot appends a disc whose edge fades over one device pixel.
func (p *painter) dot(d draw.Dot, scale float64) {
	r := d.Radius * scale
	if r <= 0 {
		return
	}
	red, g, b := float32(d.Color.R)/255, float32(d.Color.G)/255, float32(d.Color.B)/255
	vertex := func(radius, angle float64, alpha float32) {
		sin, cos := math.Sincos(angle)
		p.vertices = append(p.vertices, ebiten.Vertex{DstX: float32(d.X*scale + radius*cos), DstY: float32(d.Y*scale + radius*sin), SrcX: 1.5, SrcY: 1.5,
			ColorR: red * alpha, ColorG: g * alpha, ColorB: b * alpha, ColorA: alpha})
	}
	pieces := uint32(max(12, min(48, 4*r)))
	base := uint32(len(p.vertices))
	vertex(0, 0, 1)
	for i := range pieces {
		angle := 2 * math.Pi * float64(i) / float64(pieces)
		vertex(max(0, r-0.5), angle, 1)
		vertex(r+0.5, angle, 0)
	}
	for i := range pieces {
		in, out := base+1+2*i, base+2+2*i
		next, beyond := base+1+2*((i+1)%pieces), base+2+2*((i+1)%pieces)
		p.indices = append(p.indices, base, in, next, in, out, next, out, beyond, next)
	}
}

// strip is an unfinished line: triangles between the points so far.
type strip struct {
	*painter
	started bool
	offsets [4]float64
	alphas  [4]float32
	r, g, b float32
}

// strip begins a line width device pixels wide. Its edges fade over one device pixel,
// so that all lines are one draw call and smooth without a second buffer.
func (p *painter) strip(width float64, c color.RGBA) strip {
	half := width / 2
	s := strip{
		painter: p, offsets: [4]float64{-half - 0.5, -max(0, half-0.5), max(0, half-0.5), half + 0.5}, alphas: [4]float32{0, 1, 1, 0},
		r: float32(c.R) / 255, g: float32(c.G) / 255, b: float32(c.B) / 255,
	}
	if half < 0.5 { // thinner than a pixel: as much paler
		s.alphas[1], s.alphas[2] = float32(2*half), float32(2*half)
	}
	return s
}

// to continues the line to a point, where its width lies along (nx, ny).
func (s *strip) to(x, y, nx, ny float64) {
	base := uint32(len(s.vertices))
	for k, offset := range s.offsets {
		s.vertices = append(s.vertices, ebiten.Vertex{
			DstX: float32(x + nx*offset), DstY: float32(y + ny*offset), SrcX: 1.5, SrcY: 1.5,
			ColorR: s.r * s.alphas[k], ColorG: s.g * s.alphas[k], ColorB: s.b * s.alphas[k], ColorA: s.alphas[k]})
	}
	if s.started {
		for k := range uint32(3) {
			s.indices = append(s.indices, base-4+k, base-3+k, base+k, base-3+k, base+1+k, base+k)
		}
	}
	s.started = true
}

// flush draws the triangles so far.
func (p *painter) flush(dst *ebiten.Image) {
	if len(p.indices) == 0 {
		return
	}
	dst.DrawTriangles32(p.vertices, p.indices, p.white, &ebiten.DrawTrianglesOptions{ColorScaleMode: ebiten.ColorScaleModePremultipliedAlpha})
	p.vertices, p.indices = p.vertices[:0], p.indices[:0]
}
