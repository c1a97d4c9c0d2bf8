package draw

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"testing"
)

func TestGIF(t *testing.T) {
	var frames []*image.RGBA
	for n := range 3 {
		f := image.NewRGBA(image.Rect(0, 0, 40, 30))
		for y := range 30 {
			for x := range 40 {
				f.SetRGBA(x, y, color.RGBA{uint8(80 * n), 10, 20, 255}) // the ground
				if y == 0 {
					f.SetRGBA(x, y, color.RGBA{uint8(6 * x), uint8(80 * n), 200, 255}) // many rare colours
				}
			}
		}
		frames = append(frames, f)
	}
	data, err := GIF(frames, 50)
	if err != nil {
		t.Fatal(err)
	}
	film, err := gif.DecodeAll(bytes.NewReader(data))
	if err != nil || len(film.Image) != 3 || film.LoopCount != 0 || film.Delay[0] != 50 || film.Delay[2] != 150 {
		t.Fatalf("%d pictures, delays %v, error %v", len(film.Image), film.Delay, err)
	}
	for n, p := range film.Image {
		for _, at := range [][2]int{{3, 20}, {10, 0}} {
			if got, want := color.RGBAModel.Convert(p.At(at[0], at[1])), frames[n].At(at[0], at[1]); got != want {
				t.Errorf("picture %d at %v is %v, want %v", n, at, got, want)
			}
		}
	}
	// More than 256 colours: each becomes one that is near.
	many := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			many.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), 0, 255})
		}
	}
	if data, err = GIF([]*image.RGBA{many}, 50); err != nil {
		t.Fatal(err)
	}
	if film, err = gif.DecodeAll(bytes.NewReader(data)); err != nil || len(film.Image[0].Palette) > 256 {
		t.Errorf("many colours: %v", err)
	}
}
