package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/race"
)

// Memory saves small documents from one visit to the next, each by the id of its group and its name. A [runs.Store] that
// holds no runs can be one.
type Memory interface {
	Load(ctx context.Context, id string, names ...string) (map[string][]byte, error)
	Save(ctx context.Context, id string, files map[string][]byte) error
}

// raceGroup names the documents with the results of races and with the speeds of products.
const raceGroup, raceFile, productsFile = "backends", "race.json", "products.json"

// remembered reads and writes a document of measurements. It does not warn: what cannot be remembered is measured again, which
// takes a fraction of a second.
func remembered[E race.Entry](memory Memory, file string) race.Document[E] {
	return race.Document[E]{
		Read: func() ([]byte, error) {
			if memory == nil {
				return nil, fs.ErrNotExist
			}
			files, err := memory.Load(context.Background(), raceGroup, file)
			if err == nil && files[file] == nil {
				err = fs.ErrNotExist
			}
			return files[file], err
		},
		Write: func(data []byte) error {
			if memory == nil {
				return nil
			}
			return memory.Save(context.Background(), raceGroup, map[string][]byte{file: data})
		},
		Warn: func(error) {},
	}
}

// choice is the reason for a backend.
type choice struct {
	why   string
	raced *race.Result // nil without a race
	shape model.Config // of the model that raced
	due   bool         // a race is to come, once the engine is idle
}

// raceAfter is how long the engine is idle before a race, so that the first response does not wait for it.
var raceAfter = 4 * time.Second

// openNow opens a backend for a model without a race: if auto is asked for, by the result of an earlier race, or for now by the
// kind of the adapter. Without a model (nil) auto takes WebGPU.
func (e *Engine) openNow(backend string, c *hf.Checkpoint) (d *gpu.Device, made choice, err error) {
	if c == nil {
		d, made.why, err = gpu.Open(backend)
		return d, made, err
	}
	now, err := race.OpenNow(backend, c.Config, &e.races)
	return now.Device, choice{now.Why, now.Result, c.Config, now.Due}, err
}

// raceDue returns true if a race is to run once the engine is idle.
func (e *Engine) raceDue() bool {
	return e.choice.due && e.run == nil && e.held != nil && e.held.source == nil
}

// raceIdle runs the race that is due, unless a run is active: its numbers must not depend on when the engine was idle. It moves to
// the winner.
func (e *Engine) raceIdle() {
	e.choice.due = false
	if _, err := e.race(); err != nil { // nobody asked for it, so there is no banner
		e.choice.why = "the speed of the backends could not be measured: " + session.Message(err)
		e.describe()
		e.announce()
	}
}

// race measures both backends with the current model and saves the result. If auto is asked for and no run is active, it moves to
// the faster one; else it returns a sentence that says why it stays.
func (e *Engine) race() (text string, err error) {
	if e.held == nil {
		return "", errors.New("no model is open yet; wait until one is loaded")
	}
	if e.held.source != nil {
		return "", errors.New("both backends are only measured with small models: one product of this one takes as long as a race; choose a backend by hand")
	}
	r, err := race.Again(e.held.Config, &e.races)
	if err != nil {
		if errors.Is(err, gpu.ErrNoAdapter) {
			err = fmt.Errorf("there is only one backend to measure: %w", err)
		}
		return "", err
	}
	backend, why := r.Choice()
	made := choice{why: why, raced: &r, shape: e.held.Config}
	now := backendOf(e.rig.device.Info)
	switch {
	case backend == now:
		e.choice = made
	case e.backend != gpu.Auto:
		made.why = fmt.Sprintf("the %s backend was asked for, although %s", now, why)
		e.choice, text = made, "You chose the backend, so it stays. Press “Let the lab choose” for the faster one."
	case e.run != nil:
		made.why = fmt.Sprintf("a run began on this backend, although %s", why)
		e.choice, text = made, "A run is active, so the backend stays: the numbers of a run must not depend on what else is measured."
	default:
		d, _, err := gpu.Open(backend)
		if err != nil {
			return "", err
		}
		if err := e.move(context.Background(), d); err != nil {
			d.Close()
			return "", err
		}
		e.choice = made
		e.describe()
		e.announce()
		if e.reasoning != nil {
			return "", e.show()
		}
		return "", nil
	}
	e.describe()
	e.announce()
	return text, nil
}

// raceAgain races at a visitor's request.
func (e *Engine) raceAgain(context.Context) (string, error) {
	e.busy("measuring both backends", 0, 0)
	e.choice.due = false
	return e.race()
}

// openFor opens a backend for a model. If auto is asked for, a race chooses it.
func (e *Engine) openFor(backend string, c *hf.Checkpoint) (d *gpu.Device, made choice, err error) {
	made.shape = c.Config
	d, made.raced, made.why, err = race.Open(backend, c.Config, &e.races)
	return d, made, err
}

// raceFor returns another device if that is faster for a model than the current one, else nil. It does nothing where the visitor
// chose the backend, where no adapter works, or while a run is active: the numbers of a run must not depend on which models are
// opened meanwhile.
func (e *Engine) raceFor(c *hf.Checkpoint) (*gpu.Device, choice) {
	if e.choice.raced == nil || e.run != nil || sameShape(e.choice.shape, c.Config) {
		return nil, e.choice
	}
	d, made, err := e.openFor(e.backend, c)
	if err != nil {
		return nil, e.choice
	}
	if d.Info == e.rig.device.Info {
		d.Close()
		return nil, made
	}
	d.Yield = e.pause
	return d, made
}

// sameShape returns true if two models share the result of a race.
func sameShape(a, b model.Config) bool { return race.Key(gpu.Info{}, a) == race.Key(gpu.Info{}, b) }

// useHost moves to the host because the adapter fails. why is the reason.
func (e *Engine) useHost(ctx context.Context, why string) error {
	if err := e.move(ctx, gpu.OpenHost()); err != nil {
		return err
	}
	e.choice = choice{why: why}
	e.describe()
	return nil
}

// race returns the race for screens.
func (c choice) race() *session.Race {
	r := c.raced
	if r == nil {
		return nil
	}
	return &session.Race{Adapter: r.Adapter, Host: session.Rate(r.Host), WebGPU: session.Rate(r.WebGPU)}
}
