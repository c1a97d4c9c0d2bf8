package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/hf/tokenizer"
	"attnlab/rl/rltest"
	"attnlab/rl/task"
)

func TestMain(m *testing.M) { gputest.Main(m) }

// needs skips a test of WebGPU without an adapter, or fails it where ATTNLAB_GPU=require.
func needs(t *testing.T, backend string) {
	t.Helper()
	if backend == gpu.WebGPU {
		gputest.Adapter(t)
	}
}

func chain(t testing.TB) task.Task {
	t.Helper()
	task, err := task.New("chain", "", "")
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func filesOf(t testing.TB, c *hf.Checkpoint) map[string][]byte {
	t.Helper()
	files, err := c.Files()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// random is a model with random weights: its tokens depend on its attention.
func random(t testing.TB, task task.Task) *hf.Checkpoint {
	t.Helper()
	c, err := model.Preset("tiny", len(task.Vocabulary()))
	if err != nil {
		t.Fatal(err)
	}
	weights := c.Init(1)
	for i := range weights {
		weights[i] *= 3
	}
	words, err := tokenizer.NewWords(task.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	return &hf.Checkpoint{Config: c, Weights: weights, Tokenizer: words}
}

// screen has a port and the newest event of each kind, as a page does.
type screen struct {
	leave func() // closes the page
	testing.TB
	port      *session.Port
	status    session.Status
	failures  []session.Failure
	checked   session.Checked
	able      session.Capabilities
	trace     session.Trace
	head      session.HeadAttention
	heads     session.HeadsView
	cut       session.Disruption
	losses    session.StepLosses
	again     session.Importances
	many      session.Samples
	answers   session.AnswerLosses
	inside    session.InsideView
	ablated   session.Ablations
	patched   session.Patched
	selected  session.Selection
	run       session.Run
	second    session.Beside
	pairs     session.PairedRollouts
	runs      session.Runs
	credit    session.Credit
	loss      session.TokenLosses
	tree      session.Tree
	rules     session.Rules
	files     session.RunFiles
	contrasts session.Contrasts
	speeds    session.Speeds
	offer     session.Offer
	models    session.Models
	folders   *folders
	followed  session.Followed

	traces []time.Time // when each came
	stages []string
	parts  []string
	texts  []string // of statuses
}

// start runs an engine with the shipped bases, and a screen that has sent the commands of first.
func start(t testing.TB, bases map[string]map[string][]byte, first ...session.Command) *screen {
	t.Helper()
	return startWith(t, Library{}, bases, first...)
}

// startWith is start with other parts of the library.
func startWith(t testing.TB, library Library, bases map[string]map[string][]byte, first ...session.Command) *screen {
	t.Helper()
	hub := &session.Hub{}
	ctx, cancel := context.WithCancel(t.Context())
	port, done := hub.Join(), make(chan struct{})
	s := &screen{TB: t, port: hub.Join(), folders: &folders{}}
	library.Picked = s.folders.picked
	go func() {
		defer close(done)
		library.List = func(context.Context) ([]string, error) {
			return slices.DeleteFunc(slices.Sorted(maps.Keys(bases)), func(name string) bool { return strings.Contains(name, "/") }), nil
		}
		library.Fetch = func(_ context.Context, name string, progress func(done, total int)) (map[string][]byte, error) {
			progress(5, 10)
			if bases[name] == nil {
				return nil, fmt.Errorf("web: %s: %w", name, fs.ErrNotExist)
			}
			return bases[name], nil
		}
		Run(ctx, port, library)
	}()
	s.leave = func() {
		cancel()
		<-done
	}
	t.Cleanup(s.leave)
	for _, c := range first {
		s.do(c)
	}
	return s
}

// folders are files that were handed to an engine.
type folders struct {
	mu    sync.Mutex
	files map[string]fs.FS
}

func (f *folders) add(id string, files fs.FS) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.files == nil {
		f.files = map[string]fs.FS{}
	}
	f.files[id] = files
}

func (f *folders) picked(_ context.Context, id string) (fs.FS, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.files[id], nil
}

// look asks for the offer of the model in some files.
func (s *screen) look(name string, files fs.FS) session.LookAt {
	s.folders.add(name, files)
	return session.LookAt{From: session.ModelPlace{Kind: session.FromFiles, ID: name, Name: name}}
}

// proposed opens the model of the offer as it is proposed.
func (s *screen) proposed() session.OpenModel {
	s.Helper()
	for _, c := range s.offer.Contexts {
		if c.Tokens == s.offer.Context && c.Choice >= 0 {
			return session.OpenModel{Context: c.Tokens, Storage: c.Needs[c.Choice].Storage}
		}
	}
	s.Fatalf("nothing is proposed: %+v", s.offer)
	return session.OpenModel{}
}

// folder opens the model in some files as it is proposed.
func (s *screen) folder(name string, files map[string][]byte) {
	s.Helper()
	s.must(s.look(name, hf.Memory(files)))
	s.must(s.proposed())
}

// parrots are bases of known behaviour.
func parrots(t testing.TB) map[string]map[string][]byte {
	parrot.Do(func() { parrotFiles = filesOf(t, rltest.Parrot(chain(t))) })
	return map[string]map[string][]byte{"chain-small": parrotFiles, "chain-tiny": parrotFiles}
}

var (
	parrot      sync.Once
	parrotFiles map[string][]byte
)

// send sends a command as a browser does.
func (s *screen) send(c session.Command) {
	s.Helper()
	text, err := session.Encode(c)
	if err != nil {
		s.Fatal(err)
	}
	back, err := session.Decode(text)
	if err != nil {
		s.Fatal(err)
	}
	s.port.Send(back)
}

// hasRuns waits until all runs are read.
func (s *screen) hasRuns() {
	s.Helper()
	if s.runs.Number == 0 {
		s.until(func(m any) bool { _, ok := m.(session.Runs); return ok })
	}
}

// do sends a command and waits until the engine rests.
func (s *screen) do(c session.Command) {
	s.Helper()
	s.send(c)
	s.rests()
}

// rests waits for the status at the end of a command. A test that waits for another event of a command calls it before the next
// one, or else takes this status for the next one's.
func (s *screen) rests() {
	s.Helper()
	s.until(func(m any) bool { status, ok := m.(session.Status); return ok && !status.Busy })
}

// must is do, and fails the test if the command fails.
func (s *screen) must(c session.Command) {
	s.Helper()
	n := len(s.failures)
	s.do(c)
	if len(s.failures) > n {
		s.Fatalf("%s: %s", session.Kind(c), s.failures[n].Text)
	}
}

// until receives events until is returns true.
func (s *screen) until(is func(any) bool) {
	s.Helper()
	late := time.After(5 * time.Minute) // machines are shared; a hung engine is found all the same
	for {
		select {
		case message := <-s.port.In:
			text, err := session.Encode(message)
			if err != nil {
				s.Fatal(err)
			}
			back, err := session.Decode(text)
			if err != nil {
				s.Fatal(err)
			}
			s.receive(back)
			if is(back) {
				return
			}
		case <-late:
			s.Fatalf("no more events; the last status is %+v", s.status)
		}
	}
}

func (s *screen) receive(message any) {
	newer := func(old, new uint64) {
		s.Helper()
		if new <= old {
			s.Errorf("a snapshot numbered %d came after %d", new, old)
		}
	}
	switch m := message.(type) {
	case session.Status:
		s.status = m
		s.stages, s.parts = append(s.stages, m.Stage), append(s.parts, m.Part)
		if m.Text != "" {
			s.texts = append(s.texts, m.Text)
		}
	case session.Failure:
		s.failures = append(s.failures, m)
		checkSentence(s, m.Text)
	case session.Checked:
		s.checked = m
	case session.Capabilities:
		s.able = m
	case session.Trace:
		newer(s.trace.Number, m.Number)
		s.trace = m
		s.traces = append(s.traces, time.Now())
	case session.HeadAttention:
		newer(s.head.Number, m.Number)
		s.head = m
		if !s.trace.Take(m) {
			s.Errorf("attention of trace %d came after trace %d", m.Trace, s.trace.Number)
		}
	case session.HeadsView:
		newer(s.heads.Number, m.Number)
		s.heads = m
	case session.Disruption:
		newer(s.cut.Number, m.Number)
		s.cut = m
	case session.InsideView:
		newer(s.inside.Number, m.Number)
		s.inside = m
	case session.Ablations:
		newer(s.ablated.Number, m.Number)
		s.ablated = m
	case session.Patched:
		newer(s.patched.Number, m.Number)
		s.patched = m
	case session.AnswerLosses:
		newer(s.answers.Number, m.Number)
		s.answers = m
	case session.StepLosses:
		newer(s.losses.Number, m.Number)
		s.losses = m
	case session.Samples:
		newer(s.many.Number, m.Number)
		s.many = m
	case session.Importances:
		newer(s.again.Number, m.Number)
		s.again = m
	case session.Selection:
		s.selected = m
	case session.Run:
		newer(s.run.Number, m.Number)
		s.run = m
	case session.Beside:
		newer(s.second.Number, m.Number)
		s.second = m
	case session.PairedRollouts:
		newer(s.pairs.Number, m.Number)
		s.pairs = m
	case session.Runs:
		newer(s.runs.Number, m.Number)
		s.runs = m
	case session.Credit:
		newer(s.credit.Number, m.Number)
		s.credit = m
	case session.TokenLosses:
		newer(s.loss.Number, m.Number)
		s.loss = m
	case session.Followed:
		newer(s.followed.Number, m.Number)
		s.followed = m
	case session.Speeds:
		newer(s.speeds.Number, m.Number)
		s.speeds = m
	case session.Offer:
		newer(s.offer.Number, m.Number)
		s.offer = m
	case session.Models:
		newer(s.models.Number, m.Number)
		s.models = m
	case session.Tree:
		newer(s.tree.Number, m.Number)
		s.tree = m
	case session.Rules:
		newer(s.rules.Number, m.Number)
		s.rules = m
	case session.RunFiles:
		s.files = m
	case session.Contrasts:
		s.contrasts = m
	}
}

// checkSentence fails unless text is a sentence for a visitor.
func checkSentence(t testing.TB, text string) {
	t.Helper()
	if text == "" || !strings.HasSuffix(text, ".") || strings.Contains(text, "\n") || text != session.Message(errors.New(text)) {
		t.Errorf("not a plain sentence: %q", text)
	}
}

// refused fails unless the command fails with these words and changes nothing.
func (s *screen) refused(c session.Command, want string) {
	s.Helper()
	n, trace := len(s.failures), s.trace.Number
	s.do(c)
	if len(s.failures) != n+1 {
		s.Fatalf("%+v brought %d failures, want 1", c, len(s.failures)-n)
	}
	if f := s.failures[n]; f.Command != session.Kind(c) || !strings.Contains(strings.ToLower(f.Text), strings.ToLower(want)) {
		s.Errorf("%s failed with %+v, want %q in it", session.Kind(c), f, want)
	}
	if s.trace.Number != trace {
		s.Errorf("%s failed and sent a trace", session.Kind(c))
	}
}

var (
	openHost = session.Open{Backend: gpu.Host}
	sampling = session.Sampling{Temperature: 1, Seed: 3}
	all      = session.Generate{Unit: "all", Sampling: sampling}
)

func TestOpenLoadsABaseAndTestsKernels(t *testing.T) {
	s := start(t, parrots(t), openHost)
	if len(s.failures) > 0 {
		t.Fatal(s.failures)
	}
	for _, stage := range []string{"opening", "loading", "ready"} {
		if !slices.Contains(s.stages, stage) {
			t.Errorf("no stage %q among %q", stage, s.stages)
		}
	}
	a := s.able
	if a.Backend != gpu.Host || a.Race != nil || a.Model.Name != "chain-small" || a.Model.Task != "chain" || a.Model.Context != 256 || len(a.Bases) != 2 {
		t.Errorf("capabilities %+v", a)
	}
	checkSentence(t, a.Why)
	if a.Untested != session.NotCounted {
		t.Errorf("the visitor waited for the self-test; %d kernels are to come", a.Untested)
	}
	s.until(func(m any) bool { a, ok := m.(session.Capabilities); return ok && a.Untested == 0 })
	kernels := s.able.Kernels
	if len(kernels) < 20 {
		t.Errorf("%d kernels tested", len(kernels))
	}
	for _, k := range kernels {
		if !k.OK {
			t.Errorf("kernel %s: %s", k.Name, k.Error)
		}
	}
}

func TestTheTraceIsTheSameHoweverItIsCut(t *testing.T) {
	bases := map[string]map[string][]byte{"chain-tiny": filesOf(t, random(t, chain(t)))}
	s := start(t, bases, openHost, session.NewProblem{Seed: 9})
	s.must(all)
	want := s.trace
	if len(want.Tokens) < want.PromptLength+20 {
		t.Fatalf("a response of only %d tokens", len(want.Tokens)-want.PromptLength)
	}
	for _, unit := range []string{"step", "token"} {
		restart := true
		for n := 0; n == 0 || !s.trace.Complete; n++ {
			before := len(s.trace.Tokens)
			s.must(session.Generate{Unit: unit, Restart: restart, Sampling: sampling})
			if restart {
				before = s.trace.PromptLength
			}
			restart = false
			added := s.trace.Tokens[before:]
			if unit == "token" && len(added) != 1 {
				t.Fatalf("a token was %v", added)
			}
			if i := slices.Index(added, task.Newline); unit == "step" && i >= 0 && i != len(added)-1 {
				t.Fatalf("a step was %v", added)
			}
			if n == 40 { // enough of single tokens: the rest in one go, between others' work
				s.do(session.FindHeads{Problems: 3})
				s.must(session.Generate{Unit: "all", Sampling: sampling})
			}
		}
		got := s.trace
		got.Number = want.Number
		if !slices.Equal(got.Tokens, want.Tokens) {
			t.Fatalf("by %s:\n%v\nwant\n%v", unit, got.Tokens, want.Tokens)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("by %s the tokens are the same, the rest is not", unit)
		}
	}
	s.must(session.Generate{Unit: "all", Restart: true, Sampling: session.Sampling{Temperature: 1, Seed: 4}})
	if slices.Equal(s.trace.Tokens, want.Tokens) {
		t.Error("another seed gives the same trace")
	}
}
