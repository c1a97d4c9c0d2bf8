//go:build !js && visit

package visit

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/hf/bpe"

	"github.com/chromedp/chromedp"
)

// writerFolder saves a small model of free text as a Hugging Face folder: a byte-level BPE tokenizer with the markers of ChatML, and
// weights by which the next token depends on the last one only. Each line is the last with probability .15, and the answer is 9.
func writerFolder(v *visitor) (dir string) {
	v.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "model", "hf", "bpe", "testdata", "smollm.json.gz"))
	if err != nil {
		v.Fatal(err)
	}
	defer file.Close()
	var saved struct {
		Tokenizer json.RawMessage `json:"tokenizer"`
	}
	packed, err := gzip.NewReader(file)
	if err == nil {
		err = json.NewDecoder(packed).Decode(&saved)
	}
	if err != nil {
		v.Fatal(err)
	}
	words, err := bpe.Read(saved.Tokenizer)
	if err != nil {
		v.Fatal(err)
	}
	digits := map[string]float64{"2": .2, "3": .2, "4": .2, "5": .2, "6": .2}
	next := map[string]map[string]float64{
		"\n": {"x": .45, "wait": .2, "Therefore": .2, "Answer": .15}, "x": {" =": 1}, " =": {" ": 1}, " +": {" ": 1}, " ": digits,
		"wait": {",": 1}, "Therefore": {",": 1}, ",": {" the": 1}, " the": {" step": .5, " answer": .5}, " step": {" is": 1}, " answer": {" is": 1},
		" is": {" so": .5, " x": .5}, " so": {".": 1}, " x": {".": 1}, ".": {"\n": 1}, "Answer": {":": 1}, ":": {"9": 1}, "9": {"<|im_end|>": 1},
	}
	for digit := range digits {
		next[digit] = map[string]float64{" +": .4, ".": .6}
	}
	id := func(token string) int {
		i, ok := words.ID(token)
		if !ok {
			v.Fatalf("the tokenizer has no %q", token)
		}
		return i
	}
	const D = 48
	c := model.Config{VocabSize: words.Len(), HiddenSize: D, IntermediateSize: 16, Layers: 2, Heads: 3, KVHeads: 3, HeadDim: 16,
		MaxContext: 1024, RMSNormEps: 1e-9, Rope: model.Rope{Theta: 10000}, PadID: 0, BosID: 1, EosID: id("<|im_end|>")}
	weights := c.Init(1)
	region := func(name string) []float32 {
		p := c.Param(name)
		return weights[p.Offset : p.Offset+p.Size()]
	}
	for l := range c.Layers {
		clear(region(fmt.Sprintf("layers.%d.o", l)))
		clear(region(fmt.Sprintf("layers.%d.down", l)))
		for i := range region(fmt.Sprintf("layers.%d.qkv", l)) {
			region(fmt.Sprintf("layers.%d.qkv", l))[i] *= 20
		}
	}
	embed, head := region("embed"), region("lm_head")
	clear(embed)
	clear(head)
	for at, token := range slices.Sorted(maps.Keys(next)) {
		embed[id(token)*D+at] = 1
		for b := range c.VocabSize {
			head[b*D+at] = float32(math.Log(1e-20) / math.Sqrt(D))
		}
		for to, p := range next[token] {
			head[id(to)*D+at] = float32(math.Log(p) / math.Sqrt(D))
		}
	}
	dir = v.TempDir()
	if err := (&hf.Checkpoint{Config: c, Tokenizer: words, Weights: weights}).Save(dir); err != nil {
		v.Fatal(err)
	}
	return dir
}

// TestVisitPrompt opens the folder of a model of free text on the host backend and walks through everything that its prompt can be.
func TestVisitPrompt(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	server := plainServer(t, dir, n)
	folder := writerFolder(v) // the last check opens it again
	address := server.URL + under + onHost
	v.check("a folder is opened, a prompt written, steps cut and labelled", func(v *visitor) {
		v.open(address + "#page=trace")
		v.until("the engine is ready", ready)
		prompts(v, folder)
	})
	v.check("examples, markers and system text", func(v *visitor) { wordings(v) })
	v.check("problems of one's own", ownProblems)
	v.check("the link of one's own problems", func(v *visitor) { ownLink(v, address, folder) })
	if lines := n.all(); len(lines) > 0 {
		t.Errorf("during the visit:\n%s", strings.Join(lines, "\n"))
	}
}

// wordings changes how few-shot chain is put: examples, markers, system text, the examples themselves.
func wordings(v *visitor) {
	v.enter("#field-shots", "2")
	v.until("two examples are in the prompt", ready+` && latest("Trace").wording.shots === 2 && document.querySelector("#typed").value.split("Answer:").length === 3`)
	v.choose(`#problem [data-set="chat"]`, "plain")
	v.until("the markers are gone", ready+` && latest("Trace").wording.chat === "plain" && !document.querySelector("#typed").value.includes("<|im_start|>")`)
	v.choose(`#problem [data-set="chat"]`, "chatml")
	v.until("the markers are back", ready+` && document.querySelector("#typed").value.startsWith("<|im_start|>user\n")`)
	v.press("#problem .own > summary")
	v.run(chromedp.Focus(`#problem [data-set="system"]`, chromedp.ByQuery), chromedp.KeyEvent("Be short."))
	v.press(`#sampling [data-do="generate"]`)
	v.until("the system text comes first", ready+` && latest("Trace").complete && latest("Trace").prompt.startsWith("<|im_start|>system\nBe short.<|im_end|>\n") && latest("Trace").gold`)
	v.until("both are in the address", `location.hash.includes("shots=2") && location.hash.includes("system=Be%20short.")`)
	v.shots("prompt-chain", "#problem")
	v.run(chromedp.Evaluate(`(e => (e.value = e.value.replace("Answer:", "Answer: surely"), e.dispatchEvent(new Event("input", { bubbles: true }))))(document.querySelector("#typed"))`, nil))
	v.until("a whole prompt has its own markers", `document.querySelector("#problem [data-set=chat]").disabled && document.querySelector("#problem [data-set=system]").disabled`)
	gold := newest[session.Trace](v).Gold
	v.press(`#sampling [data-do="generate"]`)
	v.until("an edited example leaves labels and the answer", ready+fmt.Sprintf(` && latest("Trace").complete && latest("Trace").typed && latest("Trace").wording.task === "few-shot-chain" && latest("Trace").gold === %q && latest("Trace").prompt.includes("Answer: surely")`, gold))
}

// ownProblems opens files of problems, a damaged one too.
func ownProblems(v *visitor) {
	dir := v.TempDir()
	file := func(name, content string) []string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			v.Fatal(err)
		}
		return []string{path}
	}
	v.choose(`#problem [data-set="kind"]`, "problems")
	v.until("a file is asked for", `document.querySelector("#problem [data-do=open-problems]")`)
	v.run(chromedp.SetUploadFiles("#open-problems", file("damaged.jsonl", `{"prompt": "What is 4 + 5?"}`+"\n"), chromedp.ByQuery))
	v.until("a damaged line is named", `document.querySelector(".banner.failed p")?.textContent.includes("line 1: it has no")`)
	v.Logf("%s", v.text(".banner.failed p"))
	v.press(".banner.failed button")
	v.run(chromedp.SetUploadFiles("#open-problems", file("mine.jsonl", `{"prompt": "What is 4 + 5?", "answer": "9"}`+"\n"+`{"prompt": "What is 4 + 4?", "answer": 8}`+"\n"), chromedp.ByQuery))
	v.until("the first is shown", ready+` && latest("Trace").wording.task === "problems" && latest("Trace").gold === "9" && document.querySelector("#field-seed").value === "1"`)
	v.press(`#sampling [data-do="generate"]`)
	v.until("its answer is judged", ready+` && latest("Trace").complete && document.querySelector(".verdict .mark.right")`)
	v.press(`#problem [data-do="problem"]`)
	v.until("the second is shown", ready+` && latest("Trace").gold === "8" && document.querySelector("#field-seed").value === "2"`)
	v.press(`#sampling [data-do="generate"]`)
	v.until("its answer is judged too", ready+` && latest("Trace").complete && document.querySelector(".verdict .mark.false")`)
	v.shots("prompt-own", "#problem")
}

// ownLink comes back to such a problem by its link, in an engine that has the model no more.
func ownLink(v *visitor, address, folder string) {
	tokens, hash := newest[session.Trace](v).Tokens, eval[string](v, "location.hash")
	v.run(chromedp.Navigate("about:blank"))
	v.open(address + hash)
	v.until("the link says that the model is missing", ready+` && [...document.querySelectorAll(".banner, .toast")].some((e) => e.textContent.includes("needs the model"))`)
	v.press(".engine")
	v.run(chromedp.SetUploadFiles("#open-model", []string{folder}, chromedp.ByQuery))
	v.until("its plan is shown", planned)
	v.press("#dialog [data-do=offer-open]")
	v.until("the problem of the link and its response are back", ready+` && latest("Trace").gold === "8" && latest("Trace").complete && !document.querySelector("#dialog")`)
	if again := newest[session.Trace](v).Tokens; !slices.Equal(again, tokens) {
		v.Errorf("the link shows %v, it was made of %v", again, tokens)
	}
}

// prompts opens the folder of a model of free text, writes a prompt, cuts its response by two rules, and labels a step by hand.
func prompts(v *visitor, dir string) {
	v.press(".engine")
	damaged := v.TempDir()
	for _, name := range []string{"config.json", "model.safetensors", "tokenizer.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if name == "tokenizer.json" {
			data = []byte(strings.Replace(string(data), `"type": "BPE"`, `"type": "Unigram"`, 1))
			if !strings.Contains(string(data), "Unigram") {
				v.Fatal("the tokenizer's kind is not found")
			}
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(damaged, name), data, 0o600)
		}
		if err != nil {
			v.Fatal(err)
		}
	}
	v.run(chromedp.SetUploadFiles("#open-model", []string{damaged}, chromedp.ByQuery))
	v.until("another kind of tokenizer is refused in the dialog", `document.querySelector("#dialog .hint.bad")?.textContent.includes("Unigram")`)
	v.Logf("%s", v.text("#dialog .hint.bad"))
	v.until("the engine is ready", ready)
	v.run(chromedp.SetUploadFiles("#open-model", []string{dir}, chromedp.ByQuery))
	v.until("its plan is shown", planned)
	v.press("#dialog [data-do=offer-open]")
	name := filepath.Base(dir)
	v.until("the folder's model draws a problem", ready+fmt.Sprintf(` && latest("Capabilities").model.name === %q`, name)+` && latest("Trace").wording?.task === "few-shot-chain" && !document.querySelector(".banner.failed")`)
	v.until("the dialog is closed, and the prompt is shown with the markers of its chat", `!document.querySelector("#dialog") && document.querySelector("#typed").value.startsWith("<|im_start|>user\n") && document.querySelector("#typed-check").textContent.includes("ChatML")`)

	v.run(chromedp.Focus("#typed", chromedp.ByQuery), chromedp.Evaluate(`document.querySelector("#typed").select()`, nil), chromedp.KeyEvent("Is the answer 9"))
	v.run(chromedp.KeyEvent("?"))
	v.until("what is typed stays", `document.querySelector("#typed").value === "Is the answer 9?"`)
	v.press(`#sampling [data-do="generate"]`)
	v.until("the response is complete", ready+` && latest("Trace").complete && latest("Trace").wording.task === "text"`)
	tr := newest[session.Trace](v)
	if want := "<|im_start|>user\nIs the answer 9?<|im_end|>\n<|im_start|>assistant\n"; tr.Prompt != want || tr.Gold != "" || tr.Found != "9" || len(tr.Steps) < 4 {
		v.Fatalf("the prompt %q has the response %+v of %d steps", tr.Prompt, tr.Found, len(tr.Steps))
	}
	v.until("the box has the prompt as the model reads it", fmt.Sprintf(`document.querySelector("#typed").value === %q`, tr.Prompt))
	v.until("each step has a row, grey and unlabelled", fmt.Sprintf(`document.querySelectorAll("#rows .label-unlabelled + select").length === %d`, len(tr.Steps)))
	if mark := v.text(".verdict .mark, .row.answer .mark"); mark != "" {
		v.Errorf("nobody knows the answer, and the verdict is %q", mark)
	}

	refusals(v)
	v.run(chromedp.Evaluate(`document.querySelector("#step-1 select").click()`, nil))
	v.choose(`#step-1 select`, "essential")
	v.until("the label is shown", `latest("Trace").steps[1].by_hand && document.querySelector("#step-1 .label-essential + select.given")?.value === "essential"`)
	if eval[bool](v, `latest("Selection")?.step === 1 || !!document.querySelector("#step-1.selected")`) {
		v.Error("a click on a menu selects its row")
	}
	v.choose(`#problem [data-set="step-rule"]`, "paragraph")
	v.until("there are no blank lines", ready+` && latest("Trace").wording.rule === "paragraph" && document.querySelectorAll("#rows [id^=step-]").length === latest("Trace").steps.length`)
	if n := len(newest[session.Trace](v).Steps); n >= len(tr.Steps) {
		v.Errorf("%d paragraphs, %d sentences", n, len(tr.Steps))
	}
	v.choose(`#problem [data-set="step-rule"]`, "sentence")
	v.until("the label is back", `latest("Trace").wording.rule === "sentence" && document.querySelector("#step-1 select.given")?.value === "essential"`)
	v.choose(`#step-2 select`, "wrong")
	v.until("another label is shown", `document.querySelector("#step-2 select.given")?.value === "wrong"`)
	v.shots("prompt", "#problem")
	v.run(chromedp.Evaluate(`(menu => { menu.value = ""; menu.dispatchEvent(new Event("change", { bubbles: true })); })(document.querySelector("#step-2 select"))`, nil))
	v.until("the label is taken back", ready+` && document.querySelector("#step-2 .label-unlabelled + select:not(.given)")`)

	long := strings.Repeat("so ", 1200)
	v.run(chromedp.Evaluate(fmt.Sprintf(`(e => (e.value = %q, e.dispatchEvent(new Event("input", { bubbles: true }))))(document.querySelector("#typed"))`, long), nil))
	v.press(`#sampling [data-do="generate"]`)
	v.until("a prompt longer than the context is refused in a sentence", `document.querySelector(".banner.failed p")?.textContent.includes("context holds 1024")`)
	v.press(".banner.failed button")
	v.choose(`#problem [data-set="kind"]`, "few-shot-chain")
	v.until("a problem with an answer is drawn for the same model", ready+` && latest("Trace").gold && !latest("Trace").typed`+fmt.Sprintf(` && latest("Capabilities").model.name === %q`, name))
}

// refusals presses what needs a right answer, on a prompt without one: each press ends in one sentence.
func refusals(v *visitor) {
	v.Helper()
	refused := func(name, words string) {
		v.until(name+" is refused in a sentence", ready+` && document.querySelector(".banner.failed p")?.textContent.includes("`+words+`")`)
		v.press(".banner.failed button")
	}
	v.press("#step-1 > .no")
	v.press(`#cut-panel [data-do="disrupt"]`)
	refused("the cut", "obody knows the right answer")
	v.press(`#cut-all [data-do="cut-all"]`)
	refused("a cut of every step", "obody knows the right answer")
	v.press(`nav [data-do="page:tree"]`)
	v.press(`[data-do="grow"]`)
	refused("a tree", "obody knows the right answer")
	v.press(`nav [data-do="page:heads"]`)
	v.press(`[data-do="heads"]`)
	refused("a search for heads", "obody knows")
	v.press(`nav [data-do="page:trace"]`)
	v.press("#step-1 > .no")
}
