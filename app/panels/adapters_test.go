package panels

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/hyper"
)

// The Train page of a model of free text that runs forward alone chooses adapters, says what they need, and exports those of a run.
func TestAdaptersPanel(t *testing.T) {
	p := NewPage(lab.Link{}, "#page=train&method=attnpo", lab.Example{})
	tr := labtest.Trace()
	tr.Task, tr.Wording = "few-shot-chain", &session.Wording{Task: "few-shot-chain", Rule: "line", Chat: "chatml", Shots: 5}
	p.Receive(session.Methods{Methods: []session.Method{{Name: "attnpo", Title: "ATTNPO", Heads: true, Params: hyper.Table{hyper.LoRA.With(0, 0), hyper.LoRAOn.Choosing("attention", "attention"), hyper.LoRAAlpha.With(16, 16)}}}})
	model := session.ModelInfo{Name: "m", Task: "few-shot-chain", Frozen: true, Adapters: &session.AdapterPlan{Weights: 257 << 20, Cache: 8 << 20, Tokens: 2048, Attention: []int64{1 << 20, 403 << 20}, All: []int64{1 << 20, 2 << 20}}}
	p.Receive(session.Capabilities{Model: model, Bases: []string{"chain-small"}})
	p.Receive(tr)
	p.Receive(session.Status{Stage: "ready"})
	html := app.HTMLString(p.trainPage())
	for _, want := range []string{`id="adapters"`, "rank 8", "403 MB", "668 MB", "2,048 tokens", "few-shot chain with 5 examples", `data-set="focus"`, "operations"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(html, "none: all weights") || strings.Contains(html, "export-part") || strings.Count(html, `data-set="h.lora"`) != 1 {
		t.Error("a model that runs forward alone cannot train its weights, there is no run yet, and a rank has one control")
	}
	p.Receive(session.Run{Number: 1, Info: session.RunInfo{ID: "a-1", Name: "r", State: "done", Step: 2}, Settings: session.RunSettings{Method: "attnpo", Hyper: hyper.Values{"lora": hyper.Number(8)}}})
	if html = app.HTMLString(p.trainPage()); !strings.Contains(html, "export-part:adapter:a-1") || !strings.Contains(html, "export-part:merged:a-1") {
		t.Error("the adapters of the run cannot be exported")
	}
	model.Frozen, p.Plan.Hyper = false, ""
	p.Receive(session.Capabilities{Model: model, Bases: []string{"chain-small"}})
	if html = app.HTMLString(p.trainPage()); !strings.Contains(html, "none: all weights") || strings.Contains(html, `id="adapter-needs"`) {
		t.Error("a small model is trained in full unless adapters are chosen")
	}
}
