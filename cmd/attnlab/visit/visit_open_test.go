//go:build !js && visit

package visit

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/model/hf"
	"attnlab/model/hf/hub/hubtest"
	"attnlab/rl/rltest"

	"github.com/chromedp/chromedp"
)

// chooses opens the dialog for models and chooses a folder or a file in it.
func (v *visitor) chooses(path string) {
	v.Helper()
	input := "#open-model"
	if strings.HasSuffix(path, ".gguf") {
		input = "#open-gguf"
	}
	v.run(chromedp.SetUploadFiles(input, []string{path}, chromedp.ByQuery))
}

const planned = `document.querySelector("#dialog [data-do=offer-open]:not(:disabled)")`

// inUse is true when a model of that name is open and the dialog is gone.
func inUse(name string) string {
	return fmt.Sprintf(`%s && latest("Capabilities").model.name === %q && latest("Trace").task !== "chain" && !document.querySelector("#dialog")`, ready, name)
}

// ramblerFolder writes a model of free text in words into a folder of that name.
func ramblerFolder(t testing.TB, name string) (dir string) {
	t.Helper()
	files, err := rltest.Rambler().Files()
	if err != nil {
		t.Fatal(err)
	}
	return folderOf(t, name, files)
}

func folderOf(t testing.TB, name string, files map[string][]byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestVisitOpen opens models of others on WebGPU: from folders, a GGUF file, a hub and the browser's store, and refused ones. The site is served with
// its content policies.
func TestVisitOpen(t *testing.T) {
	t.Parallel()
	_, built := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := httptest.NewServer(http.StripPrefix(strings.TrimSuffix(under, "/"), built.Handler()))
	defer server.Close()
	v.open(server.URL + under + onGPU + "#temperature=0")

	v.check("the dialog", func(v *visitor) {
		v.modelsDialog()
		v.dialogShots("open-places")
	})
	v.check("a folder", func(v *visitor) {
		v.chooses(ramblerFolder(v, "rambler"))
		v.until("its plan is shown", planned)
		v.dialogShots("open-plan")
		if o := newest[session.Offer](v); o.Name != "rambler" || o.Kind != "llama" || len(o.Contexts[0].Needs) != 5 {
			v.Errorf("%+v", o)
		}
		v.press(`#dialog input[value="bf16"]`)
		v.press("#dialog [data-do=offer-open]")
		v.runs("the model is in use", inUse("rambler"))
		v.press(`#sampling [data-do="generate"]`)
		v.runs("it writes", ready+` && latest("Trace").complete`)
		v.shots("open-trace", "#main")
	})
	v.check("refused", func(v *visitor) {
		files, err := rltest.Rambler().Files()
		if err != nil {
			v.Fatal(err)
		}
		whole := files["model.safetensors"]
		for name, c := range map[string]struct {
			file, want string
			data       []byte
		}{
			"cut":    {"model.safetensors", "model.safetensors", whole[:len(whole)/2]},
			"gemma":  {"config.json", "gemma3", []byte(`{"model_type": "gemma3_text"}`)},
			"no end": {"model.safetensors", "NaN", append(append([]byte{}, whole[:len(whole)-4]...), 0, 0, 0xc0, 0x7f)},
		} {
			changed := hf.Memory{}
			for name, data := range files {
				changed[name] = data
			}
			changed[c.file] = c.data
			before := newest[session.Capabilities](v).Model
			v.chooses(folderOf(v, name, changed))
			if c.want == "NaN" { // only its values say so
				v.until("its plan is shown", planned)
				v.press("#dialog [data-do=offer-open]")
			}
			v.refused("open-refused-"+strings.ReplaceAll(name, " ", "-"), c.want)
			if after := newest[session.Capabilities](v).Model; !reflect.DeepEqual(after, before) {
				v.Errorf("%s: the model is %+v", name, after)
			}
			v.press(`#dialog [data-do="close"]`)
		}
	})
	var written session.Trace
	if !v.check("a GGUF file", func(v *visitor) { written = fromGGUF(v) }) {
		t.FailNow() // nothing can be compared
	}
	files := smallFiles(t)
	h := hubtest.New(t, "me/small", files)
	if v.check("from a hub", func(v *visitor) { fromHub(v, h, written) }) {
		v.check("from the browser's store, without a network", func(v *visitor) { fromStore(v, server, h, files, written) })
	}
	for _, line := range n.all() {
		if !strings.Contains(line, siteHub().URL) { // the browser logs what the hub refuses and drops
			t.Error(line)
		}
	}
}
