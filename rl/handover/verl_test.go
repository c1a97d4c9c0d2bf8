package handover

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"attnlab/rl"
	"attnlab/rl/score"
)

// A project for verl has the method's values under verl's names; AttnRL is its authors' code, with values as flags.
func TestVerl(t *testing.T) {
	for _, c := range []struct {
		method rl.Method
		has    []string // in attnlab.yaml, or in README.md where there is none
	}{
		{rl.GRPO, []string{"\n  adv_estimator: grpo\n", "norm_adv_by_std_in_grpo: true", "loss_agg_mode: seq-mean-token-mean", "loss_scale_factor: null", "clip_ratio_c: 1.0e+9", "path: model", "lr: 0.0005"}},
		{rl.DrGRPO, []string{"norm_adv_by_std_in_grpo: false", "loss_agg_mode: seq-mean-token-sum-norm", "loss_scale_factor: 192"}},
		{rl.DAPO, []string{"filter_groups: {enable: true", "name: dapo", "len: 40, penalty_factor: 1.0", "clip_ratio_high: 0.28", "total_training_steps: 2"}},
		{rl.AttnRL, []string{"RyanLiu112/AttnRL", "rollout.n=6", "dynamic_bsz_ema_alpha=0.1", "algorithm.adv_estimator=attnrl", "Nothing of this was run"}},
	} {
		p := Project{To: Verl, Method: c.method, Values: c.method.Params.Lab(), Seed: 1, Steps: 2, Model: ModelFolder, Task: Task{Name: "chain"}}
		files, err := p.Files(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		text := files["attnlab.yaml"]
		if c.method.Name == rl.AttnRL.Name {
			text = files["README.md"]
		}
		for _, want := range c.has {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s has no %q:\n%s", c.method.Name, want, text)
			}
		}
		for name, data := range files {
			if len(data) == 0 {
				t.Errorf("%s: %s is empty", c.method.Name, name)
			}
		}
		if data := files["problems/train.parquet"]; !bytes.Contains(data, []byte("ground_truth")) || files["problems/probe.parquet"] != nil {
			t.Errorf("%s: the problems are not in verl's columns", c.method.Name)
		}
	}
}

// A place of a file that nothing fills is an error, not a blank.
func TestFillIsWhole(t *testing.T) {
	if text, err := fill("verl/README.md.tmpl", map[string]any{"Title": "GRPO"}); err == nil {
		t.Errorf("a file without most of its values is %q", text)
	}
}

// What an engine does not take is refused in one sentence.
func TestCheck(t *testing.T) {
	good := Project{To: TRL, Method: rl.GRPO, Values: rl.GRPO.Params.Lab(), Steps: 1, Model: ModelFolder, Task: Task{Name: "chain"}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(p *Project){
		"no engine \"ray\"": func(p *Project) { p.To = "ray" },
		"handed over to verl: its reward needs the group":   func(p *Project) { p.To, p.Method, p.Values = Verl, rl.ATTNPO, rl.ATTNPO.Params.Lab() },
		"handed over to verl: it branches responses, and v": func(p *Project) { p.To, p.Method, p.Values = Verl, rl.TreeRL, rl.TreeRL.Params.Lab() },
		"handed over to trl: it branches responses, and T":  func(p *Project) { p.Method, p.Values = rl.AttnRL, rl.AttnRL.Params.Lab() },
		"and TRL has no revisions":                          func(p *Project) { p.Method, p.Values = rl.REARL, rl.REARL.Params.Lab() },
		"0 training steps":                                  func(p *Project) { p.Steps = 0 },
		"give 1 to 15625":                                   func(p *Project) { p.Steps = math.MaxInt },
		"give 1 to 250000":                                  func(p *Project) { p.Steps, p.Task = math.MaxInt, Task{Name: "problems"} },
		"tokens of its own":                                 func(p *Project) { p.Model = "owner/name" },
		"a control that is not": func(p *Project) {
			p.Method, p.Values = rl.ATTNPO, rl.ATTNPO.Params.Lab()
			_ = p.Method.Params.Set(p.Values, "focus", "shuffle")
		},
		"which free text has not;": func(p *Project) {
			p.Method, p.Values, p.Task = rl.ATTNPO, rl.ATTNPO.Params.Lab(), Task{Name: "problems"}
		},
	} {
		p := good
		change(&p)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// Rules that AttnRL's authors do not have are refused; the rest of the settings is in the README.
func TestAttnRLCode(t *testing.T) {
	p := Project{To: Verl, Method: rl.AttnRL, Values: rl.AttnRL.Params.Lab(), Steps: 1, Model: ModelFolder, Task: Task{Name: "chain"}}
	for _, row := range attnrlCode {
		own, ok := p.Method.Params.Row(row.Name)
		if !ok || own.Lab != own.Paper {
			t.Fatalf("%s: the lab's default is not the paper's", row.Name)
		}
		for _, choice := range own.Choices {
			p.Values = rl.AttnRL.Params.Lab()
			if err := p.Method.Params.Set(p.Values, row.Name, choice); err != nil {
				t.Fatal(err)
			}
			err := p.Check()
			if refused := err != nil && strings.Contains(err.Error(), row.Name+" is "+choice+", which the code of AttnRL's authors does not have"); refused == (choice == own.Lab.String()) {
				t.Errorf("%s %s: %v", row.Name, choice, err)
			}
		}
	}
	p.Values = rl.AttnRL.Params.Lab()
	text, err := p.attnrl()
	if err != nil || !strings.Contains(string(text), "hold: warm-up 0, dual-clip 3, ") {
		t.Errorf("%v, README.md:\n%s", err, text)
	}
}

// A project that is stopped while problems are drawn has no files.
func TestStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, engine := range Engines {
		p := Project{To: engine, Method: rl.GRPO, Values: rl.GRPO.Params.Lab(), Steps: 1, Model: ModelFolder, Task: Task{Name: "chain"}}
		if files, err := p.Files(ctx); !errors.Is(err, context.Canceled) || files != nil {
			t.Errorf("%s: %d files, %v", engine, len(files), err)
		}
	}
}

// A log of ATTNPO says which heads were named, and nothing of heads that the project finds.
func TestNamedHeads(t *testing.T) {
	for want, heads := range map[string][]score.Head{`"heads":[],`: nil, `"heads":[[0,1],[1,3]],`: {{Layer: 0, Head: 1}, {Layer: 1, Head: 3}}} {
		p := Project{To: TRL, Method: rl.ATTNPO, Values: rl.ATTNPO.Params.Lab(), Steps: 1, Model: ModelFolder, Task: Task{Name: "chain"}, Heads: heads}
		files, err := p.Files(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var settings bytes.Buffer
		if err := json.Compact(&settings, files["settings.json"]); err != nil || !strings.Contains(settings.String(), want) {
			t.Errorf("settings.json has no %s: %v", want, err)
		}
		if _, sign, _ := strings.Cut(string(files["train.py"]), "def sign("); !strings.Contains(sign, `if settings["heads"]:`) || !strings.Contains(sign, `state["attnlab"]["focus_heads"] = `) {
			t.Error("train.py leaves named heads out of its log")
		}
	}
}

// The README of a project for TRL says what does not map, and only that.
func TestLimits(t *testing.T) {
	p := Project{To: TRL, Method: rl.GRPO, Values: rl.GRPO.Params.Lab(), Steps: 1, Model: ModelFolder, Task: Task{Name: "chain"}}
	files, err := p.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if text := string(files["README.md"]); !strings.Contains(text, "0.935 of the lab's") || !strings.Contains(text, "flat-groups keep") || strings.Contains(text, "dynamic on") {
		t.Errorf("README.md:\n%s", text)
	}
	var s struct{ TRL map[string]any }
	if err := json.Unmarshal(files["settings.json"], &s); err != nil || s.TRL["scale_rewards"] != "group" || s.TRL["delta"] != nil {
		t.Errorf("settings.json has %+v, %v", s, err)
	}
}
