//go:build !js && visit

package visit

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// smallRun is a run that is short enough for a software adapter, as a link and as flags of the command line. chain-tiny solves its
// problems sometimes, so that groups are valid.
const (
	smallRunSteps = 10
	smallRun      = "#page=train&model=chain-tiny&run-difficulty=2-3&steps=10&probe=64&h.problems=4&h.group=4&held-out=20&held-out-every=2000"
)

var smallRunFlags = []string{"train", "--method", "attnpo", "--model", "chain-tiny", "--difficulty", "2-3", "--steps", "10", "--probe", "64", "--problems", "4", "--group", "4", "--seed", "1", "--eval", "0", "--held-out", "20", "--held-out-every", "2000"}

// byTheClock are the metrics that depend on time.
var byTheClock = []string{"seconds", "sampling_seconds", "learning_seconds", "tokens_per_second"}

// pauses presses Pause and returns after how many milliseconds and frames the button answers, whatever the step that is being taken
// still needs.
const pauses = `new Promise((done) => {
	const button = () => document.querySelector('#run-buttons [data-do="train"]');
	const pressed = performance.now();
	let frames = 0;
	button().click();
	const look = () => ["Pausing", "Resume"].includes(button()?.textContent.trim()) || performance.now() - pressed > 60000
		? done([performance.now() - pressed, frames]) : (frames++, requestAnimationFrame(look));
	requestAnimationFrame(look);
})`

// loses opens the dialog and presses the button that loses the GPU, as soon as each can be pressed, and returns the step of the run.
const loses = `new Promise((done) => {
	document.querySelector(".engine").click();
	const look = () => {
		const button = document.querySelector('#dialog [data-do="lose"]');
		button ? (button.click(), done(latest("Run").info.step)) : requestAnimationFrame(look);
	};
	look();
})`

// TestVisitTrain trains in the page, with and without interruptions, and compares the runs.
func TestVisitTrain(t *testing.T) {
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	files := v.downloads()
	var whole, broken []map[string]any
	var archive []byte

	if !v.check("open", func(v *visitor) {
		v.open(server.URL + under + onGPU + smallRun)
		v.until("the run can begin", `document.querySelector('#run-buttons [data-do="train"]:not(:disabled)')`)
	}) {
		t.FailNow()
	}
	trained := v.check("train without a pause", func(v *visitor) {
		v.press(`#run-buttons [data-do="train"]`)
		v.runs(`the run is done`, ready+` && latest("Run")?.info.state === "done"`)
		_, whole = exported(v, files)
		if len(whole) != smallRunSteps {
			v.Fatalf("the file has %d steps", len(whole))
		}
		valid := 0.0
		for _, step := range whole {
			valid += step["groups"].(map[string]any)["valid"].(float64)
		}
		if valid == 0 {
			v.Errorf("no group was valid, so nothing was learned")
		}
		v.Logf("%d steps with %.0f valid groups, %.0f tokens", len(whole), valid, whole[len(whole)-1]["generated_tokens"])
	})
	if !trained {
		t.FailNow() // everything else needs the run
	}
	v.check("the credit of a rollout", credits)
	v.check("pictures of a run", func(v *visitor) { v.pictures("train") })
	v.check("metrics equal those of attnlab train", func(v *visitor) { equalsTrain(v, whole) })
	v.check("pause, step, reload, resume, lose the device", func(v *visitor) {
		v.press(`#run-buttons [data-do="train"]`) // after a finished run: another with the same settings
		v.runs("some steps are taken", `latest("Run")?.info.state === "running" && latest("Run")?.info.step >= 2`)
		v.press(`#run-buttons [data-do="train"]`)
		v.runs("the run is paused", ready+` && latest("Run")?.info.state === "paused"`)
		at := newest[session.Run](v).Info
		v.press(`#run-buttons [data-do="train-step"]`)
		v.runs("one more step is taken", fmt.Sprintf(`%s && latest("Run")?.info.state === "paused" && latest("Run")?.info.step === %d`, ready, at.Step+1))
		if kept := newest[session.Run](v).Kept; kept != at.Step+1 {
			v.Errorf("step %d is saved, the run is at step %d", kept, at.Step+1)
		}

		v.run(chromedp.Reload(), chromedp.Evaluate(ear, nil))
		v.runs("the engine is ready again", ready)
		if onNative { // the engine outlives the page, and the run is still the active one
			v.press(`#run-buttons [data-do="train"]`)
		} else {
			v.until("the run can be resumed", `document.getElementById("resume-banner")`) // the lock of the page before ends with its Worker
			if says := v.text("#resume-banner"); !strings.Contains(says, fmt.Sprintf("was at step %d of %d", at.Step+1, smallRunSteps)) {
				v.Errorf("after the reload the visitor reads %q", says)
			}
			v.press(`#resume-banner [data-do^="resume-run"]`)
		}
		v.runs("one press resumes the run", fmt.Sprintf(`latest("Run")?.info.id === %q && latest("Run")?.info.step >= %d`, at.ID, at.Step+2))
		// A busy machine needs longer for a frame, not more frames.
		if answer := eval[[2]float64](v, pauses); answer[0] > 500 && answer[1] > 12 {
			v.Errorf("Pause answers after %.0f ms and %.0f frames", answer[0], answer[1])
		}
		v.runs("the run is paused again", ready+` && latest("Run")?.info.state === "paused"`)
		again := newest[session.Run](v).Info
		if kept := newest[session.Run](v).Kept; kept != again.Step {
			v.Errorf("step %d is saved, the run is at step %d", kept, again.Step)
		}

		v.press(`#run-buttons [data-do="train"]`)
		v.runs("another step is taken", fmt.Sprintf(`latest("Run")?.info.step >= %d`, again.Step+1))
		lost := eval[int](v, loses)
		v.runs("the loss is reported", `document.querySelector(".toasts").textContent.includes("The GPU was lost and opened again; the model, the trace and the run are restored.")`)
		v.press(`#dialog [data-do="close"]`)
		v.runs("the run is done", ready+` && latest("Run")?.info.state === "done"`)
		v.Logf("paused at step %d, the device was lost after step %d", at.Step, lost)
		if lost >= smallRunSteps {
			v.Errorf("the device was lost when the run was over")
		}
		archive, broken = exported(v, files)
		if len(broken) != len(whole) {
			v.Fatalf("the file has %d steps", len(broken))
		}
		for k := range whole {
			for _, name := range slices.Sorted(maps.Keys(whole[k])) {
				if a, b := fmt.Sprint(whole[k][name]), fmt.Sprint(broken[k][name]); a != b && !slices.Contains(byTheClock, name) {
					v.Errorf("step %d: %s is %s, without interruptions %s", k+1, name, b, a)
				}
			}
		}
	})
	v.check("use the trained model", func(v *visitor) {
		v.press(`#run-buttons [data-do="use-run"]`)
		v.runs("it is in use on the Trace page", ready+` && latest("Capabilities")?.model.name.startsWith("run:attnpo-") && document.querySelector("#rows")`)
		v.press(`#sampling [data-do="generate"]`)
		v.runs("it has answered", ready+` && latest("Trace")?.complete && document.querySelectorAll("#rows [id^=step-]").length > 0`)
	})
	v.check("compare", func(v *visitor) { compares(v, files, archive, whole) })
	v.check("pictures of the comparison", func(v *visitor) { v.pictures("compare") })
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}

// downloads makes the browser save files in a new folder, and returns it.
func (v *visitor) downloads() string {
	v.Helper()
	dir := v.TempDir()
	v.run(chromedp.ActionFunc(func(context.Context) error {
		return browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(dir).Do(v.browserOf())
	}))
	return dir
}

// saved presses a button that saves a file in the folder, and returns and removes that file.
func (v *visitor) saved(dir, selector string) []byte {
	v.Helper()
	v.press(selector)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		files, err := os.ReadDir(dir)
		if err != nil {
			v.Fatal(err)
		}
		for _, file := range files {
			if name := file.Name(); strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".crdownload") {
				continue // still being written
			}
			path := filepath.Join(dir, file.Name())
			data, err := os.ReadFile(path)
			if err == nil {
				err = os.Remove(path)
			}
			if err != nil {
				v.Fatal(err)
			}
			return data
		}
	}
	v.Fatalf("%s saved no file within %v; the page says %s", selector, patience, v.saying())
	return nil
}

// exported exports the current run and reads its metrics.
func exported(v *visitor, dir string) (file []byte, metrics []map[string]any) {
	v.Helper()
	file = v.saved(dir, `#run-buttons [data-do="export-run"]`)
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		v.Fatal(err)
	}
	var names []string
	for _, f := range archive.File {
		names = append(names, f.Name)
	}
	for _, want := range []string{"config.json", "metrics.jsonl", "model.safetensors", "run.json", "tokenizer.json", "training.json"} {
		if !slices.Contains(names, want) {
			v.Errorf("the exported run has no %s: %q", want, names)
		}
	}
	log, err := archive.Open("metrics.jsonl")
	if err != nil {
		v.Fatal(err)
	}
	defer log.Close()
	return file, readLog(v, log)
}

// readLog reads a metrics.jsonl.
func readLog(v *visitor, log io.Reader) (metrics []map[string]any) {
	v.Helper()
	for d := json.NewDecoder(log); d.More(); {
		var step map[string]any
		if err := d.Decode(&step); err != nil {
			v.Fatal(err)
		}
		metrics = append(metrics, step)
	}
	return metrics
}

// credits chooses a rollout: the page shows how its reward becomes an advantage, and that the advantage of each token.
func credits(v *visitor) {
	v.until("rollouts are listed", `document.querySelectorAll("#rollouts tr.rollout").length === 4`)
	v.press(`#rollouts [data-do^="credit:"] button`)
	v.until("its credit is explained", `latest("Credit")?.text.length > 0 && document.querySelector("#rollouts tr.rollout.selected")`)
	c := newest[session.Credit](v)
	if len(c.Before) != len(c.Text) || len(c.After) != len(c.Text) || len(c.Outcome) == 0 {
		v.Errorf("%d tokens, %d and %d advantages, %d terms", len(c.Text), len(c.Before), len(c.After), len(c.Outcome))
	}
	if len(newest[session.Run](v).Rollouts) != 16 {
		v.Errorf("%d rollouts", len(newest[session.Run](v).Rollouts))
	}
}

// equalsTrain compares the page's metrics with those of the command line for the same seed and settings: of a browser's engine with the host, of
// the native engine bit for bit with the same backend.
func equalsTrain(v *visitor, page []map[string]any) {
	out, backend := filepath.Join(v.TempDir(), "run"), "host"
	if onNative {
		backend = newest[session.Capabilities](v).Backend
	}
	attnlab(v.T, append(slices.Clone(smallRunFlags), "--out", out, "--backend", backend)...)
	log, err := os.Open(filepath.Join(out, "metrics.jsonl"))
	if err != nil {
		v.Fatal(err)
	}
	defer log.Close()
	host := readLog(v, log)
	if onNative {
		sameNumbers(v, page, host)
		return
	}
	if len(host) != len(page) {
		v.Fatalf("%d steps in the page, %d on the host", len(page), len(host))
	}
	worst, where := 0.0, ""
	for k := range host {
		a, b := flat("", page[k]), flat("", host[k])
		for _, name := range slices.Sorted(maps.Keys(b)) {
			if slices.Contains(byTheClock, name) {
				continue
			}
			d := math.Abs(a[name] - b[name])
			if name == "score_position" { // a correlation of ranks: two nearly equal scores may change places
				d /= 50
			}
			if d > worst {
				worst, where = d, fmt.Sprintf("%s at step %d", name, k+1)
			}
			if !(d <= 1e-3) {
				v.Errorf("step %d: %s is %g in the page and %g on the host", k+1, name, a[name], b[name])
			}
		}
		if v.Failed() {
			v.Fatalf("from step %d on the runs differ", k+1)
		}
	}
	v.Logf("%d steps: off by %.1e at most, %s", len(host), worst, where)
}

// flat returns the numbers of a document by name, nested ones as "a.b". Other values are left out.
func flat(under string, document map[string]any) map[string]float64 {
	numbers := map[string]float64{}
	for name, value := range document {
		switch value := value.(type) {
		case map[string]any:
			maps.Copy(numbers, flat(under+name+".", value))
		case float64:
			numbers[under+name] = value
		}
	}
	return numbers
}

// compares compares the page's runs with imported ones, saves them as files, and imports an exported one again.
func compares(v *visitor, dir string, archive []byte, whole []map[string]any) {
	var lines []byte
	for _, step := range whole {
		line, err := json.Marshal(step)
		if err != nil {
			v.Fatal(err)
		}
		lines = append(append(lines, line...), '\n')
	}
	v.press(`nav [data-do="page:compare"]`)
	v.until("both runs are there", `latest("Runs")?.runs.filter((r) => ["this browser", "this machine"].includes(r.info.from)).length === 2 && document.querySelectorAll("#contenders .contender").length >= 2`)
	imported := func(name string, data []byte, n int, state string) session.KeptRun {
		path := filepath.Join(v.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			v.Fatal(err)
		}
		v.run(chromedp.SetUploadFiles("#open-run", []string{path}, chromedp.ByQuery))
		v.until(name+" is imported", fmt.Sprintf(`latest("Runs")?.runs.filter((r) => r.info.from === "imported").length === %d`, n))
		run := newest[session.Runs](v).Runs[0]
		if run.Info.State != state || run.Info.Step != smallRunSteps {
			v.Errorf("%s becomes %+v, want %s", name, run.Info, state)
		}
		for _, m := range run.Metrics {
			for k, value := range m.Values {
				if want, ok := flat("", whole[k])[m.Name]; ok && !slices.Contains(byTheClock, m.Name) && (value == nil || math.Abs(*value-want) > 1e-5*math.Abs(want)) { // screens have six digits
					v.Errorf("%s: %s of step %d is %v, want %g", name, m.Name, k+1, value, want)
				}
			}
		}
		return run
	}
	imported("metrics.jsonl", lines, 1, "metrics only")
	again := imported("run.zip", archive, 2, "done")

	shown := len(newest[session.Runs](v).Runs)
	v.until("all are compared", fmt.Sprintf(`document.querySelectorAll("#contenders .contender input:checked").length === %d && document.querySelectorAll("#standings tbody tr").length >= 2`, shown))
	steps := 0
	for _, r := range newest[session.Runs](v).Runs {
		steps += r.Info.Step
	}
	text := v.saved(dir, `#take-out [data-do="save-csv"]`)
	if rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll(); err != nil || len(rows) != 1+steps || !slices.Contains(rows[0], "think_tokens") {
		v.Errorf("the CSV has %d lines, want %d: %v", len(rows), 1+steps, err)
	}
	var runs []session.KeptRun
	if text = v.saved(dir, `#take-out [data-do="save-json"]`); json.Unmarshal(text, &runs) != nil || len(runs) != shown {
		v.Errorf("the JSON has %d runs, want %d", len(runs), shown)
	}
	for _, figure := range []string{"scatter", "curves"} {
		v.until("the figure is there", fmt.Sprintf(`document.querySelector("iframe.%s")?.contentDocument?.querySelector("canvas")`, figure))
		if picture := v.saved(dir, fmt.Sprintf(`[data-do="figure-png:%s"]`, figure)); !bytes.HasPrefix(picture, []byte("\x89PNG")) {
			v.Errorf("the picture of %s begins with %q", figure, picture[:min(8, len(picture))])
		}
	}

	v.press(fmt.Sprintf(`#contenders [data-set="contender:%s"]`, again.Info.ID))
	v.until("one is left out", fmt.Sprintf(`document.querySelectorAll("#contenders .contender input:checked").length === %d && location.hash.includes("runs=")`, shown-1))
	v.press(fmt.Sprintf(`#contenders [data-do="run-menu:%s"]`, again.Info.ID))
	v.press(fmt.Sprintf(`#contenders [data-do="ask-drop:%s"]`, again.Info.ID))
	v.press(fmt.Sprintf(`#contenders [data-do="drop-run:%s"]`, again.Info.ID))
	v.until("it is deleted", fmt.Sprintf(`latest("Runs")?.runs.length === %d`, shown-1))
	v.run(chromedp.Reload(), chromedp.Evaluate(ear, nil))
	v.runs("the others are still there", fmt.Sprintf(`%s && latest("Runs")?.runs.length === %d`, ready, shown-1))
}
