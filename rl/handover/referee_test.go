package handover

import (
	"encoding/json"
	"io/fs"
	"testing"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/rltest/near"
	"attnlab/rl/score"
	"attnlab/rl/task"
	"attnlab/testdata"
	"attnlab/web"
)

// golden is testdata/handover.json: what projects give for fixed responses.
type golden struct {
	Tasks []struct {
		Task   string `json:"task"`
		Judged []struct {
			Prompt  string   `json:"prompt"`
			Tokens  []int    `json:"tokens"`
			Correct bool     `json:"correct"`
			Answer  [2]int   `json:"answer"` // of tokens
			Steps   [][3]any `json:"steps"`  // start, end, label
		} `json:"judged"`
	} `json:"tasks"`
	Groups []struct {
		Prompt    string  `json:"prompt"`
		Responses [][]int `json:"responses"`
	} `json:"groups"`
	Cases []struct {
		Method     string            `json:"method"`
		Set        map[string]string `json:"set"` // all hyper-parameters
		Heads      [][2]int          `json:"heads"`
		Rewards    []float64         `json:"rewards"`
		Advantages [][]float64       `json:"advantages"` // of a response: one, or one a token
	} `json:"cases"`
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	data, err := fs.ReadFile(testdata.FS, "handover.json")
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Tasks) != 2 || len(g.Groups) != 4 || len(g.Cases) != 6 {
		t.Fatalf("%d tasks, %d groups and %d cases, want 2, 4 and 6; run testdata/handover.py", len(g.Tasks), len(g.Groups), len(g.Cases))
	}
	return g
}

// The project's verifier judges, cuts and labels responses as the task does, broken ones too.
func TestVerifiers(t *testing.T) {
	for _, of := range readGolden(t).Tasks {
		kind, err := task.New(of.Task, "", "")
		if err != nil {
			t.Fatal(err)
		}
		right, labels := 0, map[string]int{}
		for i, r := range of.Judged {
			p, err := kind.Parse(r.Prompt)
			if err != nil {
				t.Fatal(err)
			}
			got := kind.Judge(p, r.Tokens)
			P := got.PromptLength
			if got.Correct != r.Correct || got.AnswerStart-P != r.Answer[0] || got.AnswerEnd-P != r.Answer[1] || len(got.Steps) != len(r.Steps) {
				t.Errorf("%s, response %d: %v, answer %d to %d, %d steps; the project has %v, %v, %d steps", of.Task, i, got.Correct, got.AnswerStart-P, got.AnswerEnd-P, len(got.Steps),
					r.Correct, r.Answer, len(r.Steps))
				continue
			}
			for k, s := range got.Steps {
				if float64(s.Start-P) != r.Steps[k][0] || float64(s.End-P) != r.Steps[k][1] || s.Label.String() != r.Steps[k][2] {
					t.Errorf("%s, response %d, step %d: [%d, %d) %s; the project has %v", of.Task, i, k, s.Start-P, s.End-P, s.Label, r.Steps[k])
				}
				labels[s.Label.String()]++
			}
			if r.Correct {
				right++
			}
		}
		t.Logf("%s: %d responses, %d right, labels %v", of.Task, len(of.Judged), right, labels)
		if right == 0 || right == len(of.Judged) || len(labels) != 5 {
			t.Errorf("%s: %d of %d responses are right and there are labels %v: the file does not test both verdicts and all five labels", of.Task, right, len(of.Judged), labels)
		}
	}
}

// Rewards and advantages of tokens that TRL computes in a project are those of the lab within 1e-4.
func TestCredit(t *testing.T) {
	g := readGolden(t)
	kind, err := task.New("chain", "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range g.Cases {
		t.Run(c.Method, func(t *testing.T) {
			method, err := rl.MethodOf(c.Method)
			if err != nil {
				t.Fatal(err)
			}
			h := method.Params.Lab()
			for name, text := range c.Set {
				if err := method.Params.Set(h, name, text); err != nil {
					t.Fatal(err)
				}
			}
			var groups []rl.Group
			for _, from := range g.Groups {
				p, err := kind.Parse(from.Prompt)
				if err != nil {
					t.Fatal(err)
				}
				group := rl.Group{Problem: p}
				for _, tokens := range from.Responses {
					group.Samples = append(group.Samples, rl.Sample{Trace: kind.Judge(p, tokens)})
				}
				groups = append(groups, group)
			}
			if len(c.Heads) > 0 {
				scoreSteps(t, groups, c.Heads)
			}
			trainer, err := method.New(h, rl.Setup{})
			if err != nil {
				t.Fatal(err)
			}
			if err := trainer.Credit(1, groups); err != nil {
				t.Fatal(err)
			}
			i, scaled := 0, 0
			for _, group := range groups {
				for _, s := range group.Samples {
					near.Want(t, "reward", []float64{s.Reward}, c.Rewards[i:i+1], 1e-4)
					want := c.Advantages[i]
					if len(want) == 1 {
						want = make([]float64, len(s.Advantage))
						for k := range want {
							want[k] = c.Advantages[i][0]
						}
					}
					near.Want(t, "advantages", s.Advantage, want, 1e-4)
					for _, gamma := range s.Inputs.Scales {
						if gamma != 1 {
							scaled++
						}
					}
					i++
				}
			}
			if i != len(c.Rewards) {
				t.Errorf("%d responses, the file has %d", i, len(c.Rewards))
			}
			if len(c.Heads) > 0 && scaled == 0 {
				t.Error("no step was rescaled: the case does not test the scores")
			}
		})
	}
}

// scoreSteps measures S_k of every response with chain-small.
func scoreSteps(t *testing.T, groups []rl.Group, heads [][2]int) {
	t.Helper()
	folder, err := web.Model("chain-small")
	if err != nil {
		t.Fatal(err)
	}
	base, err := hf.LoadFS(folder)
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := gpu.Open(gpu.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	m, err := model.New(d, base.Config, base.Weights)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	s, err := model.NewScorer(m, 1024)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	var of []score.Head
	for _, h := range heads {
		of = append(of, score.Head{Layer: h[0], Head: h[1]})
	}
	for _, g := range groups {
		var traces []task.Trace
		for _, sample := range g.Samples {
			traces = append(traces, sample.Trace)
		}
		examined, err := examine.Examine(s, traces, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i := range g.Samples {
			g.Samples[i].Scores = score.MeanOverHeads(examined[i].Focus, of)
		}
	}
}

// A project for any task has a verifier.
func TestEveryTaskHasAVerifier(t *testing.T) {
	for _, name := range append(task.Names(), "problems") {
		if _, err := fs.Stat(scripts, "python/verifier_"+name+".py"); err != nil {
			t.Errorf("task %s: %v", name, err)
		}
	}
}
