package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/race"
	"attnlab/rl/task"
)

// openDevice opens the backend that --backend names for a model. auto takes the faster one, see [race.Open].
func (c *console) openDevice(config model.Config) (*gpu.Device, error) {
	d, raced, why, err := race.Open(c.backend, config, remembered[race.Result](c, "race.json"))
	if raced != nil {
		c.note("%s%s", strings.ToUpper(why[:1]), why[1:])
	}
	return d, err
}

// resumeDevice opens a backend for training: the one that a saved run began on, an adapter as [gpu.Info] writes it, unless --backend
// asks for one. Where that is not to be had, or another adapter is there, it warns: the numbers are right, and not those of a run
// without a pause.
func (c *console) resumeDevice(config model.Config, began string) (d *gpu.Device, err error) {
	asked := c.backend
	defer func() { c.backend = asked }()
	if began != "" && asked == gpu.Auto {
		c.backend = gpu.WebGPU
		if strings.HasSuffix(began, "("+gpu.Host+")") {
			c.backend = gpu.Host
		}
	}
	if d, err = c.openDevice(config); err != nil && asked == gpu.Auto {
		c.backend = gpu.Auto
		d, err = c.openDevice(config)
	}
	if err == nil && began != "" && d.Info.String() != began {
		c.note("The run began on %s and continues on %s: its numbers differ in their last digits from those of a run without a pause.", began, d.Info)
	}
	if err == nil {
		err = c.tune(d)
	}
	return d, err
}

// tune chooses the tile of an adapter's products before training, see [race.Tune].
func (c *console) tune(d *gpu.Device) error {
	_, err := race.Tune(d, remembered[race.Products](c, "products.json"))
	return err
}

// remembered returns measurements in a file of the folder attnlab in the user's cache, or nil if the user has no cache.
func remembered[E race.Entry](c *console, name string) race.Memory[E] {
	folder, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	file := filepath.Join(folder, "attnlab", name)
	return &race.Document[E]{
		Read: func() ([]byte, error) { return os.ReadFile(file) },
		Write: func(data []byte) error {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			next, err := os.CreateTemp(filepath.Dir(file), "new-*")
			if err != nil {
				return err
			}
			_, err = next.Write(data)
			if failed := next.Close(); err == nil {
				err = failed
			}
			if err == nil {
				err = os.Rename(next.Name(), file) // so that another process reads all of it or the old one
			}
			if err != nil {
				os.Remove(next.Name())
			}
			return err
		},
		Warn: func(err error) { c.note("warning: %v", err) },
	}
}

// rates are the rates of both backends in tokens a second, null for one that was not measured.
type rates struct {
	Host   number `json:"host"`
	WebGPU number `json:"webgpu"`
}

// raceDocument is the race in what doctor prints.
type raceDocument struct {
	Sampling rates `json:"sampling"`
	Training rates `json:"training"`
}

// smallShape returns the shape of the small base, with which doctor measures.
func (c *console) smallShape() (model.Config, error) {
	kind, err := task.New(c.task, "", "")
	if err != nil {
		return model.Config{}, err
	}
	return model.Preset("small", len(kind.Vocabulary()))
}

// measureRace measures the backends that --backend allows, d among them, with the shape of the small base. It returns the backend
// to use. If both were measured, it also returns why, and remembers the result.
func (c *console) measureRace(d *gpu.Device) (document raceDocument, backend, why string, err error) {
	config, err := c.smallShape()
	if err != nil {
		return document, "", "", err
	}
	none := race.Rate{Sampling: float64(noNumber), Training: float64(noNumber)}
	result := race.Result{Adapter: d.Info.Name, Host: none, WebGPU: none}
	switch {
	case d.Info.Backend == gpu.Host:
		backend = gpu.Host
		result.Host, err = race.Measure(d, config)
	case c.backend == gpu.WebGPU || gpu.IsAdapter(c.backend):
		backend = gpu.WebGPU
		result.WebGPU, err = race.Measure(d, config)
	default:
		if result, err = race.Run(gpu.OpenHost(), d, config); err == nil {
			backend, why = result.Choice()
			if m := remembered[race.Result](c, "race.json"); m != nil {
				m.Save(race.Key(d.Info, config), result)
			}
		}
	}
	if err != nil {
		return document, "", "", fmt.Errorf("the speed of %s cannot be measured: %w", d.Info, err)
	}
	document.Sampling = rates{number(result.Host.Sampling), number(result.WebGPU.Sampling)}
	document.Training = rates{number(result.Host.Training), number(result.WebGPU.Training)}
	return document, backend, why, nil
}

// measureProducts measures the variants of an adapter's matrix products, of training and of few rows, and remembers the results.
func (c *console) measureProducts(d *gpu.Device) (products, rows race.Products, err error) {
	if d.Info.Backend == gpu.Host {
		return race.Products{}, race.Products{}, nil
	}
	if products, err = race.MeasureProducts(d); err == nil {
		rows, err = race.MeasureRows(d)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the products of %s cannot be measured: %w", d.Info, err)
	}
	if m := remembered[race.Products](c, "products.json"); m != nil {
		m.Save(race.ProductsKey(d.Info), products)
		m.Save(race.RowsKey(d.Info), rows)
	}
	return products, rows, nil
}

// lines returns the race as lines of a table.
func (r raceDocument) lines() (lines []string) {
	for _, row := range []struct {
		name string
		rates
	}{{"sampling", r.Sampling}, {"training", r.Training}} {
		line := row.name
		for _, cell := range []struct {
			backend string
			rate    number
		}{{gpu.Host, row.Host}, {gpu.WebGPU, row.WebGPU}} {
			if !math.IsNaN(float64(cell.rate)) {
				line += fmt.Sprintf("\t%s %.0f tokens a second", cell.backend, float64(cell.rate))
			}
		}
		lines = append(lines, line)
	}
	return lines
}
