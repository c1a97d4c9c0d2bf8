package race_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/race"
	"attnlab/model/speed"
)

func TestMain(m *testing.M) { gputest.Main(m) }

func preset(t testing.TB, name string) model.Config {
	t.Helper()
	c, err := model.Preset(name, 58)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestChoice takes the backend with the shorter time for a token that is sampled and trained on.
func TestChoice(t *testing.T) {
	slow, fast := race.Rate{Sampling: 100, Training: 100}, race.Rate{Sampling: 90, Training: 1000}
	for _, c := range []struct {
		host, webgpu race.Rate
		want, ratio  string
	}{{slow, fast, gpu.WebGPU, "1.7 times"}, {fast, slow, gpu.Host, "1.7 times"}, {slow, slow, gpu.WebGPU, "1.0 times"}} {
		got, why := race.Result{Adapter: "A", Host: c.host, WebGPU: c.webgpu}.Choice()
		if got != c.want || !strings.Contains(why, c.ratio) {
			t.Errorf("host %v, webgpu %v: got %s (%s), want %s by %s", c.host, c.webgpu, got, why, c.want, c.ratio)
		}
	}
}

// memory is a [race.Memory] that counts.
type memory struct {
	results map[string]race.Result
	saves   int
}

func (m *memory) Load(key string) (race.Result, bool) { r, ok := m.results[key]; return r, ok }
func (m *memory) Save(key string, r race.Result)      { m.results[key] = r; m.saves++ }

// TestRace measures the host against an adapter: rates are positive, a small model is faster than a large one, and a race is
// remembered by adapter and shape.
func TestRace(t *testing.T) {
	gputest.Adapter(t)
	m := &memory{results: map[string]race.Result{}}
	var tiny race.Result
	for i, name := range []string{"tiny", "base", "tiny"} {
		d, r, why, err := race.Open(gpu.Auto, preset(t, name), m)
		if err != nil || r == nil {
			t.Fatalf("%s: %v, %v", name, r, err)
		}
		want, _ := r.Choice()
		if got := d.Info.Backend; (got == gpu.Host) != (want == gpu.Host) || !strings.Contains(why, "times as fast") {
			t.Errorf("%s opened %s (%s), the race chose %s", name, got, why, want)
		}
		d.Close()
		for _, x := range []race.Rate{r.Host, r.WebGPU} {
			if !(x.Sampling > 0 && x.Training > 0) {
				t.Errorf("%s: rates %v", name, x)
			}
		}
		switch i {
		case 0:
			tiny = *r
		case 1:
			if r.Host.Training >= tiny.Host.Training {
				t.Errorf("base trains at %g tokens a second, tiny at %g", r.Host.Training, tiny.Host.Training)
			}
		case 2:
			if m.saves != 2 || *r != tiny {
				t.Errorf("%d races for two models, tiny %v after %v", m.saves, *r, tiny)
			}
		}
	}
}

// TestAskedFor opens the requested backend without a race.
func TestAskedFor(t *testing.T) {
	d, r, _, err := race.Open(gpu.Host, preset(t, "tiny"), nil)
	if err != nil || r != nil || d.Info.Backend != gpu.Host {
		t.Errorf("got %v, race %v, %v", d, r, err)
	}
	if _, _, _, err := race.Open("cuda", preset(t, "tiny"), nil); err == nil {
		t.Error("an unknown backend was opened")
	}
}

// TestOpenNow opens without a race: by an earlier result, or by the kind of the adapter.
func TestOpenNow(t *testing.T) {
	info := gputest.Adapter(t).Info
	c := preset(t, "tiny")
	slow, fast := race.Rate{Sampling: 1, Training: 1}, race.Rate{Sampling: 2, Training: 2}
	for _, test := range []struct {
		known        bool
		host, webgpu race.Rate
		onHost, due  bool
	}{{known: false, onHost: info.Software, due: true}, {true, fast, slow, true, false}, {true, slow, fast, false, false}} {
		m := &memory{results: map[string]race.Result{}}
		if test.known {
			m.results[race.Key(info, c)] = race.Result{Adapter: "A", Host: test.host, WebGPU: test.webgpu}
		}
		now, err := race.OpenNow(gpu.Auto, c, m)
		if err != nil {
			t.Fatal(err)
		}
		if (now.Device.Info.Backend == gpu.Host) != test.onHost || now.Due != test.due || (now.Result != nil) != test.known || m.saves > 0 || now.Why == "" {
			t.Errorf("%+v: %+v on %s", test, now, now.Device.Info)
		}
		now.Device.Close()
	}
	for _, backend := range []string{gpu.Host, gpu.WebGPU} {
		now, err := race.OpenNow(backend, c, nil)
		if err != nil || now.Due || now.Result != nil || (now.Device.Info.Backend == gpu.Host) != (backend == gpu.Host) {
			t.Errorf("%s: %+v, %v", backend, now, err)
		}
		now.Device.Close()
	}
}

// BenchmarkRace races each preset five times and prints the rates, tokens a second, and the time of a race: median (least–most).
//
//	go test ./model/race -run '^$' -bench Race -benchtime 1x
func BenchmarkRace(b *testing.B) {
	d := gputest.Adapter(b)
	names := []string{"tiny", "small", "base"}
	columns := map[string]*[5][]float64{}
	for _, name := range names {
		columns[name] = &[5][]float64{}
	}
	for b.Loop() {
		for range 5 {
			for _, name := range names {
				begun := time.Now()
				r, err := race.Run(gpu.OpenHost(), d, preset(b, name))
				if err != nil {
					b.Fatal(err)
				}
				for i, x := range []float64{r.Host.Sampling, r.WebGPU.Sampling, r.Host.Training, r.WebGPU.Training, time.Since(begun).Seconds()} {
					columns[name][i] = append(columns[name][i], x)
				}
			}
		}
	}
	fmt.Printf("\n%s against %s\n| preset | sampling host | webgpu | training host | webgpu | seconds |\n", gpu.OpenHost().Info, d.Info)
	for _, name := range names {
		line := "| " + name
		for _, x := range columns[name] {
			slices.Sort(x)
			line += fmt.Sprintf(" | %s (%s–%s)", speed.Count(x[len(x)/2]), speed.Count(x[0]), speed.Count(x[len(x)-1]))
		}
		fmt.Println(line + " |")
	}
}

// TestAgain measures although there is a result, and replaces it.
func TestAgain(t *testing.T) {
	info := gputest.Adapter(t).Info
	c := preset(t, "tiny")
	old := race.Result{Host: race.Rate{Sampling: 1, Training: 1}, WebGPU: race.Rate{Sampling: 1, Training: 1}}
	m := &memory{results: map[string]race.Result{race.Key(info, c): old}}
	r, err := race.Again(c, m)
	if err != nil || r == old || m.saves != 1 || m.results[race.Key(info, c)] != r {
		t.Errorf("got %+v, %v, %d saved", r, err, m.saves)
	}
}
