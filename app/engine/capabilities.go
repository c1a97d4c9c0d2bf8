package engine

import (
	"errors"
	"slices"

	"attnlab/app/session"
)

// describe puts the current device into the capabilities, with the reason for its choice. If the device is another one than
// before, it starts the self-test.
func (e *Engine) describe() {
	info := e.rig.device.Info
	other := info.Name != e.capabilities.Adapter || info.Backend != e.capabilities.Backend
	e.capabilities.Adapter, e.capabilities.Backend, e.capabilities.Software = info.Name, info.Backend, info.Software
	e.capabilities.Why, e.capabilities.Race = sentence(errors.New(e.choice.why)), e.choice.race()
	if other {
		e.startTest()
	}
}

// announce publishes the capabilities.
func (e *Engine) announce() {
	c := e.capabilities
	c.Bases = slices.Clone(e.names)
	for _, t := range slices.Backward(e.runs) {
		if t.info.State != session.MetricsOnly && t.step() > 0 {
			c.Bases = append(c.Bases, runModel+t.info.ID)
		}
	}
	e.publish(c)
}
