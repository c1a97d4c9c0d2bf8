package workload

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"attnlab/gpu"
	"attnlab/model/speed"
)

// Plan says what to measure and how often.
type Plan struct {
	Filter *regexp.Regexp // of the names of rows
	Full   bool           // five runs of everything and larger batches; else up to five within half a second
}

// A row is run at most most times, and unless the plan is full no more once enough is used up.
const (
	most   = 5
	enough = time.Second / 2
)

// another reports whether a row should run once more.
func (p Plan) another(runs int, used time.Duration) bool {
	return runs == 0 || runs < most && (p.Full || used < enough)
}

// profiled is the workload whose kernels are measured.
const profiled = "small"

// kernels is the name under which a plan measures kernels and ceilings.
const kernels = "kernels"

// Measure measures devices, one row of each for every name that the plan's filter matches. Runs of the devices alternate, so that
// whatever else the machine does slows all of them down alike. report, if not nil, is called before each part, with the number of
// parts done and the rows so far, and at the end. If ctx ends, Measure returns the rows so far and ctx's error.
func Measure(ctx context.Context, devices []*gpu.Device, plan Plan, report func(done, total int, name string, rows []speed.Row)) ([]speed.Row, error) {
	rows := []speed.Row{}
	all := All(plan.Full)
	var jobs []Job
	for _, w := range all {
		for _, job := range w.Jobs() {
			if plan.Filter.MatchString(job.Name) {
				jobs = append(jobs, job)
			}
		}
	}
	total := len(jobs)
	profiles := plan.wantsKernels()
	if profiles {
		total++
	}
	tell := func(done int, name string) {
		if report != nil {
			report(done, total, name, slices.Clone(rows))
		}
	}
	for i, job := range jobs {
		tell(i, job.Name)
		some, err := plan.job(ctx, devices, job)
		if err != nil {
			return rows, err
		}
		rows = append(rows, some...)
	}
	if profiles {
		tell(len(jobs), kernels)
		w := all[slices.IndexFunc(all, func(w Workload) bool { return w.Name == profiled })]
		some, err := plan.kernels(ctx, devices, w)
		if err != nil {
			return rows, err
		}
		rows = append(rows, some...)
	}
	tell(total, "")
	return rows, nil
}

// wantsKernels reports whether the filter matches a kernel or a ceiling.
func (p Plan) wantsKernels() bool {
	return p.Filter.MatchString(speed.ProductCeiling) || p.Filter.MatchString(speed.CopyCeiling) || slices.ContainsFunc(kernelNames(), p.Filter.MatchString)
}

// series are the times of a row on one device.
type series struct {
	device *gpu.Device
	rig    Rig
	took   []float64 // milliseconds
	used   time.Duration
	before gpu.Counters // of the last run
}

// job measures one job on all devices.
func (p Plan) job(ctx context.Context, devices []*gpu.Device, job Job) (rows []speed.Row, err error) {
	var all []*series
	defer func() {
		for _, s := range all {
			if !s.device.Lost() {
				s.rig.Release()
			}
		}
	}()
	for _, d := range devices {
		if job.Adapter && d.Info.Backend == gpu.Host {
			continue
		}
		rig, err := job.Prepare(d)
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", job.Name, d.Info, err)
		}
		all = append(all, &series{device: d, rig: rig})
		if err := rig.Warm(); err != nil {
			return nil, fmt.Errorf("%s on %s: %w", job.Name, d.Info, err)
		}
	}
	for again := true; again; {
		again = false
		for _, s := range all {
			if !p.another(len(s.took), s.used) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := s.run(); err != nil {
				return nil, fmt.Errorf("%s on %s: %w", job.Name, s.device.Info, err)
			}
			again = true
		}
	}
	for _, s := range all {
		row := speed.Timed(s.took)
		row.Name, row.Shape, row.Parameters = job.Name, job.Shape, job.Parameters
		row.Backend, row.Adapter = backend(s.device), s.device.Info.Name
		row.TokensPerSecond = float64(job.Tokens) / row.MedianMs * 1e3
		now, units := s.device.Counters, float64(job.Units)
		row.Dispatches = float64(now.Dispatches-s.before.Dispatches) / units
		row.Submits = float64(now.Submits-s.before.Submits) / units
		row.Readbacks = float64(now.Readbacks-s.before.Readbacks) / units
		rows = append(rows, row)
	}
	return rows, nil
}

// run takes one run.
func (s *series) run() error {
	if err := s.rig.Before(); err != nil {
		return err
	}
	s.before = s.device.Counters
	start := time.Now()
	if err := s.rig.Run(); err != nil {
		return err
	}
	s.used += time.Since(start)
	s.took = append(s.took, ms(time.Since(start)))
	return nil
}

// backend is a device's backend as rows name it.
func backend(d *gpu.Device) string {
	if d.Info.Backend == gpu.Host {
		return gpu.Host
	}
	return gpu.WebGPU
}

func ms(d time.Duration) float64 { return max(float64(d), 1) / float64(time.Millisecond) }
