//go:build !js && visit

package visit

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"image"
	"image/gif"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// TestVisitWithoutWebGL sees the figures of a browser that has no WebGL: they are drawn as SVG, follow the selection, and are saved as
// SVG, as PNG and as GIF.
func TestVisitWithoutWebGL(t *testing.T) {
	t.Parallel()
	dir, built := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false, chromedp.Flag("disable-3d-apis", true))
	downloads := t.TempDir()
	if err := os.Chmod(downloads, 0o777); err != nil { // the browser runs as another user
		t.Fatal(err)
	}
	v.run(browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(downloads))
	address := plainServer(t, dir, n).URL + under
	v.open(address)
	const picture = `document.querySelector("iframe.matrix")?.contentDocument?.querySelector("#plain svg")`
	v.check("drawn", func(v *visitor) {
		v.until("the matrix is drawn", picture+`?.querySelectorAll("rect").length > 10`)
		if eval[bool](v, `!!document.querySelector("iframe.matrix").contentDocument.querySelector("canvas, #loading")`) {
			v.Error("a canvas or a message about loading is left in the figure")
		}
		before := eval[string](v, picture+`.outerHTML`)
		v.press("#step-1 .no")
		v.until("the figure shows the selection", picture+`.outerHTML !== `+strconv.Quote(before))
		v.run(chromedp.ScrollIntoView("#figure-matrix", chromedp.ByQuery))
		v.shots("without-webgl", "#figure-matrix")
	})
	v.check("saved as SVG and PNG", func(v *visitor) {
		v.press(`[data-do="figure-svg:matrix"]`)
		saved := v.download(downloads, "attnlab-matrix.svg", func(data []byte) error {
			d := xml.NewDecoder(bytes.NewReader(data))
			for {
				if _, err := d.Token(); err == io.EOF {
					return nil
				} else if err != nil {
					return err
				}
			}
		})
		if text := string(saved); strings.Count(text, "<rect") < 10 || !strings.Contains(text, "attnlab · http") || !strings.Contains(text, "step=2") { // links count from 1
			v.Errorf("the saved SVG is %.300s", text)
		}
		v.press(`[data-do="figure-csv:matrix"]`)
		v.download(downloads, "attnlab-matrix.csv", func(data []byte) error {
			rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
			if err == nil && (len(rows) < 10 || rows[0][0] != "reader") {
				err = fmt.Errorf("%d lines, the first %q", len(rows), rows[0])
			}
			return err
		})
		v.press(`[data-do="figure-png:matrix"]`)
		var img image.Image
		v.download(downloads, "attnlab-matrix.png", func(data []byte) (err error) {
			img, err = png.Decode(bytes.NewReader(data))
			return err
		})
		if width := eval[int](v, picture+`.width.baseVal.value`); img.Bounds().Dx() != 2*width || coloursOf(img) < 10 {
			v.Errorf("the PNG is %v with %d colours, the figure %d wide", img.Bounds(), coloursOf(img), width)
		}
	})
	v.check("on every page", func(v *visitor) {
		const frames = `[...document.querySelectorAll("iframe")].filter((f) => f.getClientRects().length)`
		for page, least := range map[string]int{"trace": 1, "heads": 1, "tree": 1, "train": 1, "compare": 2} {
			v.press(fmt.Sprintf(`[data-do="page:%s"]`, page))
			v.until("the page is shown", fmt.Sprintf(`document.getElementById("lab").dataset.page === %q`, page))
			v.run(chromedp.Evaluate(frames+`.forEach((f) => { f.loading = "eager"; })`, nil))
			v.until("every figure of "+page+" is drawn", fmt.Sprintf(frames+`.length >= %d && `+frames+`.every((f) => f.contentDocument?.querySelector("#plain svg")?.querySelectorAll("text, path, rect, line, circle").length > 0 && !f.contentDocument.querySelector("canvas, #loading"))`, least))
		}
	})
	v.check("saved as GIF", func(v *visitor) {
		v.run(chromedp.Navigate(address + built.Folder() + "figure.html#figure=followed&session=s"))
		v.until("the figure waits", `document.querySelector("#plain svg")`)
		f := session.Followed{ID: "r", Problem: "<bos> 8 9 ? 17 <think>", Gold: "17"}
		for i, answer := range []string{"8 + 9 = 1 7 \n 9 + 8 = 1 7 \n </think> # 1 7 <eos>", "8 + 9 = 1 7 \n </think> # 1 7 <eos>", "8 + 9 = 1 6 \n </think> # 1 6 <eos>"} {
			tokens := strings.Split(answer, " ")
			f.Answers = append(f.Answers, session.FollowedAnswer{Step: 5 * i, Text: tokens, Change: make(session.Scores, len(tokens))})
		}
		for i := range f.Answers {
			f.Answers[i].OnFirst = make(session.Scores, len(f.Answers[0].Text))
		}
		text, err := session.Encode(f)
		if err != nil {
			v.Fatal(err)
		}
		eval[bool](v, fmt.Sprintf(`(new BroadcastChannel("attnlab:s").postMessage(%q), true)`, text))
		v.until("the answers are drawn", `document.querySelector("#plain").getAttribute("aria-label")?.includes("after 10 steps")`)
		eval[bool](v, `(postMessage({ save: "gif" }, location.origin), true)`)
		var film *gif.GIF
		v.download(downloads, "attnlab-followed.gif", func(data []byte) (err error) {
			film, err = gif.DecodeAll(bytes.NewReader(data))
			return err
		})
		if len(film.Image) != 3 || bytes.Equal(film.Image[0].Pix, film.Image[1].Pix) || bytes.Equal(film.Image[1].Pix, film.Image[2].Pix) {
			v.Errorf("the film has %d pictures, of 3 that differ", len(film.Image))
		}
	})
	for _, line := range n.all() {
		t.Error(line)
	}
}

// download waits for a download that read accepts, copies it to the ignored folder shots, and returns it.
func (v *visitor) download(folder, name string, read func(data []byte) error) []byte {
	v.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil {
			err = read(data) // it may not be whole yet
		}
		if err == nil {
			if err := os.WriteFile(filepath.Join("..", "..", "..", "shots", "saved-"+name), data, 0o644); err != nil {
				v.Fatal(err)
			}
			return data
		}
		if time.Now().After(end) {
			v.Fatalf("%s was not saved: %v", name, err)
		}
	}
}
