package workload_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/workload"
)

func TestMain(m *testing.M) { gputest.Main(m) }

// BenchmarkHost measures every job of "attnlab bench" on the host backend.
func BenchmarkHost(b *testing.B) { all(b, gpu.OpenHost()) }

// BenchmarkWebGPU measures every job on the adapter.
func BenchmarkWebGPU(b *testing.B) { all(b, gputest.Adapter(b)) }

func all(b *testing.B, d *gpu.Device) {
	for _, w := range workload.All(false) {
		for _, job := range w.Jobs() {
			if job.Adapter && d.Info.Backend == gpu.Host {
				continue
			}
			b.Run(job.Name, func(b *testing.B) {
				rig, err := job.Prepare(d)
				if err != nil {
					b.Fatal(err)
				}
				defer rig.Release()
				if err := rig.Warm(); err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					b.StopTimer()
					if err := rig.Before(); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
					if err := rig.Run(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(job.Tokens*b.N)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}

// TestJobs checks that names are unique and that a job of each kind runs.
func TestJobs(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range workload.All(true) {
		for _, job := range w.Jobs() {
			if seen[job.Name] {
				t.Errorf("two jobs are called %s", job.Name)
			}
			seen[job.Name] = true
			if w.Name != "pico" {
				continue
			}
			d := gpu.OpenHost()
			rig, err := job.Prepare(d)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range []func() error{rig.Warm, rig.Before, rig.Run} {
				if err := f(); err != nil {
					t.Errorf("%s: %v", job.Name, err)
				}
			}
			rig.Release()
			if n := d.Counters.Dispatches; n == 0 || job.Tokens == 0 || job.Units == 0 {
				t.Errorf("%s: %d dispatches, %d tokens, %d units; all must be above 0", job.Name, n, job.Tokens, job.Units)
			}
		}
	}
	if !seen["train-small"] || !seen["decode-base-64"] || !seen["decode-nano"] || !seen["decode-nano-64"] {
		t.Errorf("the jobs of \"attnlab help bench\" are missing: %v", seen)
	}
}

// mostDispatches is the bound of a training step of nano. Every launch costs a GPU some microseconds, and every kernel that another
// absorbs saves a trip through memory.
const mostDispatches = 90

func TestTrainingDispatches(t *testing.T) {
	for _, w := range workload.All(false) {
		if w.Name != "nano" {
			continue
		}
		d := gpu.OpenHost()
		trainer, err := w.Trainer(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := trainer.Step(1e-3, w.Part(false)); err != nil {
			t.Fatal(err)
		}
		if n := d.Counters.Dispatches; n > mostDispatches || n < 4*10 { // 4 layers of 10 kernels or more
			t.Errorf("a training step of nano takes %d dispatches, want at most %d", n, mostDispatches)
		}
		return
	}
	t.Error("there is no workload nano")
}

// BenchmarkPaths compares the paths of decoding nano in turn, for several numbers of sequences.
func BenchmarkPaths(b *testing.B) {
	const rounds = 7
	w, d := nano(b), gputest.Adapter(b)
	for _, sequences := range []int{1, 8, 16, 64} {
		took := map[model.Path][]float64{}
		rigs := map[model.Path]workload.Rig{}
		for _, path := range model.Paths {
			begun := time.Now()
			rig, err := w.Decoding(d, sequences, path)
			if err != nil {
				b.Fatal(err)
			}
			compiled := time.Since(begun)
			if err := rig.Run(); err != nil {
				b.Fatal(err)
			}
			fmt.Printf("%d sequences, path %s: %.2f s to compile, %.2f s with the first run\n", sequences, path, compiled.Seconds(), time.Since(begun).Seconds())
			rigs[path] = rig
		}
		for range rounds {
			for _, path := range model.Paths {
				if err := rigs[path].Before(); err != nil {
					b.Fatal(err)
				}
				begun := time.Now()
				if err := rigs[path].Run(); err != nil {
					b.Fatal(err)
				}
				took[path] = append(took[path], time.Since(begun).Seconds())
			}
		}
		for _, path := range model.Paths {
			var rate, ratio []float64
			for i, s := range took[path] {
				rate, ratio = append(rate, float64(sequences*64)/s), append(ratio, took[model.PathKernels][i]/s)
			}
			slices.Sort(rate)
			slices.Sort(ratio)
			fmt.Printf("%d sequences, path %-7s: %6.0f [%.0f-%.0f] tokens/s, %.2f [%.2f-%.2f] times path kernels\n", sequences, path,
				rate[rounds/2], rate[0], rate[rounds-1], ratio[rounds/2], ratio[0], ratio[rounds-1])
			rigs[path].Release()
		}
	}
}

func nano(t testing.TB) workload.Workload {
	t.Helper()
	for _, w := range workload.All(false) {
		if w.Name == "nano" {
			return w
		}
	}
	t.Fatal("there is no workload nano")
	return workload.Workload{}
}
