// Package svg writes a figure's scene as SVG: for export, and to draw figures where the browser has no WebGL.
package svg

import (
	"fmt"
	"html"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/figures/draw"
	"attnlab/app/theme"
)

// Write writes a scene as one SVG element of its size.
func Write(s *draw.Scene) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s">`, number(s.Width), number(s.Height), number(s.Width), number(s.Height))
	writeBox(&b, draw.Rect(0, 0, s.Width, s.Height), s.Palette.Surface)
	clips := 0
	for _, shape := range s.Shapes {
		switch x := shape.(type) {
		case draw.Fill:
			writeBox(&b, x.Box, x.Color)
		case draw.Frame:
			in := x.Grow(-x.Width / 2)
			fmt.Fprintf(&b, `<rect x="%s" y="%s" width="%s" height="%s" fill="none" stroke-width="%s"%s/>`, number(in.X), number(in.Y), number(in.W), number(in.H), number(x.Width), paint("stroke", x.Color))
		case draw.Arc:
			writeArc(&b, x)
		case draw.Path:
			var points []string
			for _, p := range x.Points {
				points = append(points, number(p[0])+","+number(p[1]))
			}
			fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke-linejoin="round" stroke-width="%s"%s/>`, strings.Join(points, " "), number(x.Width), paint("stroke", x.Color))
		case draw.Band:
			writeBand(&b, x)
		case draw.Dot:
			fmt.Fprintf(&b, `<circle cx="%s" cy="%s" r="%s"%s/>`, number(x.X), number(x.Y), number(x.Radius), paint("fill", x.Color))
		case draw.Label:
			writeLabel(&b, x)
		case draw.Cells:
			clips++
			writeCells(&b, x, clips)
		default:
			panic(fmt.Sprintf("svg: no way to write a %T", shape))
		}
	}
	b.WriteString("</svg>")
	return b.String()
}

// number writes a length with at most two decimals; what is not finite becomes 0.
func number(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		x = 0
	}
	return strconv.FormatFloat(math.Round(100*x)/100, 'f', -1, 64)
}

// paint writes a colour as an attribute, with its opacity. Colours are premultiplied, as those of package image/color.
func paint(attribute string, c color.RGBA) string {
	if c.A == 0xff {
		return fmt.Sprintf(` %s="%s"`, attribute, theme.Hex(c))
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return fmt.Sprintf(` %s="%s" %s-opacity="%s"`, attribute, theme.Hex(color.RGBA{n.R, n.G, n.B, 0xff}), attribute, number(float64(n.A)/0xff))
}

func writeBox(b *strings.Builder, x draw.Box, c color.RGBA) {
	fmt.Fprintf(b, `<rect x="%s" y="%s" width="%s" height="%s"%s/>`, number(x.X), number(x.Y), number(x.W), number(x.H), paint("fill", c))
}

// writeArc writes half an ellipse as a line through 32 pieces, or a straight line.
func writeArc(b *strings.Builder, a draw.Arc) {
	pieces := 32
	if a.BX == 0 && a.BY == 0 {
		pieces = 1
	}
	var points []string
	for i := range pieces + 1 {
		x, y := a.Point(float64(i) / float64(pieces))
		points = append(points, number(x)+","+number(y))
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke-width="%s"%s/>`, strings.Join(points, " "), number(a.Width), paint("stroke", a.Color))
}

// writeBand writes an area as a polygon: along the upper line, and back along the lower one.
func writeBand(b *strings.Builder, x draw.Band) {
	var upper, lower []string
	for _, p := range x.Points {
		upper, lower = append(upper, number(p[0])+","+number(p[1])), append(lower, number(p[0])+","+number(p[2]))
	}
	slices.Reverse(lower)
	fmt.Fprintf(b, `<polygon points="%s" fill-opacity="%s"%s/>`, strings.Join(slices.Concat(upper, lower), " "), number(x.Opacity), paint("fill", x.Color))
}

func writeLabel(b *strings.Builder, l draw.Label) {
	family := "Inter, system-ui, sans-serif"
	if l.Mono {
		family = "'JetBrains Mono', ui-monospace, monospace"
	}
	if l.Text == "" {
		return
	}
	width := draw.Width(l.Text, l.Mono, l.Size)
	// A viewer without the font fits its own to textLength, so that no text leaves its place.
	fmt.Fprintf(b, `<text x="%s" y="%s" textLength="%s" lengthAdjust="spacingAndGlyphs" font-family="%s" font-size="%s" xml:space="preserve"%s>%s</text>`,
		number(l.X-l.Align*width), number(l.Y), number(width), family, number(l.Size), paint("fill", l.Color), html.EscapeString(l.Text))
}

func writeCells(b *strings.Builder, c draw.Cells, n int) {
	if c.Columns <= 0 || c.Rows <= 0 {
		return
	}
	fmt.Fprintf(b, `<clipPath id="clip%d"><rect x="%s" y="%s" width="%s" height="%s"/></clipPath><g clip-path="url(#clip%d)" shape-rendering="crispEdges">`, n, number(c.Clip.X), number(c.Clip.Y), number(c.Clip.W), number(c.Clip.H), n)
	w, h := c.W/float64(c.Columns), c.H/float64(c.Rows)
	for i, fill := range c.Colors {
		if fill.A > 0 {
			writeBox(b, draw.Rect(c.X+float64(i%c.Columns)*w, c.Y+float64(i/c.Columns)*h, w, h), fill)
		}
	}
	b.WriteString("</g>")
}
