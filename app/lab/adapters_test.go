package lab

import (
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/hyper"
)

// ofModel is a lab on the Train page with a model of free text, which may lie on the device to run forward alone, and with two methods.
func ofModel(t *testing.T, frozen bool) (*Lab, *session.Port) {
	t.Helper()
	l, engine := ofFolder(t)
	steps := func(by int64) (all []int64) {
		for rank := range int64(8) {
			all = append(all, by*(rank+1))
		}
		return all
	}
	l.Receive(session.Methods{Methods: []session.Method{
		{Name: "grpo", Title: "GRPO", Params: hyper.Table{hyper.LoRA.With(0, 0), hyper.LoRAOn.Choosing("attention", "attention"), hyper.Problems.With(16, 16)}},
		{Name: "attnpo", Title: "ATTNPO", Heads: true, Params: hyper.Table{hyper.LoRA.With(0, 0), hyper.LoRAOn.Choosing("attention", "attention")}},
	}})
	l.Receive(session.Capabilities{Model: session.ModelInfo{Name: "m", Task: "few-shot-chain", Frozen: frozen,
		Adapters: &session.AdapterPlan{Weights: 1000, Cache: 10, Tokens: 2048, Attention: steps(100), All: steps(200)}}, Bases: []string{"small"}})
	l.Receive(session.Status{Stage: "ready"})
	l.Do("page:train")
	l.Do("method:grpo")
	return l, engine
}

// begun are the settings of the run that Start begins.
func begun(t *testing.T, l *Lab, engine *session.Port) session.RunSettings {
	t.Helper()
	l.Do("train")
	s := command[session.Begin](t, engine).Settings
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	return s
}

// Over a model that runs forward alone adapters are trained, of rank 8 unless another is chosen, and their memory is known.
func TestAdaptersOfAFrozenModel(t *testing.T) {
	l, engine := ofModel(t, true)
	if w, c, step, ok := l.AdapterNeeds(); !ok || w != 1000 || c != 10 || step != 200 || l.Ranks()[0] != 4 {
		t.Errorf("%d %d %d %v", w, c, step, ok)
	}
	s := begun(t, l, engine)
	if s.Model != "m" || s.Hyper["lora"] != hyper.Number(8) || s.Wording == nil || s.Wording.Task != "few-shot-chain" || s.Wording.Shots != 5 {
		t.Errorf("%+v, %+v", s, s.Wording)
	}
	l.Set("h.lora", "16")
	l.Set("h.lora-on", "all")
	if _, _, step, _ := l.AdapterNeeds(); step != 800 {
		t.Errorf("rank 16 on all takes %d", step)
	}
	if s := begun(t, l, engine); s.Hyper["lora"] != hyper.Number(16) || s.Hyper["lora-on"] != hyper.Choice("all") {
		t.Errorf("%+v", s.Hyper)
	}
	v, unread := ParseLink(l.View.String())
	if unread != "" || v.Plan != l.Plan {
		t.Errorf("%s reads back as %+v, %s", l.View, v.Plan, unread)
	}
	l.Set("run-model", "small") // a base of the lab's own
	if _, _, _, ok := l.AdapterNeeds(); ok || l.TrainsText() || l.Settings().Wording != nil {
		t.Errorf("%+v", l.Settings())
	}
}

// A small model is trained in full unless adapters are chosen. Own problems and typed prompts: the former are trained on.
func TestTrainATextModel(t *testing.T) {
	l, engine := ofModel(t, false)
	if s := begun(t, l, engine); len(s.Hyper) != 0 || l.Ranks()[0] != 0 {
		t.Errorf("%+v", s.Hyper)
	}
	if _, _, _, ok := l.AdapterNeeds(); ok {
		t.Error("no adapters are trained")
	}
	l.View.Text = "Why?"
	if s := l.Settings(); s.Wording.Task != "few-shot-chain" {
		t.Errorf("%+v", s.Wording)
	}
	l.View.Text, l.View.Wording = "", session.Wording{Task: "problems", Problems: `{"prompt": "a", "answer": "b"}`, System: "s"}
	l.Plan.Difficulty = "3"
	if s := l.Settings(); s.Wording.Task != "problems" || s.Wording.System != "s" || s.Difficulty != "" || !strings.Contains(l.ProblemsToTrainOn(), "your 1 problem") {
		t.Errorf("%+v, %s", s.Wording, l.ProblemsToTrainOn())
	}
}

// Heads are named for the method that has them; anything else stays in the field, beside the reason.
func TestNamedHeads(t *testing.T) {
	l, _ := ofModel(t, true)
	l.Set("focus", "16.2, 20.9")
	if s := l.Settings(); s.FocusHeads != "" {
		t.Errorf("grpo has the heads %q", s.FocusHeads)
	}
	l.Do("method:attnpo")
	if s := l.Settings(); s.FocusHeads != "16.2,20.9" || l.FocusText() != "16.2, 20.9" {
		t.Errorf("%q, field %q", s.FocusHeads, l.FocusText())
	}
	v, unread := ParseLink(l.View.String())
	if unread != "" || v.Plan.Focus != "16.2,20.9" {
		t.Errorf("%s reads back as %+v, %s", l.View, v.Plan, unread)
	}
	for _, wrong := range []string{"x", "16", "16.2 16.2", "-1.2"} {
		l.Set("focus", wrong)
		if sentence(t, l.Refused["focus"].Why); l.FocusText() != wrong || l.Wrong()["focus"] == "" {
			t.Errorf("%q: %+v", wrong, l.Refused)
		}
	}
	l.Set("focus", "")
	if l.Settings().FocusHeads != "" || len(l.Wrong()) > 0 {
		t.Errorf("%+v, %v", l.Settings(), l.Wrong())
	}
}

// The parts of a run with adapters are exported by name.
func TestExportAdapter(t *testing.T) {
	l, engine := ofModel(t, true)
	screen := &labtest.Screen{}
	l.screen = screen
	l.Receive(session.Run{Number: 1, Info: session.RunInfo{ID: "grpo-1", Name: "r", State: "paused", Step: 1}, Settings: session.RunSettings{Method: "grpo", Hyper: hyper.Values{"lora": hyper.Number(8)}}})
	if !TrainedAdapters(l.Run.Settings) || TrainedAdapters(session.RunSettings{}) {
		t.Error("runs with and without adapters")
	}
	l.Do("export-part:adapter:grpo-1")
	if c := command[session.ExportRun](t, engine); c.ID != "grpo-1" || c.Part != session.Adapter {
		t.Errorf("%+v", c)
	}
	l.Receive(session.RunFiles{ID: "grpo-1", Name: "r, adapter", Files: map[string][]byte{"adapter_config.json": []byte("{}")}})
	if screen.Saved["r-adapter.zip"] == nil {
		t.Errorf("%v", screen.Saved)
	}
}
