//go:build !js && visit

package visit

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"testing"

	"attnlab/app/session"
	"attnlab/model/hf"

	"github.com/chromedp/chromedp"
)

// TestVisitAdapters opens a model of free text in BF16 on the host backend, trains adapters over it on the Train page, saves them in PEFT's
// form, and uses the trained model on the Trace page.
func TestVisitAdapters(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	server := plainServer(t, dir, n)
	downloads := v.downloads()
	folder := writerFolder(v) // which the page reads again when it trains
	var c *hf.Checkpoint
	v.check("a model is opened in BF16", func(v *visitor) {
		var err error
		if c, err = hf.Load(folder); err != nil {
			v.Fatal(err)
		}
		v.open(server.URL + under + onHost + "#page=train&method=grpo&steps=2&probe=1&h.problems=2&h.group=2&h.max-length=24&h.lora-on=all")
		v.press(".engine")
		v.run(chromedp.SetUploadFiles("#open-model", []string{folder}, chromedp.ByQuery))
		v.until("its plan is shown", planned)
		v.run(chromedp.Evaluate(`document.querySelector("#dialog input[value=bf16]").click()`, nil))
		v.until("BF16 is chosen", `document.querySelector("#dialog input[value=bf16]").checked`)
		v.press("#dialog [data-do=offer-open]")
		v.until("it is open", ready+` && latest("Capabilities").model.frozen && !document.querySelector("#dialog")`)
	})
	v.check("the page says what adapters need", func(v *visitor) {
		v.press(`nav [data-do="page:train"]`)
		v.until("adapters of rank 8 are planned", `document.querySelector('#adapters [data-set="h.lora"]')?.value === "8" && document.querySelectorAll("#adapter-needs tr").length === 4`)
		all := v.text("#adapter-needs tr:nth-child(2) td")
		v.choose(`#adapters [data-set="h.lora"]`, "32")
		v.until("a higher rank needs more", fmt.Sprintf(`document.querySelector("#adapter-needs tr:nth-child(2) td").textContent !== %q`, all))
		v.choose(`#adapters [data-set="h.lora"]`, "4")
		v.shots("adapters", "#method")
	})
	v.check("a run trains them", func(v *visitor) {
		v.press(`#run-buttons [data-do="train"]`)
		v.runs("the run is complete", ready+` && latest("Run")?.info.state === "done" && latest("Run").info.step === 2`)
		v.shots("adapters-trained", "#run-head")
	})
	v.check("the adapters are saved in PEFT's form", func(v *visitor) {
		packed := v.saved(downloads, `[data-do^="export-part:adapter"]`)
		files, err := unzipped(packed)
		if err != nil {
			v.Fatal(err)
		}
		adapters, err := hf.LoadAdapters(c.Config, files)
		if err != nil || adapters.Rank != 4 || !adapters.All {
			v.Errorf("%v, %v", adapters, err)
		}
	})
	v.check("the trained model writes", func(v *visitor) {
		v.press(`#run-buttons [data-do="use-run"]`)
		v.until("it is in use", ready+` && latest("Capabilities").model.name.startsWith("run:") && document.querySelector("#typed")`)
		v.press(`#sampling [data-do="generate"], #sampling [data-do="regenerate"]`)
		v.until("a response is complete", ready+` && latest("Trace").complete`)
		if tr := newest[session.Trace](v); tr.Wording == nil || tr.Gold == "" {
			v.Errorf("%+v", tr.Wording)
		}
	})
	if lines := n.all(); len(lines) > 0 {
		t.Errorf("during the visit: %q", lines)
	}
}

// unzipped are the files of an archive by name.
func unzipped(data []byte) (map[string][]byte, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			return nil, err
		}
		r.Close()
	}
	return files, nil
}
