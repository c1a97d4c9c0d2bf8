package main

import (
	"fmt"
	"regexp"
	"time"

	"attnlab/gpu"
	"attnlab/model/workload"
)

// profiled is the workload whose kernels are measured.
const profiled = "small"

// matchesKernel reports whether a filter matches a kernel.
func matchesKernel(filter *regexp.Regexp) bool {
	for _, c := range kernelCases(0) {
		if filter.MatchString("kernel-" + c.Kernel.Name) {
			return true
		}
	}
	return false
}

// benchKernels profiles a training step of w.
func benchKernels(d *gpu.Device, w workload.Workload, filter *regexp.Regexp, full bool) ([]benchRow, error) {
	t, err := w.Trainer(d)
	if err != nil {
		return nil, err
	}
	defer t.Model.Release()
	defer t.Release()
	if err := t.Step(0, w.Part(false)); err != nil { // compiles
		return nil, err
	}
	part := w.Part(true)
	calls, took := map[string]int{}, map[string][]float64{}
	var names []string // the slowest first
	start := time.Now()
	for runs := 0; another(runs, time.Since(start), full); runs++ {
		timings, err := t.Profile(part)
		if err != nil {
			return nil, err
		}
		names = nil
		for _, one := range timings {
			names = append(names, one.Kernel)
			calls[one.Kernel] = one.Calls
			took[one.Kernel] = append(took[one.Kernel], ms(one.Took))
		}
	}
	var rows []benchRow
	for _, name := range names {
		if !filter.MatchString("kernel-" + name) {
			continue
		}
		row := timed(took[name])
		row.Name, row.Shape = "kernel-"+name, fmt.Sprintf("%d calls in train-%s, %d tokens", calls[name], w.Name, part.N())
		row.TokensPerSecond = float64(part.N()) / row.MedianMs * 1e3
		row.Dispatches = float64(calls[name])
		rows = append(rows, row)
	}
	return rows, nil
}
