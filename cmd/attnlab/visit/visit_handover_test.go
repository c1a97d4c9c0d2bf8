//go:build !js && visit

package visit

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVisitHandOver hands a run of the page and a shipped one over to TRL: the archive has the files that the command line writes of the same run.
// What verl does not take, the page says in a sentence.
func TestVisitHandOver(t *testing.T) {
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	downloads := v.downloads()
	v.check("a run on Train", func(v *visitor) {
		v.open(server.URL + under + onHost + strings.Replace(smallRun, "steps=10", "steps=1", 1) + "&method=tlmre")
		v.until("the run can begin", `document.querySelector('#run-buttons [data-do="train"]:not(:disabled)')`)
		v.press(`#run-buttons [data-do="train"]`)
		v.runs("the run is done", ready+` && latest("Run")?.info.state === "done"`)
		run, err := unzipped(v.saved(downloads, `#run-buttons [data-do="export-run"]`))
		if err != nil {
			v.Fatal(err)
		}
		exported := filepath.Join(v.TempDir(), "run")
		for name, data := range run {
			path := filepath.Join(exported, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				v.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o644); err != nil {
				v.Fatal(err)
			}
		}
		sameProject(v, v.saved(downloads, `#run-buttons [data-do^="export-part:trl:"]`), exported)
		v.shots("hand-over-train", "#run-buttons")
		v.press(`#run-buttons [data-do^="export-part:verl:"]`)
		v.until("the page says why verl does not take it", `document.querySelector(".banner.failed p")?.textContent.includes("verl rewards one response at a time")`)
		v.press(".banner.failed button")
	})
	v.check("a shipped run on Compare", func(v *visitor) {
		v.press(`nav [data-do="page:compare"]`)
		v.until("the shipped runs are listed", ready+` && document.querySelector('[data-do="run-menu:shipped-attnpo-1"]')`)
		v.press(`[data-do="run-menu:shipped-attnpo-1"]`)
		v.shots("hand-over-compare", "#contenders")
		sameProject(v, v.saved(downloads, `[data-do="export-part:trl:shipped-attnpo-1"]`), filepath.Join("..", "..", "..", "web", "runs", "attnpo-1"))
	})
	if lines := n.all(); len(lines) > 0 {
		t.Errorf("during the visit:\n%s", strings.Join(lines, "\n"))
	}
}

// sameProject compares an archive of the page with what the command line writes of a run.
func sameProject(v *visitor, archive []byte, run string) {
	v.Helper()
	got, err := unzipped(archive)
	if err != nil {
		v.Fatal(err)
	}
	out := filepath.Join(v.TempDir(), "project")
	attnlab(v.T, "handover", "--to", "trl", "--run", run, "--out", out)
	files := 0
	err = filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		want, err := os.ReadFile(path)
		name, _ := filepath.Rel(out, path)
		if name = filepath.ToSlash(name); !bytes.Equal(got[name], want) {
			v.Errorf("%s has %d bytes in the archive, %d of the command line, and they differ", name, len(got[name]), len(want))
		}
		return err
	})
	if err != nil || files != len(got) {
		v.Errorf("the archive has %d files, the command line writes %d, %v", len(got), files, err)
	}
}
