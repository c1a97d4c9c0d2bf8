//go:build !js && visit

package visit

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/model/hf"
	"attnlab/model/hf/hub/hubtest"

	"github.com/chromedp/chromedp"
)

// hubSwitch passes requests on to a hub of a test. Without one it drops the line.
type hubSwitch struct {
	URL string
	hub atomic.Pointer[hubtest.Hub]
}

// ServeHTTP implements [http.Handler].
func (s *hubSwitch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := s.hub.Load()
	if h == nil {
		panic(http.ErrAbortHandler)
	}
	h.ServeHTTP(w, r)
}

// siteHub is the hub that the site is built with. It listens as long as the tests run.
var siteHub = sync.OnceValue(func() *hubSwitch {
	s := &hubSwitch{}
	s.URL = httptest.NewServer(s).URL
	return s
})

// smallModel returns the path of a random Llama with a tokenizer, rope scaling and Q8_0 weights that the Python package gguf wrote (testdata/models.py).
func smallModel(t testing.TB) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "testdata", "models", "llama3-q8_0.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// smallFiles are the files of [smallModel] as a Hugging Face folder.
func smallFiles(t testing.TB) hf.Memory {
	t.Helper()
	s, err := hf.OpenPath(smallModel(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.Checkpoint(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := c.Files()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// greedy has the open model write the likeliest response to its prompt. The page's address must say temperature=0.
func (v *visitor) greedy() session.Trace {
	v.Helper()
	v.press(`#sampling [data-do="generate"]`)
	v.runs("it writes", ready+` && latest("Trace").complete`)
	tr := newest[session.Trace](v)
	if tr.Sampling.Temperature != 0 || len(tr.Tokens) < tr.PromptLength+4 || len(tr.LogProbs) != len(tr.Tokens) {
		v.Errorf("%d tokens, %d of the prompt, at temperature %v", len(tr.Tokens), tr.PromptLength, tr.Sampling.Temperature)
	}
	return tr
}

// opensOffer opens the model whose plan is shown and has it write.
func (v *visitor) opensOffer(name string) session.Trace {
	v.Helper()
	v.press("#dialog [data-do=offer-open]")
	v.runs("the model is in use", inUse(name))
	return v.greedy()
}

// writesThe fails unless a trace is that of the same weights.
func (v *visitor) writesThe(want, got session.Trace) {
	v.Helper()
	if !slices.Equal(got.Tokens, want.Tokens) || !slices.Equal(got.LogProbs, want.LogProbs) {
		v.Errorf("these are not the weights of the GGUF file: %v after %v", got.Text, want.Text)
	}
}

// modelsDialog opens the dialog for models.
func (v *visitor) modelsDialog() {
	v.Helper()
	v.press(".engine")
	v.press(`#dialog [data-do="open-model"]`)
	v.until("the dialog is about models", `document.querySelector("#dialog [data-do=pick-gguf]")`)
}

// refused waits for a refusal in the dialog, and takes its pictures.
func (v *visitor) refused(shots, want string) {
	v.Helper()
	v.until("it is refused", fmt.Sprintf(`document.querySelector("#dialog .hint.bad")?.textContent.includes(%q)`, want))
	v.until("the engine is idle", ready)
	v.Log(v.text("#dialog .hint.bad"))
	v.dialogShots(shots)
}

// fromGGUF opens a GGUF file, while a model with other tokens is open. It returns what the model writes.
func fromGGUF(v *visitor) session.Trace {
	v.modelsDialog()
	v.chooses(smallModel(v))
	v.until("its plan is shown", planned)
	v.dialogShots("open-gguf")
	if o := newest[session.Offer](v); o.Name != "llama3-q8_0" || o.Kind != "llama" || o.Stored != "q8" {
		v.Errorf("%+v", o)
	}
	return v.opensOffer("llama3-q8_0")
}

// fromHub downloads a model from a hub that has none of another name, whose checksum is wrong at first, and that then drops the line twice.
func fromHub(v *visitor, h *hubtest.Hub, written session.Trace) {
	siteHub().hub.Store(h)
	ask := func(name string) {
		v.enter("#hub-name", name)
		v.press(`#dialog [data-do="ask-hub"]`)
	}
	v.modelsDialog()
	v.dialogShots("open-hub")
	ask("me/nothing")
	v.refused("open-refused-hub", "has no model me/nothing")
	h.Set(func(h *hubtest.Hub) { h.Wrong = true })
	ask("me/small")
	v.until("its plan is shown", planned)
	v.dialogShots("open-hub-plan")
	before := len(h.Requests())
	v.press("#dialog [data-do=offer-open]")
	v.refused("open-refused-checksum", "checksum")
	v.press(`#dialog [data-do="offer-leave"]`)

	h.Set(func(h *hubtest.Hub) { h.Wrong, h.Drops, h.Pause = false, 2, 2*time.Second })
	before = len(h.Requests())
	ask("me/small")
	v.until("its plan is shown", planned)
	v.writesThe(written, v.opensOffer("me/small"))
	var weights []string
	for _, asked := range h.Requests()[before:] {
		if path, part, _ := strings.Cut(asked, " "); strings.HasSuffix(path, "/model.safetensors") {
			weights = append(weights, part)
		}
	}
	v.Logf("weights were asked for by %q", weights)
	if len(weights) != 3 || weights[0] != "" || !strings.HasPrefix(weights[1], "bytes=") || !strings.HasPrefix(weights[2], "bytes=") || weights[1] == weights[2] {
		v.Errorf("with two dropped lines the weights were asked for by %q", weights)
	}
}

// fromStore opens the stored model again without site and hub, by the link and by the dialog, and deletes it.
func fromStore(v *visitor, server *httptest.Server, h *hubtest.Hub, files hf.Memory, written session.Trace) {
	link := eval[string](v, "location.href")
	if !strings.Contains(link, "base=me%2Fsmall") && !strings.Contains(link, "base=me/small") {
		v.Errorf("the link is %s", link)
	}
	v.cached()
	asked := len(h.Requests())
	siteHub().hub.Store(nil)
	server.CloseClientConnections()
	server.Close()
	v.run(chromedp.Navigate("about:blank"))
	v.open(link)
	v.until("the stored model is in use and has written again", inUse("me/small")+` && latest("Trace").complete`)
	v.writesThe(written, newest[session.Trace](v))

	v.modelsDialog()
	stored := newest[session.Models](v).Models
	var bytes int64
	for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
		bytes += int64(len(files[name]))
	}
	if len(stored) != 1 || stored[0].Name != "me/small" || !stored[0].Whole || stored[0].Bytes < bytes || stored[0].Bytes > bytes+4096 {
		v.Fatalf("%+v is stored, want me/small with %d bytes", stored, bytes)
	}
	if says := v.text("#stored-models li .hint"); !strings.Contains(says, fmt.Sprintf("%d kB, from ", (stored[0].Bytes+1023)>>10)) {
		v.Errorf("the list says %q", says)
	}
	v.dialogShots("open-stored")
	v.press(`#dialog [data-do^="stored:"]`)
	v.until("its plan is shown", planned)
	v.press(`#dialog input[value="f16"]`)
	v.opensOffer("me/small")
	drop := func() {
		v.modelsDialog()
		v.press(`#dialog [data-do^="ask-drop-model:"]`)
		v.dialogShots("open-delete")
		v.press(`#dialog [data-do^="drop-model:"]`)
	}
	drop()
	v.refused("open-refused-delete", "in use")
	v.press(`#dialog [data-do^="stored:"]`)
	v.until("its plan is shown", planned)
	v.press(`#dialog input[value="f32"]`)
	v.writesThe(written, v.opensOffer("me/small")) // it is read whole, and its files are not needed any more
	drop()
	v.until("the list is empty", `document.querySelector("#dialog").textContent.includes("No model is stored here")`)
	if left := eval[int](v, `(async () => { let n = 0; for await (const _ of (await (await navigator.storage.getDirectory()).getDirectoryHandle("attnlab-models")).keys()) n++; return n; })()`); left != 0 {
		v.Errorf("%d folders are left in the browser's file system", left)
	}
	if n := len(h.Requests()); n != asked {
		v.Errorf("the hub was asked %d times without a network", n-asked)
	}
}
