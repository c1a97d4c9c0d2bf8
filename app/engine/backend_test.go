package engine

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model/hf"
	"attnlab/model/race"
	"attnlab/rl/runs"
)

// memory is a [Memory] that counts.
type memory struct {
	files map[string][]byte
	saves int // of races
}

func (m *memory) Load(context.Context, string, ...string) (map[string][]byte, error) {
	return maps.Clone(m.files), nil
}

func (m *memory) Save(_ context.Context, _ string, files map[string][]byte) error {
	if m.files == nil {
		m.files = map[string][]byte{}
	}
	maps.Copy(m.files, files)
	if files[raceFile] != nil {
		m.saves++
	}
	return nil
}

// remember adds the result of a race between this machine's adapter and its host.
func (m *memory) remember(t *testing.T, c *hf.Checkpoint, host, webgpu float64) {
	t.Helper()
	results := map[string]race.Result{}
	if m.files != nil {
		if err := json.Unmarshal(m.files[raceFile], &results); err != nil {
			t.Fatal(err)
		}
	}
	info := gputest.Adapter(t).Info
	results[race.Key(info, c.Config)] = race.Result{Adapter: info.Name, Host: race.Rate{Sampling: host, Training: host}, WebGPU: race.Rate{Sampling: webgpu, Training: webgpu}}
	data, err := json.Marshal(results)
	if err != nil {
		t.Fatal(err)
	}
	m.files = map[string][]byte{raceFile: data}
}

// sizes are two bases of different shape.
func sizes(t *testing.T) (small, tiny *hf.Checkpoint, bases map[string]map[string][]byte) {
	small, tiny = random(t, chain(t)), random(t, chain(t))
	small.Config.Layers++
	small.Weights = small.Config.Init(1)
	return small, tiny, map[string]map[string][]byte{"chain-small": filesOf(t, small), "chain-tiny": filesOf(t, tiny)}
}

// raceAtOnce makes a race that is due begin as soon as the engine is idle.
func raceAtOnce(t *testing.T) {
	usual := raceAfter
	raceAfter = 0
	t.Cleanup(func() { raceAfter = usual })
}

// Auto opens a backend at once, races when it is idle, moves to the faster one, reports both rates, and does not race again at the
// next visit.
func TestAutoRacesOnce(t *testing.T) {
	adapter := gputest.Adapter(t).Info
	raceAtOnce(t)
	_, _, bases := sizes(t)
	m := &memory{}
	var first session.Capabilities
	for visit := range 2 {
		s := startWith(t, Library{Memory: m}, bases, session.Open{Backend: gpu.Auto})
		if visit == 0 {
			if s.able.Race != nil || (s.able.Backend == gpu.Host) != adapter.Software || !strings.Contains(s.able.Why, "measured when the engine is idle") {
				t.Errorf("before the race: %s, %s, race %+v", s.able.Backend, s.able.Why, s.able.Race)
			}
			s.until(func(any) bool { return s.able.Race != nil })
		}
		if len(s.failures) > 0 || s.able.Race == nil {
			t.Fatalf("%v, capabilities %+v", s.failures, s.able)
		}
		r := race.Result{Adapter: s.able.Race.Adapter, Host: race.Rate(s.able.Race.Host), WebGPU: race.Rate(s.able.Race.WebGPU)}
		want, why := r.Choice()
		if got := s.able.Backend; (got == gpu.Host) != (want == gpu.Host) || !strings.EqualFold(s.able.Why, why+".") {
			t.Errorf("the backend is %s (%s), the race chose %s (%s)", got, s.able.Why, want, why)
		}
		if s.status.Text != "" {
			t.Errorf("a race is no reason for a banner: %q", s.status.Text)
		}
		s.leave()
		if visit == 0 {
			first = s.able
			continue
		}
		if *s.able.Race != *first.Race || s.able.Backend != first.Backend || m.saves > 2 { // of each shape at most
			t.Errorf("another race: %+v after %+v, %d saved", s.able.Race, first.Race, m.saves)
		}
	}
}

// A race that nobody waited for takes the first response, the model and the trace along.
func TestRaceMovesTheTrace(t *testing.T) {
	gputest.Adapter(t)
	raceAtOnce(t)
	s := startWith(t, Library{}, parrots(t), session.Open{Backend: gpu.Auto}, session.NewProblem{Seed: 9}, all)
	s.until(func(any) bool { return s.able.Race != nil })
	tokens := slices.Clone(s.trace.Tokens)
	s.must(session.Restore{Selection: session.NoSelection})
	if len(tokens) == 0 || !slices.Equal(s.trace.Tokens, tokens) {
		t.Errorf("the trace was %v and is %v", tokens, s.trace.Tokens)
	}
}

// A visitor can have both backends measured again. A chosen backend and that of an active run stay, with a reason.
func TestRaceAgain(t *testing.T) {
	gputest.Adapter(t)
	small, tiny, bases := sizes(t)
	m := &memory{}
	m.remember(t, small, 9e9, 1e-3)
	m.remember(t, tiny, 9e9, 1e-3)
	s := startWith(t, Library{Memory: m}, bases, session.Open{Backend: gpu.Auto}, session.NewProblem{Seed: 9})
	before := *s.able.Race
	s.must(session.RaceAgain{})
	if s.able.Race == nil || *s.able.Race == before || m.saves != 1 {
		t.Errorf("race %+v after %+v, %d saved", s.able.Race, before, m.saves)
	}
	for _, asked := range []string{gpu.Host, gpu.WebGPU} {
		s.must(session.Open{Backend: asked})
		s.must(session.RaceAgain{})
		r := race.Result{Host: race.Rate(s.able.Race.Host), WebGPU: race.Rate(s.able.Race.WebGPU)}
		if (s.able.Backend == gpu.Host) != (asked == gpu.Host) {
			t.Errorf("%s was asked for, the engine uses %s", asked, s.able.Backend)
		}
		if faster, _ := r.Choice(); (faster != asked) != strings.Contains(s.able.Why, "was asked for, although") {
			t.Errorf("%s is faster, %s was asked for: %s", faster, asked, s.able.Why)
		}
	}
}

// The winner follows the rates, and the base is the first of the list on either: a slow host shows no smaller model.
func TestTheFasterBackendHasTheFirstBase(t *testing.T) {
	gputest.Adapter(t)
	small, tiny, bases := sizes(t)
	for _, c := range []struct {
		name         string
		host, webgpu float64 // the tokens of both rates are half of it
		onHost       bool
	}{
		{"fast host", 5000, 4000, true},
		{"fast adapter", 4000, 5000, false},
		{"slow adapter", 10, 99, false},
		{"slow host", 99, 10, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &memory{}
			m.remember(t, small, c.host, c.webgpu)
			m.remember(t, tiny, c.host, c.webgpu)
			s := startWith(t, Library{Memory: m}, bases, session.Open{Backend: gpu.Auto})
			if len(s.failures) > 0 || (s.able.Backend == gpu.Host) != c.onHost || s.able.Model.Name != "chain-small" || m.saves > 0 {
				t.Errorf("%v; %s with %s: %s", s.failures, s.able.Backend, s.able.Model.Name, s.able.Why)
			}
		})
	}
}

// A model of another shape races again; one of the same shape, a chosen backend and an active run do not.
func TestAnotherShapeRacesAgain(t *testing.T) {
	gputest.Adapter(t)
	small, tiny, bases := sizes(t)
	m := &memory{}
	m.remember(t, small, 9000, 5000)
	m.remember(t, tiny, 5000, 9000)
	s := startWith(t, Library{Memory: m}, bases, session.Open{Backend: gpu.Auto}, session.NewProblem{Seed: 9})
	on := func(name string, host bool) {
		t.Helper()
		if (s.able.Backend == gpu.Host) != host || s.able.Model.Name != name {
			t.Errorf("%s on %s: %s", s.able.Model.Name, s.able.Backend, s.able.Why)
		}
		if s.able.Race != nil && s.able.Race.Host.Sampling > s.able.Race.WebGPU.Sampling != host {
			t.Errorf("%s on %s by another model's race %+v", s.able.Model.Name, s.able.Backend, s.able.Race)
		}
		s.must(all)
	}
	on("chain-small", true)
	s.must(session.UseModel{Name: "chain-tiny"})
	on("chain-tiny", false)
	s.folder("mine", bases["chain-tiny"])
	on("mine", false)
	s.must(session.UseModel{Name: "chain-small"})
	on("chain-small", true)

	s.must(session.Open{Backend: gpu.Host})
	s.must(session.UseModel{Name: "chain-tiny"})
	if s.able.Backend != gpu.Host || s.able.Race != nil {
		t.Errorf("the host was asked for: %+v", s.able)
	}
	s.must(session.Open{Backend: gpu.WebGPU})
	s.must(session.UseModel{Name: "chain-small"})
	if s.able.Backend == gpu.Host || s.able.Race != nil {
		t.Errorf("WebGPU was asked for: %+v", s.able)
	}

	s.must(session.Open{Backend: gpu.Auto})
	on("chain-small", true)
	s.must(session.Begin{Settings: session.RunSettings{Method: runs.Pretrain, Model: "tiny", Steps: 2}})
	s.must(session.UseModel{Name: "chain-tiny"})
	if s.able.Backend != gpu.Host {
		t.Error("a run was moved because another model was opened")
	}
	if m.saves > 0 {
		t.Errorf("%d races, all results were known", m.saves)
	}
}

// A loss of the host that a race chose opens the host again.
func TestRaceSurvivesALoss(t *testing.T) {
	gputest.Adapter(t)
	small, _, bases := sizes(t)
	for _, host := range []float64{5000, 100000} {
		m := &memory{}
		m.remember(t, small, host, 9000)
		s := startWith(t, Library{Memory: m}, bases, session.Open{Backend: gpu.Auto}, session.NewProblem{Seed: 9})
		before := s.able
		s.must(session.LoseDevice{})
		if s.able.Backend != before.Backend || s.able.Why != before.Why || s.able.Race == nil || *s.able.Race != *before.Race {
			t.Errorf("%+v after %+v", s.able, before)
		}
	}
}
