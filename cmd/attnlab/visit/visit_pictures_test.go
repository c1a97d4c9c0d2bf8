//go:build !js && visit

package visit

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"
)

// pictures saves pictures of pages, wide and narrow, light and dark, in the ignored folder shots, and leaves the tab as it was.
func (v *visitor) pictures(pages ...string) {
	v.Helper()
	folder := filepath.Join("..", "..", "..", "shots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		v.Fatal(err)
	}
	for _, page := range pages {
		v.press(fmt.Sprintf(`[data-do="page:%s"]`, page))
		v.until("the page is shown", fmt.Sprintf(`document.getElementById("lab").dataset.page === %q`, page))
		time.Sleep(1200 * time.Millisecond) // for the pictures: without a GPU a figure receives new snapshots once a second
		for _, size := range []image.Point{{1440, 900}, {390, 844}} {
			for _, theme := range []string{"light", "dark"} {
				name := fmt.Sprintf("%s-%dx%d-%s.png", page, size.X, size.Y, theme)
				var data []byte
				v.look(theme)
				v.run(
					chromedp.EmulateViewport(int64(size.X), int64(size.Y)),
					chromedp.Evaluate(`scrollTo(0, 0), new Promise((done) => setTimeout(done, 400))`, nil, awaited),
					chromedp.CaptureScreenshot(&data),
				)
				if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
					v.Fatal(err)
				}
				if fault := pictureFault(data, size, theme == "light", 20); fault != "" {
					v.Errorf("%s %s", name, fault)
				}
				if wide := eval[int](v, "document.documentElement.scrollWidth"); wide > size.X {
					v.Errorf("%s: the page is %d wide: %s", name, wide, eval[string](v, `[...document.querySelectorAll("body *")]
						.filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.tagName + "." + e.className).join(", ")`))
				}
			}
		}
		v.run(chromedp.EmulateViewport(1440, 900))
	}
	v.look("")
}

// pictureFault says what is wrong with a picture of a window: its size, its number of colours, or its ground. It is empty if nothing is.
func pictureFault(data []byte, size image.Point, light bool, colours int) string {
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil || picture.Bounds().Size() != size {
		return fmt.Sprintf("is no picture of its size: %v", err)
	}
	if n := coloursOf(picture); n < colours {
		return fmt.Sprintf("has %d colours", n)
	}
	r, g, b, _ := picture.At(2, size.Y-2).RGBA()
	if bright := r+g+b > 3*0x8000; bright != light {
		return fmt.Sprintf("has the ground %x %x %x", r>>8, g>>8, b>>8)
	}
	return ""
}

// coloursOf counts the colours of a picture.
func coloursOf(m image.Image) int {
	seen := map[[3]uint32]bool{}
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 3 {
		for x := b.Min.X; x < b.Max.X; x += 3 {
			r, g, b, _ := m.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	return len(seen)
}
