//go:build !js && visit

package visit

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/model/hf"
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

// TestVisitOpen opens models of others: from a folder and refused ones, on WebGPU.
func TestVisitOpen(t *testing.T) {
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	v.open(server.URL + under + onGPU)

	v.check("the dialog", func(v *visitor) {
		v.press(".engine")
		v.press(`#dialog [data-do="open-model"]`)
		v.until("the dialog is about models", `document.querySelector("#dialog [data-do=pick-gguf]")`)
		v.shots("open-places", "#dialog")
	})
	v.check("a folder", func(v *visitor) {
		v.chooses(ramblerFolder(v, "rambler"))
		v.until("its plan is shown", planned)
		v.shots("open-plan", "#dialog")
		if o := newest[session.Offer](v); o.Name != "rambler" || o.Kind != "llama" || len(o.Contexts[0].Needs) != 5 {
			v.Errorf("%+v", o)
		}
		v.press(`#dialog input[value="bf16"]`)
		v.press("#dialog [data-do=offer-open]")
		v.until("the model is in use", inUse("rambler"))
		v.press(`#sampling [data-do="generate"]`)
		v.until("it writes", ready+` && latest("Trace").complete`)
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
			v.until("it is refused", fmt.Sprintf(`document.querySelector("#dialog .hint.bad")?.textContent.includes(%q)`, c.want))
			v.until("the engine is idle", ready)
			v.shots("open-refused-"+strings.ReplaceAll(name, " ", "-"), "#dialog")
			if after := newest[session.Capabilities](v).Model; !reflect.DeepEqual(after, before) {
				v.Errorf("%s: the model is %+v", name, after)
			}
			v.press(`#dialog [data-do="close"]`)
		}
	})
	for _, line := range n.all() {
		t.Error(line)
	}
}
