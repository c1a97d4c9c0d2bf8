package panels

import (
	"fmt"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// lessonPictures are small drawings of what the lessons show, in their order, 144 by 88. Their colours are those of the page.
var lessonPictures = []string{pictureTrace(), pictureAttention(), pictureBranching(), pictureCredit(), pictureShorter(), pictureImportance(), pictureThought(), pictureControls()}

// lessonPicture is the picture of lesson n, from 1. It repeats what the text beside it says.
func lessonPicture(n int) app.UI { return picture(lessonPictures[n-1]) }

// picture is a small drawing of some shapes.
func picture(shapes string) app.UI {
	return app.Raw(`<svg class="lesson-picture" viewBox="0 0 144 88" aria-hidden="true" fill="none" stroke-linecap="round" stroke-linejoin="round">` + shapes + `</svg>`)
}

// drawing collects shapes. A class gives each its colour.
type drawing struct{ strings.Builder }

func (d *drawing) bar(class string, x, y, w, h float64) {
	fmt.Fprintf(d, `<rect class="%s" x="%g" y="%g" width="%g" height="%g" rx="2"/>`, class, x, y, w, h)
}

func (d *drawing) path(class, way string) { fmt.Fprintf(d, `<path class="%s" d="%s"/>`, class, way) }

func (d *drawing) dot(class string, x, y, r float64) {
	fmt.Fprintf(d, `<circle class="%s" cx="%g" cy="%g" r="%g"/>`, class, x, y, r)
}

// pictureTrace is rows of tokens with their labels: two needed, the others not.
func pictureTrace() string {
	var d drawing
	for i, row := range []struct {
		tokens int
		label  string
	}{{4, "essential"}, {6, "redundant"}, {3, "redundant"}, {5, "essential"}, {2, "redundant"}} {
		y := 9 + 15*float64(i)
		for k := range row.tokens {
			d.bar(when(row.label == "redundant", "picture-faint")+when(row.label == "essential", "picture-ink"), 10+15*float64(k), y, 12, 9)
		}
		d.bar("picture-"+row.label, 122, y, 10, 9)
	}
	return d.String()
}

// pictureAttention is arcs from later rows to earlier ones, and one row that is cut.
func pictureAttention() string {
	var d drawing
	y := func(i int) float64 { return 13 + 15*float64(i) }
	for _, arc := range []struct {
		from, to int
		class    string
	}{{3, 0, "picture-arc"}, {4, 0, "picture-arc"}, {2, 0, "picture-arc"}, {4, 2, "picture-arc faint"}, {3, 1, "picture-arc faint"}} {
		out := 12 * float64(arc.from-arc.to)
		d.path(arc.class, fmt.Sprintf("M52 %gC%g %g %g %g 52 %g", y(arc.from), 52-out, y(arc.from), 52-out, y(arc.to), y(arc.to)))
	}
	for i, w := range []float64{58, 76, 40, 68, 52} {
		d.bar(when(i > 0, "picture-ink")+when(i == 0, "picture-high"), 58, y(i)-4, w, 8)
	}
	d.path("picture-cut", "M54 13H122")
	return d.String()
}

// pictureBranching is a tree of lanes with right and wrong ends.
func pictureBranching() string {
	var d drawing
	d.path("picture-line", "M12 44H44M44 44V20H70M44 44V70H62M70 20V12H118M70 20V30H102M62 70V58H110M62 70V78H122")
	d.dot("picture-dot", 12, 44, 3.5)
	d.dot("picture-dot", 44, 44, 3.5)
	d.dot("picture-dot", 70, 20, 3.5)
	d.dot("picture-dot", 62, 70, 3.5)
	for _, end := range []struct {
		x, y  float64
		right bool
	}{{124, 12, true}, {108, 30, false}, {116, 58, true}, {128, 78, false}} {
		if end.right {
			d.path("picture-right", fmt.Sprintf("M%g %gl3 3 5-6", end.x-2, end.y))
		} else {
			d.path("picture-wrong", fmt.Sprintf("M%g %gl6 6m0-6l-6 6", end.x-2, end.y-3))
		}
	}
	return d.String()
}

// pictureCredit is the credit of steps before and after: what the answer did not look at keeps less.
func pictureCredit() string {
	var d drawing
	for i, after := range []float64{1, 0.25, 0.95, 0.2, 0.35} {
		x := 14 + 25*float64(i)
		d.bar("picture-outline", x, 14, 16, 60)
		d.bar(when(after > 0.5, "picture-essential")+when(after <= 0.5, "picture-redundant"), x, 74-60*after, 16, 60*after)
	}
	d.path("picture-axis", "M8 78H136")
	return d.String()
}

// pictureShorter is runs from their base: to the left is shorter, up is more accurate.
func pictureShorter() string {
	var d drawing
	d.path("picture-axis", "M14 8V78H136")
	d.path("picture-run", "M118 58C100 52 84 40 62 34S40 26 32 24")
	d.path("picture-other", "M118 58C112 46 108 38 104 22")
	d.dot("picture-high", 32, 24, 4.5)
	d.dot("picture-ink", 104, 22, 4.5)
	d.dot("picture-base", 118, 58, 4)
	return d.String()
}

// pictureImportance is what steps contribute, beside what is looked at: the two do not agree.
func pictureImportance() string {
	var d drawing
	for i, step := range [][2]float64{{52, 60}, {6, 44}, {40, 26}, {4, 18}, {34, 8}} {
		y := 10 + 15*float64(i)
		d.bar(when(step[0] > 20, "picture-essential")+when(step[0] <= 20, "picture-redundant"), 70-step[0], y, step[0], 9)
		d.bar("picture-high", 76, y, step[1], 9)
	}
	d.path("picture-axis", "M73 6V82")
	return d.String()
}

// pictureThought is a response of which one token is written by hand: from there on it goes another way.
func pictureThought() string {
	var d drawing
	d.path("picture-other", "M12 34H60C76 34 78 22 92 22H118")
	d.path("picture-run", "M12 34H60C76 34 78 60 92 60H118")
	for _, x := range []float64{20, 34, 48} {
		d.bar("picture-ink", x-5, 29, 10, 10)
	}
	d.bar("picture-high", 56, 28, 12, 12)
	d.path("picture-right", "M124 22l3 3 5-6")
	d.path("picture-wrong", "M125 57l6 6m0-6l-6 6")
	return d.String()
}

// pictureControls is the same weights in two orders: as attention has them, and sorted by place.
func pictureControls() string {
	var d drawing
	for i, weights := range [][2]float64{{46, 54}, {12, 46}, {54, 34}, {34, 20}, {20, 12}} {
		y := 10 + 15*float64(i)
		d.bar("picture-high", 70-weights[0], y, weights[0], 9)
		d.bar("picture-ink", 76, y, weights[1], 9)
	}
	d.path("picture-axis", "M73 6V82")
	return d.String()
}

// pictureSpeeds is the speed of two backends over the size of the model: one falls sooner, and they cross.
func pictureSpeeds() string {
	var d drawing
	d.path("picture-axis", "M14 8V78H136")
	d.path("picture-other", "M22 20C50 28 84 48 128 72")
	d.path("picture-run", "M22 38C60 36 92 40 128 50")
	for _, y := range [][2]float64{{38, 50}, {20, 72}} {
		class := when(y[0] == 38, "picture-high") + when(y[0] == 20, "picture-ink")
		d.dot(class, 22, y[0], 4)
		d.dot(class, 128, y[1], 4)
	}
	return d.String()
}

// pictureRoofline is kernels below the two ceilings of a device.
func pictureRoofline() string {
	var d drawing
	d.path("picture-axis", "M14 8V78H136")
	d.path("picture-other", "M18 70L64 22H132")
	for _, at := range [][3]float64{{34, 66, 2.5}, {48, 56, 3}, {66, 48, 3}, {84, 38, 4}, {102, 30, 5}, {118, 40, 6}} {
		d.dot("picture-high", at[0], at[1], at[2])
	}
	return d.String()
}
