//go:build !js && visit

package visit

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"attnlab/app/theme"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// paper is the width of A4 without margins of 1 cm, in CSS pixels.
const paper = 718

// TestVisitPrint prints pages with figures from the dark theme: nothing on paper is dark, wider than the paper, or cut by a box that scrolls.
func TestVisitPrint(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	server := plainServer(t, dir, n)
	v.look("dark")
	for _, one := range []struct {
		name, hash, ready string
		least             int // pages
	}{
		{"trace", "#page=trace", figuresDrawn, 2},
		{"compare", "#page=compare", `document.querySelectorAll("#standings tbody tr").length === 7 && document.querySelector("iframe.scatter")?.contentDocument?.querySelector("canvas, #plain")`, 2},
	} {
		v.check(one.name, func(v *visitor) {
			v.run(chromedp.Navigate("about:blank"))
			v.open(server.URL + under + onHost + one.hash)
			v.run(chromedp.Evaluate(`document.querySelectorAll("iframe").forEach((f) => { f.loading = "eager"; })`, nil))
			v.until("the figures are drawn", one.ready)
			v.run(chromedp.Evaluate(`document.querySelectorAll("iframe").forEach((f) => f.contentWindow.addEventListener("beforeprint", () => {
				f.dataset.printed = f.contentDocument.querySelector("#paper svg rect")?.getAttribute("fill") ?? "nothing"; // its ground
			}))`, nil))
			v.run(chromedp.Sleep(patience/90), chromedp.ActionFunc(func(ctx context.Context) error { // without a GPU a figure redraws once a second
				pdf, _, err := page.PrintToPDF().WithPrintBackground(true).WithPaperWidth(8.27).WithPaperHeight(11.69).WithMarginTop(.39).WithMarginBottom(.39).WithMarginLeft(.39).WithMarginRight(.39).Do(ctx)
				if err != nil {
					return err
				}
				if pages := bytes.Count(pdf, []byte("/Type /Page\n")); pages < one.least {
					v.Errorf("the PDF has %d pages, want %d or more", pages, one.least)
				}
				folder := filepath.Join("..", "..", "..", "shots")
				if err := os.MkdirAll(folder, 0o755); err != nil {
					return err
				}
				return os.WriteFile(filepath.Join(folder, "print-"+one.name+".pdf"), pdf, 0o644)
			}))
			if grounds := eval[[]string](v, `[...document.querySelectorAll("iframe")].filter((f) => f.contentDocument.querySelector("canvas, #plain")).map((f) => f.dataset.printed)`); len(grounds) == 0 || slices.ContainsFunc(grounds, func(fill string) bool { return fill != theme.Hex(theme.Light.Surface) }) {
				v.Errorf("figures are printed on %q", grounds)
			}
			// The same by the rules for paper on a screen as wide as the paper.
			v.run(emulation.SetEmulatedMedia().WithMedia("print").WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}), chromedp.EmulateViewport(paper, 1050))
			for what, expression := range map[string]string{
				"is wider than the paper": fmt.Sprintf(`[...document.querySelectorAll("main *")].filter((e) => e.getClientRects().length && e.getBoundingClientRect().right > %d + 1 && !e.closest("svg, .unseen"))`, paper),
				"is cut by its box":       `[...document.querySelectorAll(".scroll, .results, .rows-box, .heads-box, .rollout-scroll")].filter((e) => e.getClientRects().length && getComputedStyle(e).overflowY !== "visible")`,
				"is a control":            `[...document.querySelectorAll("main :is(input, select), .buttons button")].filter((e) => e.getClientRects().length)`,
			} {
				if found := eval[[]string](v, expression+`.map((e) => e.tagName + "." + e.className).slice(0, 6)`); len(found) > 0 {
					v.Errorf("on paper %s: %q", what, found)
				}
			}
			var data []byte
			v.run(chromedp.Evaluate(`document.querySelectorAll("iframe").forEach((f) => { f.style.visibility = "hidden"; })`, nil)) // they become light as the browser prints
			v.run(chromedp.Sleep(patience/90), chromedp.FullScreenshot(&data, 100))
			if fault := darkGround(data); fault != "" {
				v.Errorf("on paper %s", fault)
			}
			if err := os.WriteFile(filepath.Join("..", "..", "..", "shots", "print-"+one.name+".png"), data, 0o644); err != nil {
				v.Fatal(err)
			}
			v.run(chromedp.EmulateViewport(1440, 900))
			v.look("dark")
		})
	}
	for _, line := range n.all() {
		t.Error(line)
	}
}

// darkGround says where more than a fifth of a picture is dark; it is empty where nothing is.
func darkGround(data []byte) string {
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return err.Error()
	}
	b := picture.Bounds()
	const band = 200 // pixels: a dark figure fills one
	for top := b.Min.Y; top < b.Max.Y; top += band {
		dark, all := 0, 0
		for y := top; y < min(top+band, b.Max.Y); y += 4 {
			for x := b.Min.X; x < b.Max.X; x += 4 {
				r, g, b, _ := picture.At(x, y).RGBA()
				if all++; r+g+b < 3*0x4000 {
					dark++
				}
			}
		}
		if 5*dark > all {
			return fmt.Sprintf("%d of %d points from line %d on are dark", dark, all, top)
		}
	}
	return ""
}
