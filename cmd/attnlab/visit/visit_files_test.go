//go:build !js && visit

package visit

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/app/site"
	"attnlab/model/hf"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// modelFolder writes the files of a base into a folder, each as change returns it.
func modelFolder(t testing.TB, s *site.Site, base string, change func(name string, data []byte) []byte) (dir string, files map[string][]byte) {
	t.Helper()
	dir, files = t.TempDir(), map[string][]byte{}
	for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
		path := s.Folder() + "models/" + base + "/" + name
		data, ok := s.File(path)
		if !ok {
			t.Fatalf("the site has no %s", path)
		}
		files[name] = change(name, data)
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, files
}

// damaged opens a model folder whose weights end early: the page shows a sentence, and the current model stays.
func damaged(v *visitor, s *site.Site) {
	before := newest[session.Capabilities](v).Model
	dir, files := modelFolder(v, s, before.Name, func(name string, data []byte) []byte {
		if name == "model.safetensors" {
			return data[:len(data)/2]
		}
		return data
	})
	v.run(chromedp.SetUploadFiles("#open-model", []string{dir}, chromedp.ByQuery))
	v.until("the damage is reported", `document.querySelector("#dialog .hint.bad")`)
	_, err := hf.LoadFiles(files)
	if err == nil {
		v.Fatal("half a file of weights can be loaded")
	}
	// The page shows the same words as a sentence.
	words := session.Message(err)
	if says := v.text("#dialog .hint.bad"); !strings.Contains(strings.ToLower(says), strings.ToLower(words)) {
		v.Errorf("the visitor reads %q, want %q", says, words)
	}
	v.until("the engine is ready", ready)
	if after := newest[session.Capabilities](v).Model; after != before {
		v.Errorf("the model is %+v, was %+v", after, before)
	}
	v.press(`#dialog [data-do="close"]`)
}

// keepsTraces saves the trace as a file, draws another problem, and opens the file again.
func keepsTraces(v *visitor) {
	dir, want := v.TempDir(), newest[session.Trace](v)
	v.run(chromedp.ActionFunc(func(context.Context) error {
		return browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(dir).Do(v.browserOf())
	}))
	v.press(`#transport [data-do="save"]`)
	file := filepath.Join(dir, fmt.Sprintf("trace-%s-%d.json", want.Task, want.Seed))
	var saved session.Trace
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		data, err := os.ReadFile(file)
		if err == nil {
			if err = json.Unmarshal(data, &saved); err == nil {
				break
			}
		}
		if time.Now().After(end) {
			v.Fatalf("the trace was not saved: %v", err)
		}
	}
	if !slices.Equal(saved.Tokens, want.Tokens) || len(saved.Attention) != len(want.Attention) {
		v.Errorf("the file has %d tokens, the page %d", len(saved.Tokens), len(want.Tokens))
	}
	v.run(chromedp.SetUploadFiles("#open-beside", []string{file}, chromedp.ByQuery))
	v.until("the saved trace stands beside the same one", `document.querySelector("#beside .verdict")?.textContent === "All tokens are the same."`)
	v.problem(3)
	v.until("and then beside another problem's", `document.querySelector("#beside")?.textContent.includes("The problem of the saved trace is another one") || !document.querySelector("#beside table")`)
	v.run(chromedp.SetUploadFiles("#open-trace", []string{file}, chromedp.ByQuery))
	v.until("the saved trace is back", fmt.Sprintf(`%s && latest("Trace").complete && latest("Trace").tokens.length === %d`, ready, len(want.Tokens)))
	if got := newest[session.Trace](v); !slices.Equal(got.Tokens, want.Tokens) || len(got.FCI) != len(want.FCI) {
		v.Errorf("the file opens to %d tokens and %d FCI, want %d and %d", len(got.Tokens), len(got.FCI), len(want.Tokens), len(want.FCI))
	}
	if broken := filepath.Join(dir, "broken.json"); os.WriteFile(broken, []byte(`{"tokens":[1,2],"text":["a"]}`), 0o600) == nil {
		v.run(chromedp.SetUploadFiles("#open-trace", []string{broken}, chromedp.ByQuery))
		v.until("a file without a trace is refused", `document.querySelector(".banner.failed p")?.textContent.includes("holds no trace")`)
		v.press(".banner.failed button")
	}
}

// foreignLogs imports the log of a run that TRL trained in a project of attnlab handover, shortened, and one that is damaged.
func foreignLogs(v *visitor) {
	v.press(`nav [data-do="page:compare"]`)
	before := len(newest[session.Runs](v).Runs)
	log, err := filepath.Abs(filepath.Join("testdata", "trainer_state.json"))
	if err != nil {
		v.Fatal(err)
	}
	v.run(chromedp.SetUploadFiles("#open-run", []string{log}, chromedp.ByQuery))
	v.until("the run of TRL is listed with its source and what is unknown of it",
		`[...document.querySelectorAll("#contenders .origin")].some((o) => o.textContent.startsWith("imported from TRL") && o.textContent.includes("Unknown: its adapter"))`)
	v.until("it is compared", `[...document.querySelectorAll("#standings tbody tr")].some((r) => r.textContent.includes("imported from TRL"))`)
	v.shots("foreign", "#contenders")
	v.shots("foreign-table", "#standings")
	broken := filepath.Join(v.TempDir(), "verl.jsonl")
	if err := os.WriteFile(broken, []byte("{\"step\":1,\"data\":{}}\nrubbish\n{\"step\":2,\"data\":{}}\n"), 0o600); err != nil {
		v.Fatal(err)
	}
	v.run(chromedp.SetUploadFiles("#open-run", []string{broken}, chromedp.ByQuery))
	v.until("a damaged log gets a sentence", `document.querySelector(".banner.failed p")?.textContent.startsWith("verl.jsonl cannot be used: ")`)
	v.press(".banner.failed button")
	if after := len(newest[session.Runs](v).Runs); after != before+1 {
		v.Errorf("there are %d runs, were %d", after, before)
	}
	v.press(`nav [data-do="page:trace"]`)
}

// folder opens a good model folder, then the shipped base again.
func folder(v *visitor, s *site.Site) {
	before := newest[session.Capabilities](v).Model
	dir, _ := modelFolder(v, s, "chain-tiny", func(_ string, data []byte) []byte { return data })
	v.run(chromedp.SetUploadFiles("#open-model", []string{dir}, chromedp.ByQuery))
	v.until("its plan is shown", `document.querySelector("#dialog [data-do=offer-open]:not(:disabled)")`)
	v.press("#dialog [data-do=offer-open]")
	v.until("the folder's model is in use", fmt.Sprintf(`%s && latest("Capabilities").model.name === %q && !document.querySelector("#dialog")`, ready, filepath.Base(dir)))
	if m := newest[session.Capabilities](v).Model; m.Parameters >= before.Parameters {
		v.Errorf("the model is %+v", m)
	}
	v.press(".engine")
	v.press(fmt.Sprintf(`#dialog [data-do="base:%s"]`, before.Name))
	v.press(`#dialog [data-do="close"]`)
	v.until("the base is back", fmt.Sprintf(`%s && latest("Capabilities").model.name === %q`, ready, before.Name))
}

// updates puts another version of the site on the server: the page offers it, and a click loads it.
func updates(v *visitor, dir string, s *site.Site) {
	v.until("the Service Worker controls the page", `navigator.serviceWorker.controller`)
	old := eval[string](v, "attnlab.version")
	next := strings.Repeat("5", len(old))
	if old != s.Version {
		v.Fatalf("the page is of version %s, the site of %s", old, s.Version)
	}
	if err := os.Rename(filepath.Join(dir, "web", old), filepath.Join(dir, "web", next)); err != nil {
		v.Fatal(err)
	}
	for _, name := range []string{"index.html", "sw.js"} {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			v.Fatal(err)
		}
		if text := strings.ReplaceAll(string(data), old, next); text == string(data) {
			v.Fatalf("%s does not contain its version %s", name, old)
		} else if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			v.Fatal(err)
		}
	}
	// A browser does this by itself when the page is opened again.
	eval[bool](v, `navigator.serviceWorker.getRegistration().then((r) => r.update()).then(() => true)`)
	v.until("the page offers the newer version", `[...document.querySelectorAll(".banner p")].some((p) => p.textContent.includes("A newer version of the lab is ready."))`)
	if now := eval[string](v, "attnlab.version"); now != old {
		v.Errorf("the page changed to version %s before it was asked to", now)
	}
	v.press(`.banner [data-do="reload"]`)
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		var now string
		ctx, cancel := context.WithTimeout(v.ctx, 5*time.Second)
		chromedp.Run(ctx, chromedp.Evaluate(`globalThis.attnlab?.version ?? ""`, &now)) // fails while the page changes
		cancel()
		if now == next {
			break
		}
		if time.Now().After(end) {
			v.Fatalf("the page is still of version %s", now)
		}
	}
	v.run(chromedp.Evaluate(ear, nil))
	v.until("the engine is ready", ready)
}
