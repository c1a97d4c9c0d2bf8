package lab

import (
	"math"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// WeakestSteps is how many steps the threshold of arcs has, from none to the end of the scale.
const WeakestSteps = 20

// Set gives a control its value, as text.
func (l *Lab) Set(name, value string) {
	number := func(lo, hi int) int { return min(max(parse(value, lo, strconv.Atoi), lo), hi) }
	switch name {
	case "seed":
		if n, ok := l.whole(name, value, 0, math.MaxUint64); ok {
			l.Do("seed:" + strconv.FormatUint(n, 10))
		}
	case "colour", "grid", "unit", "base":
		l.Do(name + ":" + value)
	case "loss-by":
		l.LossBy = value
	case "loss-token":
		l.LossToken = number(1, math.MaxInt32) - 1
	case "offer-storage":
		l.Opening.Storage = value
	case "offer-context":
		l.chooseContext(number(0, math.MaxInt32))
	case "offer-keep":
		l.Opening.Keep = value == "true"
	case "hub-name":
		l.Opening.HubName = value
	case "difficulty":
		l.Controls.Difficulty = value
		l.Do("seed:" + strconv.FormatUint(l.Seed, 10))
	case "typed":
		l.Controls.Typed = value
		if strings.TrimSpace(value) != "" && !l.FreeText() {
			l.Send(session.Check{Text: value})
		}
	case "temperature":
		l.Controls.Sampling.Temperature = clamp(float32(number(0, 1000))/SliderSteps, 0, MaxTemperature)
	case "top-p":
		l.Controls.Sampling.TopP = clamp(float32(number(1, SliderSteps))/SliderSteps, 0, 1)
	case "greedy":
		l.Controls.Sampling.Temperature = Start().Sampling.Temperature
		if value == "true" {
			l.Controls.Sampling.Temperature = 0
		}
	case "draw":
		if n, ok := l.whole(name, value, 0, math.MaxUint32); ok {
			l.Controls.Sampling.Seed = uint32(n)
		}
	case "speed":
		l.Controls.Speed = number(1, 20)
	case "weakest":
		l.Arcs.Weakest = number(0, WeakestSteps)
	case "readers":
		if l.Arcs.Readers = 0; value != "0" {
			l.Arcs.Readers = mostReaders
		}
	case "problems":
		if n, ok := l.whole(name, value, 1, session.MaxProblems); ok {
			l.Controls.Problems = int(n)
		}
	case "samples":
		if n, ok := l.whole(name, value, 1, session.MaxSamples); ok {
			l.Controls.Samples = int(n)
		}
	case "again":
		if n, ok := l.whole(name, value, 1, session.MaxSamples); ok {
			l.Controls.Again = int(n)
		}
	case "many":
		if n, ok := l.whole(name, value, 1, session.MaxResponses); ok {
			l.Controls.Many = int(n)
		}
	case "edit-seed":
		if n, ok := l.whole(name, value, 0, math.MaxUint32); ok {
			l.Controls.EditSeed = uint32(n)
		}
	case "draft":
		l.Draft.Text = value
	case "filter":
		l.Filter, l.Picked = value, 0
	case "no-letters":
		l.NoLetters = value == "true"
		l.screen.Store(lettersKey, l.NoLetters)
	case "sought":
		l.Sought = value
	default:
		_ = l.setFree(name, value) || l.setAblated(name, value) || l.setHeads(name, value) || l.setTree(name, value) || l.setTrain(name, value) || l.setCompare(name, value) || l.setRollouts(name, value) || l.setBench(name, value) || l.setLesson(name, value)
	}
	if l.Tokens == 0 && !l.ofSite() { // the link holds the sampling of the next response
		l.View.Sampling = l.Controls.Sampling
	}
	l.wrote()
}
