package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl/task"
)

// The loss of the device changes no result, whatever the engine does at the time.
func TestTheDeviceIsLost(t *testing.T) {
	bases := map[string]map[string][]byte{"chain-tiny": filesOf(t, random(t, chain(t)))}
	for _, backend := range []string{gpu.Host, gpu.WebGPU} {
		t.Run(backend, func(t *testing.T) {
			needs(t, backend)
			s := start(t, bases, session.Open{Backend: backend}, session.NewProblem{Seed: 9})
			s.must(all)
			want := s.trace

			s.must(session.LoseDevice{}) // while it is idle
			if !strings.Contains(s.status.Text, "restored") {
				t.Errorf("status %+v", s.status)
			}
			checkSentence(t, s.status.Text)
			same(t, s.trace, want)
			if s.able.Model.Name != "chain-tiny" || s.able.Backend == "" {
				t.Errorf("capabilities %+v", s.able)
			}

			s.send(session.Generate{Unit: "all", Restart: true, Sampling: sampling}) // while it is busy
			s.until(func(m any) bool {
				status, ok := m.(session.Status)
				return ok && status.Stage == "generating" && status.Done > 0
			})
			s.texts = nil
			s.send(session.LoseDevice{})
			restored := func() bool {
				return slices.ContainsFunc(s.texts, func(text string) bool { return strings.Contains(text, "restored") })
			}
			s.until(func(m any) bool { status, ok := m.(session.Status); return ok && !status.Busy && restored() })
			same(t, s.trace, want)
			if len(s.failures) > 0 {
				t.Errorf("failures %v", s.failures)
			}
		})
	}
}

func same(t *testing.T, got, want session.Trace) {
	t.Helper()
	got.Number = want.Number
	if !reflect.DeepEqual(got, want) {
		t.Errorf("another trace after the loss:\n%v\nwant\n%v", got.Text, want.Text)
	}
}

func TestUseModel(t *testing.T) {
	bases := parrots(t)
	s := start(t, bases, openHost, session.UseModel{Name: "chain-tiny"}, session.NewProblem{Seed: 7})
	s.must(all)
	want := s.trace
	good := filesOf(t, random(t, chain(t)))

	damaged := func(name string, change func([]byte) []byte) map[string][]byte {
		files := map[string][]byte{}
		for n, data := range good {
			files[n] = bytes.Clone(data)
		}
		files[name] = change(files[name])
		return files
	}
	for _, c := range []struct {
		files map[string][]byte
		want  string
	}{
		{damaged("model.safetensors", func(b []byte) []byte { return b[:len(b)/2] }), "model.safetensors"},
		{damaged("model.safetensors", func(b []byte) []byte { copy(b[len(b)-4:], []byte{0, 0, 0xc0, 0x7f}); return b }), "NaN"},
		{damaged("config.json", func([]byte) []byte { return []byte("{") }), "config.json"},
		{damaged("config.json", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("silu"), []byte("gelu")) }), "gelu"},
		{damaged("tokenizer.json", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"wait"`), []byte(`"halt"`)) }), "no task"},
		{map[string][]byte{"config.json": good["config.json"]}, "model.safetensors is missing"},
	} {
		look := s.look("mine", hf.Memory(c.files))
		if c.want == "NaN" { // only the values say so
			s.must(look)
			look := s.offer
			s.refused(s.proposed(), c.want)
			if s.must(session.LeaveOffer{}); look.Name == "" || s.offer.Name != "" {
				t.Errorf("offered %q, then %q", look.Name, s.offer.Name)
			}
			continue
		}
		if s.refused(look, c.want); s.offer.Name != "" {
			t.Errorf("%s, but it is offered", c.want)
		}
	}
	s.refused(session.UseModel{Name: "chain-huge"}, "chain-small, chain-tiny")
	if s.able.Model.Name != "chain-tiny" {
		t.Errorf("the current model is %q", s.able.Model.Name)
	}
	s.must(session.Generate{Unit: "all", Restart: true, Sampling: sampling})
	same(t, s.trace, want) // the old model is as it was

	s.folder("mine", good)
	if s.able.Model.Name != "mine" || s.able.Model.Layers != 2 || s.able.Model.Heads != 3 {
		t.Errorf("%+v", s.able.Model)
	}
	if len(s.trace.Tokens) != want.PromptLength || s.trace.Seed != 7 {
		t.Errorf("the problem should stay and the response go: %d tokens, seed %d", len(s.trace.Tokens), s.trace.Seed)
	}
	s.must(all)
	s.must(session.UseModel{Name: "chain-small"})
	s.must(all)
	same(t, s.trace, want)
}

func TestUseModelOfAnotherTask(t *testing.T) {
	countdown, err := task.New("countdown", "", "")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, parrots(t), openHost, session.NewProblem{Seed: 7}, session.FindHeads{Problems: 40})
	s.folder("numbers", filesOf(t, random(t, countdown)))
	if s.able.Model.Task != "countdown" || s.trace.Task != "countdown" || s.trace.Seed != 7 {
		t.Errorf("task %q, trace of %q", s.able.Model.Task, s.trace.Task)
	}
	if s.heads.Of != 0 {
		t.Errorf("the old model's heads stayed: %+v", s.heads)
	}
}

func TestNothingToOpen(t *testing.T) {
	s := start(t, nil)
	s.refused(all, "no model")
	s.refused(session.LoseDevice{}, "no device")
	s.refused(session.UseModel{Name: "x"}, "no device")
	s.refused(session.Open{Backend: "cuda"}, "cuda")
	s.refused(openHost, "no base is shipped")
	if s.status.Stage != "waiting" || s.able.Backend != gpu.Host {
		t.Errorf("status %+v, capabilities %+v", s.status, s.able)
	}
	s.folder("mine", parrots(t)["chain-tiny"])
	s.must(session.NewProblem{})
	s.must(all)
	if s.status.Stage != "ready" || !s.trace.WellFormed {
		t.Errorf("status %+v", s.status)
	}
}

// Another backend shows the same model and trace.
func TestOpenAgain(t *testing.T) {
	s := start(t, parrots(t), openHost, session.UseModel{Name: "chain-small"}, session.NewProblem{Seed: 7})
	s.must(all)
	want := s.trace
	s.must(session.Open{Backend: gpu.Auto})
	if s.able.Model.Name != "chain-small" || !slices.Equal(s.trace.Tokens, want.Tokens) {
		t.Errorf("model %q, %d tokens", s.able.Model.Name, len(s.trace.Tokens))
	}
	near(t, "logprobs", s.trace.LogProbs, want.LogProbs)
	if s.able.Race == nil && !strings.Contains(s.able.Why, "measured when the engine is idle") { // no adapter
		if os.Getenv("ATTNLAB_GPU") == "require" {
			t.Fatal(s.able.Why)
		}
		if s.able.Why == "" || s.status.Text != "" {
			t.Errorf("why no adapter is used: %q; a message that nobody asked for: %q", s.able.Why, s.status.Text)
		}
	}
}

func TestSentence(t *testing.T) {
	for in, want := range map[string]string{
		"model: tensor x is missing":                      "Tensor x is missing.",
		"config.json: model: head_dim is 7":               "config.json: head_dim is 7.",
		"head_dim is 7":                                   "head_dim is 7.",
		"load: model: gpu: kernel a: line\n  12: b":       "Load: kernel a: line 12: b.",
		"gpu: the GPU device was lost (x); open it again": "The GPU device was lost (x); open it again.",
	} {
		if got := sentence(errors.New(in)); got != want {
			t.Errorf("sentence(%q) = %q, want %q", in, got, want)
		}
	}
	if got := sentence(fmt.Errorf("rl: %w", errors.New("é is no token."))); got != "É is no token." {
		t.Error(got)
	}
}
