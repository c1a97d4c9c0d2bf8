package svg

import (
	"encoding/xml"
	"image/color"
	"io"
	"math"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"attnlab/app/figures/draw"
	"attnlab/app/theme"
)

// elements parses a picture and counts its elements by name.
func elements(t *testing.T, picture string) map[string]int {
	t.Helper()
	count := map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(picture)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return count
		}
		if err != nil {
			t.Fatalf("%v in %s", err, picture)
		}
		if e, ok := token.(xml.StartElement); ok {
			count[e.Name.Local]++
		}
	}
}

// Every shape of a scene becomes an element, text is escaped, and what is not finite breaks nothing.
func TestEveryShape(t *testing.T) {
	ink := theme.Light.Ink
	s := &draw.Scene{Width: 300, Height: 200, Palette: theme.Light}
	s.Add(draw.Fill{Box: draw.Rect(1, 2, 3, 4), Color: ink}, draw.Frame{Box: draw.Rect(0, 0, 9, 9), Width: 1, Color: ink},
		draw.Arc{X0: 0, Y0: 50, X1: 100, Y1: 50, BY: -40, Width: 2, Color: color.RGBA{0, 0, 0x40, 0x80}}, draw.Line(0, 0, 9, 9, 1, ink),
		draw.Path{Points: [][2]float64{{0, 0}, {1, math.NaN()}}, Width: 1, Color: ink}, draw.Dot{X: 5, Y: 5, Radius: 2, Color: ink},
		draw.Band{Points: [][3]float64{{0, 1, 3}, {9, 2, 4}}, Color: ink, Opacity: 0.16},
		draw.Label{X: 10, Y: 10, Text: `<a> & "b"`, Size: 11, Color: ink}, draw.Label{X: 10, Y: 20, Text: "0.5", Size: 11, Mono: true, Align: 1, Color: ink},
		draw.Cells{Box: draw.Rect(0, 0, 20, 10), Columns: 2, Rows: 1, Colors: []color.RGBA{ink, {}}, Clip: draw.Rect(0, 0, 20, 10)})
	picture := Write(s)
	got := elements(t, picture)
	for name, want := range map[string]int{"svg": 1, "polyline": 3, "polygon": 1, "circle": 1, "text": 2, "clipPath": 1, "rect": 5} {
		if got[name] != want {
			t.Errorf("%d of %s, want %d: %s", got[name], name, want, picture)
		}
	}
	for _, want := range []string{`width="300" height="200"`, `&lt;a&gt; &amp;`, `textLength="` + number(draw.Width("0.5", true, 11)) + `" lengthAdjust`, `stroke="#00007f" stroke-opacity="0.5"`, `points="0,1 9,2 9,4 0,3" fill-opacity="0.16"`, "JetBrains Mono"} {
		if !strings.Contains(picture, want) {
			t.Errorf("no %s in %s", want, picture)
		}
	}
	kinds := map[string]bool{}
	for _, shape := range s.Shapes {
		kinds[reflect.TypeOf(shape).Name()] = true
	}
	source, err := os.ReadFile("../draw/scene.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range regexp.MustCompile(`func \((\w+)\) shape\(\)`).FindAllSubmatch(source, -1) {
		if !kinds[string(kind[1])] {
			t.Errorf("no %s is written here", kind[1])
		}
	}
	if strings.Contains(picture, "NaN") || strings.Contains(picture, "Inf") {
		t.Error("a number is not finite")
	}
}
