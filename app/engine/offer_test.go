package engine

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl/rltest"
	freetext "attnlab/rl/task/text"
	"attnlab/testdata"
)

// A model of others is offered with what it needs, opened by rows in a smaller storage, lost with its device and opened again, and left for a base.
func TestOfferedModel(t *testing.T) {
	for _, backend := range []string{gpu.Host, gpu.WebGPU} {
		t.Run(backend, func(t *testing.T) {
			needs(t, backend)
			s := start(t, parrots(t), session.Open{Backend: backend}, session.NewProblem{Seed: 1})
			s.must(s.look("rambler", hf.Memory(filesOf(t, rltest.Rambler()))))
			o := s.offer
			if o.Name != "rambler" || o.Kind != "llama" || o.Parameters == 0 || o.Bytes == 0 || o.Adapter == "" || len(o.Contexts) == 0 || o.Stored != "f32" {
				t.Fatalf("%+v", o)
			}
			first := o.Contexts[0]
			if len(first.Needs) != 5 || first.Choice != 0 || !first.Needs[0].Trains || first.Needs[1].Trains || first.Needs[1].Bytes >= first.Needs[0].Bytes {
				t.Errorf("%+v", first)
			}
			if s.able.Model.Name != "chain-small" {
				t.Errorf("a look at a model opened it: %+v", s.able.Model)
			}
			s.refused(session.OpenModel{Storage: "q3", Context: o.Context}, "no storage")
			s.refused(session.OpenModel{Storage: "f16", Context: o.Context + 1}, "not offered")

			s.must(session.OpenModel{Storage: "bf16", Context: o.Context})
			if s.able.Model.Name != "rambler" || s.offer.Name != "" || !slices.Contains(s.stages, "loading") {
				t.Fatalf("model %+v, offer %+v, stages %q", s.able.Model, s.offer, s.stages)
			}
			s.must(session.NewProblem{Text: "a = ?", Wording: &session.Wording{Task: "text"}})
			s.must(all)
			want := s.trace
			if len(want.Tokens) == want.PromptLength || want.Layers != s.able.Model.Layers {
				t.Fatalf("%+v", want)
			}
			s.must(session.LoseDevice{})
			if !strings.Contains(s.status.Text, "restored") {
				t.Errorf("status %+v", s.status)
			}
			same(t, s.trace, want)
			train := short("grpo", 1)
			train.Model = ""
			s.refused(session.Begin{Settings: train}, "to run forward")
			s.must(session.UseModel{Name: "chain-small"})
			s.must(session.NewProblem{Seed: 1})
			s.refused(session.OpenModel{Storage: "f32", Context: o.Context}, "choose it again")
		})
	}
}

// The chosen context holds for a model that is read whole too: this one claims 131,072 tokens, whose caches alone would be gigabytes.
func TestOfferedContext(t *testing.T) {
	data, err := fs.ReadFile(testdata.FS, "models/llama3-q8_0.gguf")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, parrots(t), session.Open{Backend: gpu.Host}, session.NewProblem{Seed: 1})
	s.must(s.look("long", hf.Memory{"long.gguf": data}))
	if last := s.offer.Contexts[len(s.offer.Contexts)-1]; last.Tokens < 30_000 || !last.Needs[0].Trains {
		t.Fatalf("%+v", last)
	}
	s.must(session.OpenModel{Storage: "f32", Context: 1024})
	if s.able.Model.Context != 1024 || s.able.Model.Frozen {
		t.Errorf("%+v", s.able.Model)
	}
}

// A prompt of free text stays for a model with the same tokens. One with others gets a problem of its own: the old tokens mean nothing to it.
func TestOfferedTokens(t *testing.T) {
	data, err := fs.ReadFile(testdata.FS, "models/llama3-q8_0.gguf")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, parrots(t), session.Open{Backend: gpu.Host}, session.NewProblem{Seed: 1})
	open := func(name string, files fs.FS, storage string) {
		t.Helper()
		s.must(s.look(name, files))
		s.must(session.OpenModel{Storage: storage, Context: s.offer.Context})
		source, err := hf.OpenFiles(files)
		if err != nil {
			t.Fatal(err)
		}
		defer source.Close()
		if ids, err := source.Tokenizer.Encode(s.trace.Prompt); err != nil || !slices.Equal(ids, s.trace.Tokens[:s.trace.PromptLength]) {
			t.Fatalf("%s reads %q as the tokens %v, %v; its own are %v", name, s.trace.Prompt, s.trace.Tokens, err, ids)
		}
		s.must(all)
	}
	rambler := hf.Memory(filesOf(t, rltest.Rambler()))
	open("rambler", rambler, "bf16")
	s.must(session.NewProblem{Text: "a = ?", Wording: &session.Wording{Task: freetext.FreeText.Name}})
	open("rambler", rambler, "f32")
	if s.trace.Prompt != "a = ?\n" {
		t.Errorf("with the same tokens the prompt is %q", s.trace.Prompt)
	}
	open("long", hf.Memory{"long.gguf": data}, "f32")
	open("rambler", rambler, "f16")
	open("long", hf.Memory{"long.gguf": data}, "q8")
}

// counted are files that count what is open and can be told to fail or to wait.
type counted struct {
	hf.Memory
	open  *atomic.Int64
	large func() error // called by each read of more than a header
}

func (c counted) Open(name string) (fs.File, error) {
	f, err := c.Memory.Open(name)
	if err == nil {
		c.open.Add(1)
		return countedFile{f, f.(interface {
			ReadAt([]byte, int64) (int, error)
		}), c}, nil
	}
	return f, err
}

type countedFile struct {
	fs.File
	at interface {
		ReadAt([]byte, int64) (int, error)
	}
	of counted
}

func (f countedFile) Close() error { f.of.open.Add(-1); return f.File.Close() }
func (f countedFile) ReadAt(p []byte, off int64) (int, error) {
	if off > 0 && len(p) >= 1024 && f.of.large != nil {
		if err := f.of.large(); err != nil {
			return 0, err
		}
	}
	return f.at.ReadAt(p, off)
}

// A load that is cancelled, whose files go away, or whose device is lost leaves the old model, or ends well; no file stays open.
func TestLoadEndsInItsMiddle(t *testing.T) {
	var s *screen
	var open atomic.Int64
	reads, during := 0, func() error { return nil }
	files := counted{Memory: filesOf(t, rltest.Rambler()), open: &open, large: func() error {
		if reads++; reads == 3 {
			return during()
		}
		return nil
	}}
	s = start(t, parrots(t), openHost, session.NewProblem{Seed: 1}, all)
	want := s.trace
	opening := func() session.OpenModel {
		t.Helper()
		s.must(s.look("rambler", files))
		reads = 0
		return session.OpenModel{Storage: "f16", Context: s.offer.Context}
	}

	c := opening()
	during = func() error { return errors.New("the file was moved") }
	s.refused(c, "the file was moved")
	if s.able.Model.Name != "chain-small" || s.offer.Name != "rambler" {
		t.Errorf("after a failure: model %+v, offer %q", s.able.Model, s.offer.Name)
	}

	c = opening()
	waiting, cancelled := make(chan bool), make(chan bool)
	during = func() error {
		waiting <- true
		<-cancelled
		return nil
	}
	s.send(c)
	<-waiting
	s.send(session.Cancel{Command: "OpenModel"})
	s.send(session.Check{Text: "x"}) // answered after the cancel
	s.until(func(m any) bool { _, is := m.(session.Checked); return is })
	close(cancelled)
	s.rests()
	if s.able.Model.Name != "chain-small" || s.offer.Name != "rambler" || s.status.Text != "Stopped." {
		t.Errorf("after a cancel: model %+v, offer %q, status %+v", s.able.Model, s.offer.Name, s.status)
	}
	s.must(session.Generate{Unit: "all", Restart: true, Sampling: sampling})
	same(t, s.trace, want)

	c = opening()
	during = func() error { return &gpu.LostError{} }
	s.must(c) // lost once, opened again, and loaded
	if s.able.Model.Name != "rambler" || s.offer.Name != "" {
		t.Errorf("after a loss: model %+v, offer %q", s.able.Model, s.offer.Name)
	}
	s.must(session.UseModel{Name: "chain-small"})
	if n := open.Load(); n != 0 {
		t.Errorf("%d files stay open", n)
	}
}

// What is no model is refused in a sentence before anything is loaded.
func TestRefusedOffers(t *testing.T) {
	s := start(t, parrots(t), openHost, session.NewProblem{Seed: 1})
	gguf := []byte("GGUF\x03\x00\x00\x00")
	for want, files := range map[string]hf.Memory{
		"config.json is missing":        {},
		"a.gguf: ":                      {"a.gguf": gguf},
		"there are 2 GGUF files":        {"a.gguf": gguf, "b.GGUF": gguf},
		"gemma":                         {"config.json": []byte(`{"model_type": "gemma"}`)},
		"an adapter and no model":       {"adapter_config.json": []byte("{}")},
		"pytorch_model.bin is not read": {"config.json": filesOf(t, rltest.Rambler())["config.json"], "pytorch_model.bin": {1}},
	} {
		s.refused(s.look("x", files), want)
		if s.offer.Name != "" {
			t.Errorf("%s, but it is offered", want)
		}
	}
	s.refused(session.LookAt{From: session.ModelPlace{Kind: "nowhere"}}, "cannot be opened here")
	s.refused(session.OpenModel{}, "choose it again")
}
