//go:build !js && visit

package visit

import (
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/chromedp/chromedp"
)

// breakLog replaces the second line of the log of the only stored run by a part of it.
const breakLog = `new Promise((done, failed) => {
	const request = indexedDB.open("attnlab-runs");
	request.onerror = failed;
	request.onsuccess = () => {
		const files = request.result.transaction("files", "readwrite").objectStore("files"), keys = files.getAllKeys();
		keys.onsuccess = () => {
			const key = keys.result.find((k) => k[1] === "metrics.jsonl"), got = files.get(key);
			got.onsuccess = () => {
				const lines = new TextDecoder().decode(got.result).trimEnd().split("\n");
				lines[1] = lines[1].slice(0, 20);
				files.put(new TextEncoder().encode(lines.join("\n") + "\n"), key).onsuccess = () => { request.result.close(); done(lines.length); };
			};
		};
	};
})`

// TestVisitTwoTabs trains a run in one tab: another lists it as open there, and can resume it once that tab is closed. Then its log is damaged:
// it is listed as damaged, exported and deleted.
func TestVisitTwoTabs(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	address := plainServer(t, dir, n).URL + under + onHost
	downloads := v.downloads()
	v.open(address + "#page=train")
	v.until("the engine is ready", ready)

	ctx, end := chromedp.NewContext(v.ctx)
	defer end()
	other := &visitor{T: v.T, ctx: ctx}
	other.run(chromedp.EmulateViewport(1440, 900))
	other.open(address + soakRun)
	other.press(`#run-buttons [data-do="train"]`)
	other.runs("three steps are taken", `latest("Run")?.info.step >= 3`)
	id := newest[session.Run](other).Info.ID

	v.until("the first tab says that another trains", `document.getElementById("elsewhere-banner")?.textContent.includes("trains in another tab")`)
	if v.shots("elsewhere", "#elsewhere-banner"); eval[bool](v, `!!document.querySelector('[data-do^="resume-run"], [data-do^="ask-drop"]')`) {
		t.Error("it offers Resume or Delete for a run of another tab")
	}
	other.press(`#run-buttons [data-do="train"]`) // pauses and saves
	other.runs("the run is paused", ready+` && latest("Run")?.info.state === "paused" && latest("Run").kept >= 3`)
	end()
	v.until("the first tab offers the run once the other is closed", `document.querySelector('#resume-banner [data-do^="resume-run"]') && !document.getElementById("elsewhere-banner")`)

	if lines := eval[int](v, breakLog); lines < 3 {
		t.Fatalf("the stored log has %d lines: not a test", lines)
	}
	v.run(chromedp.Reload(), chromedp.Evaluate(ear, nil))
	v.until("it is listed as damaged", ready+` && document.getElementById("kept-runs")?.textContent.includes("damaged, 1 step can be read. Line 2 of the metrics")`)
	if eval[bool](v, `!!document.querySelector(".banner.failed, [data-do^=resume-run]")`) {
		t.Errorf("the visitor reads %q", v.text(".banners"))
	}
	v.shots("damaged-run", "#kept-runs")
	v.run(chromedp.EmulateViewport(1440, 900))
	files, err := unzipped(v.saved(downloads, `#kept-runs [data-do="export-run:`+id+`"]`))
	if err != nil || strings.Count(string(files["metrics.jsonl"]), "\n") != 1 || len(files["metrics.jsonl.damaged"]) == 0 || len(files["training.safetensors"]) == 0 {
		t.Errorf("it exports a log of %d bytes, %v", len(files["metrics.jsonl"]), err)
	}
	v.press(`#kept-runs [data-do="ask-drop:` + id + `"]`)
	v.press(`#kept-runs [data-do="drop-run:` + id + `"]`)
	v.until("it is deleted", `!document.querySelector("#kept-runs li")`)
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}
