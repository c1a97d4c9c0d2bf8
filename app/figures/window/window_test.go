//go:build js || desktop

package window

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"strings"
	"testing"
	"time"

	"attnlab/app/figures"
	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/app/theme"

	"github.com/hajimehoshi/ebiten/v2"
)

// ebiten draws only while a game runs, so the tests are one.
type tests struct {
	m    *testing.M
	code int
}

func (t *tests) Update() error {
	t.code = t.m.Run()
	return ebiten.Termination
}
func (t *tests) Draw(*ebiten.Image)         {}
func (t *tests) Layout(w, h int) (int, int) { return w, h }

func TestMain(m *testing.M) {
	game := &tests{m: m, code: 1}
	if err := ebiten.RunGame(game); err != nil {
		panic(err)
	}
	os.Exit(game.code)
}

func render(scene draw.Scene, width, height int, scale float64) *image.RGBA {
	dst := ebiten.NewImage(int(float64(width)*scale), int(float64(height)*scale))
	var p painter
	p.paint(dst, scene, scale)
	img := image.NewRGBA(dst.Bounds())
	dst.ReadPixels(img.Pix)
	return img
}

func TestPaint(t *testing.T) {
	red, blue, ink := color.RGBA{200, 0, 0, 255}, color.RGBA{0, 0, 200, 255}, theme.Light.Ink
	box := func(x, y, w, h float64) draw.Box { return draw.Box{X: x, Y: y, W: w, H: h} }
	scene := draw.Scene{Palette: theme.Light, Shapes: []draw.Shape{
		draw.Fill{Box: box(10, 10, 20, 10), Color: red},
		draw.Frame{Box: box(40, 10, 20, 10), Width: 1, Color: blue},
		draw.Cells{Box: box(10, 30, 40, 20), Columns: 4, Rows: 2, Colors: []color.RGBA{red, blue, red, blue, blue, red, blue, red}, Clip: box(10, 30, 30, 20)},
		draw.Arc{X0: 60, Y0: 50, X1: 100, Y1: 50, BY: -20, Width: 4, Color: ink},
		draw.Arc{X0: 60, Y0: 55, X1: 100, Y1: 55, Width: 2, Color: ink},
		draw.Path{Points: [][2]float64{{65, 5}, {75, 5}, {75, 5}, {75, 25}, {75, 7}}, Width: 4, Color: red},
		draw.Dot{X: 95, Y: 15, Radius: 6, Color: blue},
		draw.Label{X: 10, Y: 75, Text: "M", Size: 12, Color: ink},
	}}
	for _, scale := range []float64{1, 2, 1.5} {
		img := render(scene, 110, 80, scale)
		for _, want := range []struct {
			what string
			x, y float64
			c    color.RGBA
		}{
			{"the ground", 5, 5, theme.Light.Surface},
			{"a fill", 11, 11, red}, {"a fill's end", 29, 19, red}, {"beside a fill", 31, 15, theme.Light.Surface},
			{"a frame", 40.3, 15, blue}, {"inside a frame", 50, 15, theme.Light.Surface},
			{"the first cell", 15, 35, red}, {"the second cell", 25, 35, blue}, {"the second row", 15, 45, blue}, {"a cell outside the clip", 45, 35, theme.Light.Surface},
			{"the top of an arc", 80, 30, ink}, {"under an arc", 80, 40, theme.Light.Surface}, {"a line", 80, 55, ink},
			{"a path", 70, 5, red}, {"its corner", 76, 4, red}, {"its turn", 75, 24, red}, {"beside a path", 80, 15, theme.Light.Surface},
			{"a dot", 95, 15, blue}, {"a dot's edge", 99.5, 15, blue}, {"beside a dot", 100, 20, theme.Light.Surface},
		} {
			if got := img.RGBAAt(int(want.x*scale), int(want.y*scale)); got != want.c {
				t.Errorf("scale %v: %s is %v, want %v", scale, want.what, got, want.c)
			}
		}
		dark := 0
		for y := int(64 * scale); y < int(76*scale); y++ {
			for x := int(9 * scale); x < int(24*scale); x++ {
				if img.RGBAAt(x, y).R < 128 {
					dark++
				}
			}
		}
		if share := float64(dark) / (scale * scale * 12 * 15); share < 0.08 || share > 0.6 {
			t.Errorf("scale %v: %.2f of the letter's place is dark", scale, share)
		}
	}
}

// A game draws what changed and nothing else, and gives its picture as PNG.
func TestGame(t *testing.T) {
	figure, err := figures.New("matrix")
	if err != nil {
		t.Fatal(err)
	}
	var saved []byte
	var captions []string
	game := New(figure, func(session.Command) {}, func(_ string, b []byte) { saved = b }, func(caption string) { captions = append(captions, caption) }, func() string { return "page=trace" })
	figure.Resize(300, 200)
	screen := ebiten.NewImage(300, 200)
	at := func() color.RGBA { return screen.At(299, 199).(color.RGBA) }
	game.Draw(screen)
	if at() != theme.Light.Surface {
		t.Errorf("the ground is %v", at())
	}
	screen.Fill(color.Black)
	if game.Draw(screen); at() != (color.RGBA{0, 0, 0, 255}) {
		t.Error("it draws although nothing has changed")
	}
	game.Do("theme", func(h *figures.Host, _ time.Time) { h.SetDark(true) })
	game.Save(PNG)
	if err := game.Update(); err != nil {
		t.Fatal(err)
	}
	if game.Draw(screen); at() != theme.Dark.Surface {
		t.Errorf("the ground at night is %v", at())
	}
	img, err := png.Decode(bytes.NewReader(saved))
	if err != nil || img.Bounds().Dx() != 600 || img.Bounds().Dy() <= 400 { // the notes are below
		t.Fatalf("the saved image: %v", err)
	}
	if r, g, b, _ := img.At(599, 399).RGBA(); (color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}) != theme.Dark.Surface {
		t.Error("the saved image has another ground")
	}
	game.Save(SVG)
	if err := game.Update(); err != nil {
		t.Fatal(err)
	}
	game.Draw(screen)
	if text := string(saved); !strings.HasPrefix(text, "<svg") || !strings.Contains(text, "page=trace") {
		t.Errorf("the saved SVG is %.200s", text)
	}
	if len(captions) != 1 || captions[0] != figure.Caption() {
		t.Errorf("two drawings of the same are described as %q", captions)
	}
}
