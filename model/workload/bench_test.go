package workload_test

import (
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
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
	if !seen["train-small"] || !seen["decode-base-64"] || !seen["decode-nano"] {
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
