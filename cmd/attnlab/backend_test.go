package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/race"
)

// emptyCache gives the test a cache of its own, and returns the file for races.
func emptyCache(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} { // Linux, macOS, Windows
		t.Setenv(name, dir)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "attnlab", "race.json")
}

func parrotConfig(t *testing.T) model.Config {
	t.Helper()
	c, err := hf.Load(parrot)
	if err != nil {
		t.Fatal(err)
	}
	return c.Config
}

// auto races once for a model, says why it took a backend, and remembers the result. A damaged file costs a warning.
func TestOpenDeviceRaces(t *testing.T) {
	adapter := gputest.Adapter(t)
	file, config := emptyCache(t), parrotConfig(t)
	open := func(backend string) (info gpu.Info, stderr string) {
		t.Helper()
		var errs bytes.Buffer
		c := &console{options: defaults, stderr: &errs}
		c.backend = backend
		d, err := c.openDevice(config)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		return d.Info, errs.String()
	}
	read := func() (r race.Result) {
		t.Helper()
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		results := map[string]race.Result{}
		if err := json.Unmarshal(data, &results); err != nil {
			t.Fatal(err)
		}
		r, ok := results[race.Key(adapter.Info, config)]
		if !ok {
			t.Fatalf("race.json has %v", results)
		}
		return r
	}
	for _, backend := range []string{gpu.Host, gpu.WebGPU} {
		if info, stderr := open(backend); (info.Backend == gpu.Host) != (backend == gpu.Host) || stderr != "" {
			t.Errorf("%s was asked for: %s, %q", backend, info, stderr)
		}
	}
	if _, err := os.Stat(file); err == nil {
		t.Fatal("a backend that was asked for raced")
	}
	info, stderr := open(gpu.Auto)
	first := read()
	if want, _ := first.Choice(); (info.Backend == gpu.Host) != (want == gpu.Host) || !strings.Contains(stderr, "times as fast for this model") {
		t.Errorf("opened %s (%q), the race chose %s", info, stderr, want)
	}
	if _, again := open(gpu.Auto); again != stderr || read() != first {
		t.Errorf("another race: %q after %q", again, stderr)
	}
	if err := os.WriteFile(file, []byte(`{"damaged`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, stderr = open(gpu.Auto); !strings.Contains(stderr, "warning: remembered speeds cannot be read") {
		t.Errorf("a damaged file: %q", stderr)
	}
	read()
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); err != nil || len(left) != 1 {
		t.Errorf("files left: %q, %v", left, err)
	}
}

// Every command that opens a device for a model takes the backend that a race has found faster.
func TestCommandsTakeTheFasterBackend(t *testing.T) {
	adapter := gputest.Adapter(t)
	file, config := emptyCache(t), parrotConfig(t)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, host := range []float64{1e5, 1} {
		rates := race.Result{Adapter: adapter.Info.Name, Host: race.Rate{Sampling: host, Training: host}, WebGPU: race.Rate{Sampling: 100, Training: 100}}
		data, err := json.Marshal(map[string]race.Result{race.Key(adapter.Info, config): rates})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{true: "The processor is", false: "The adapter "}[host > 100]
		for _, args := range [][]string{
			{"eval", "--problems", "2"}, {"trace"}, {"heads", "--problems", "8"}, {"disrupt", "--problems", "8"}, {"importance", "--problems", "2", "--samples", "2"}, {"passk", "--problems", "2", "--samples", "2"},
			{"tree", "--initial", "2"}, {"logits", "--tokens", "1,2"},
			{"train", "--method", "grpo", "--steps", "1", "--problems", "1", "--group", "2", "--probe", "1", "--eval", "0", "--out", t.TempDir()},
			{"pretrain", "--from", parrot, "--steps", "1", "--tokens", "256", "--out", filepath.Join(t.TempDir(), "new")},
			{"reflect", "--steps", "1", "--tokens", "256", "--problems", "4", "--out", filepath.Join(t.TempDir(), "new")},
		} {
			if host < 100 && args[0] != "eval" { // kernels take long to compile in software
				continue
			}
			if args[0] != "pretrain" {
				args = append(args, "--model", parrot)
			}
			_, _, stderr := call("", args...) // what the parrot says may not do for the command
			if !strings.Contains(stderr, want) {
				t.Errorf("attnlab %s: no %q in %q", strings.Join(args, " "), want, stderr)
			}
		}
	}
}

// doctor measures again, chooses by that, and remembers it.
func TestDoctorRace(t *testing.T) {
	d, _, err := gpu.Open(gpu.WebGPU)
	if gputest.Adapter(t); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	file := emptyCache(t)
	c := &console{options: defaults, stderr: &bytes.Buffer{}}
	document, backend, why, err := c.measureRace(d)
	if err != nil {
		t.Fatal(err)
	}
	s, r := document.Sampling, document.Training
	result := race.Result{Host: race.Rate{Sampling: float64(s.Host), Training: float64(r.Host)}, WebGPU: race.Rate{Sampling: float64(s.WebGPU), Training: float64(r.WebGPU)}}
	if want, _ := result.Choice(); backend != want || !strings.Contains(why, "times as fast") {
		t.Errorf("it chose %s (%s) by %+v", backend, why, document)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	if lines := strings.Join(document.lines(), "\n"); strings.Count(lines, "tokens a second") != 4 {
		t.Errorf("the table is %q", lines)
	}
}

// doctor measures the tiles of an adapter's products, and those of few rows, remembers them and prints them.
func TestDoctorProducts(t *testing.T) {
	d := gputest.Adapter(t)
	file := filepath.Join(filepath.Dir(emptyCache(t)), "products.json")
	c := &console{options: defaults, stderr: &bytes.Buffer{}}
	products, rows, err := c.measureProducts(d)
	if err != nil || len(products) < 2 || rows.Chosen() == "" {
		t.Fatalf("%v, %v, %v", products, rows, err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	var text bytes.Buffer
	doctorDocument{Products: products, FewRows: rows}.text(&text)
	if out := text.String(); strings.Count(out, " GFLOP/s") != len(products)+len(rows) || strings.Count(out, " GFLOP/s, chosen") != 2 || !strings.Contains(out, "few rows\t4x4") {
		t.Errorf("the table is %q", out)
	}
}

// A run stays on the backend that it began on, whatever auto would take now, and warns where --backend asks for another one.
func TestResumeStaysOnTheBackend(t *testing.T) {
	gputest.Adapter(t)
	emptyCache(t)
	for _, begin := range [][]string{
		{"train", "--method", "grpo", "--problems", "1", "--group", "2", "--probe", "1", "--eval", "0", "--held-out", "0", "--model", parrot},
		{"pretrain", "--preset", "tiny", "--tokens", "512"},
	} {
		for _, backend := range []string{gpu.Host, gpu.WebGPU} {
			dir := filepath.Join(t.TempDir(), "run")
			step := func(args ...string) string {
				t.Helper()
				code, _, stderr := call("", args...)
				if code != 0 {
					t.Fatalf("attnlab %s: %s", strings.Join(args, " "), stderr)
				}
				return stderr
			}
			step(append(begin, "--steps", "1", "--out", dir, "--backend", backend)...)
			if says := step(begin[0], "--resume", "--steps", "2", "--out", dir); strings.Contains(says, "continues on") {
				t.Errorf("%s on %s: %s", begin[0], backend, says)
			}
			other := map[string]string{gpu.Host: gpu.WebGPU, gpu.WebGPU: gpu.Host}[backend]
			if says := step(begin[0], "--resume", "--steps", "3", "--out", dir, "--backend", other); !strings.Contains(says, "continues on") {
				t.Errorf("%s on %s, resumed on %s without a warning: %s", begin[0], backend, other, says)
			}
		}
	}
}

// doctor races the paths of decoding and prints each.
func TestDoctorDecoding(t *testing.T) {
	d := gputest.Adapter(t)
	c := &console{options: defaults, stderr: &bytes.Buffer{}}
	document, err := c.measureDecoding(d)
	if err != nil || len(document.Tries) != len(model.Paths) || document.Why == "" {
		t.Fatalf("%+v, %v", document, err)
	}
	var text bytes.Buffer
	document.text(&text)
	for _, p := range document.Tries {
		if p.Problem != "" && d.Info.Software && !strings.Contains(p.Problem, "to compile") { // a busy machine
			t.Errorf("path %s: %s", p.Path, p.Problem)
		}
		if p.Problem == "" && (!(p.Ms > 0) || !strings.Contains(text.String(), "path "+p.Path+"\t")) {
			t.Errorf("path %s takes %v ms a token; doctor prints %q", p.Path, p.Ms, text.String())
		}
	}
	if !strings.HasPrefix(text.String(), "decoding\t"+document.Path+": ") {
		t.Errorf("doctor prints %q", text.String())
	}
}
