package panels

import (
	"errors"
	"strconv"
	"strings"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// changed is the one listener to controls: data-set says what the value is of. Text counts at every letter, the rest when
// it is settled.
func (l *Lab) changed(ctx app.Context, e app.Event) {
	target := e.Get("target")
	what := target.Get("dataset").Get("set")
	if !what.Truthy() {
		return
	}
	name, typing := what.String(), e.Get("type").String() == "input"
	kind := target.Get("type").String()
	if typing && (kind == "number" || kind == "checkbox") { // a change will follow
		return
	}
	if files := target.Get("files"); files.Truthy() {
		if !typing {
			l.openFiles(name, files)
		}
		return
	}
	value := target.Get("value").String()
	if kind == "checkbox" {
		value = strconv.FormatBool(target.Get("checked").Bool())
	}
	l.set(name, value)
	l.screen.answer()
}

// set gives a control its value.
func (l *Lab) set(name, value string) {
	number := func(lo, hi int) int { return min(max(parse(value, lo, strconv.Atoi), lo), hi) }
	switch name {
	case "seed", "colour", "grid", "unit", "base":
		l.do(name + ":" + value)
	case "difficulty":
		l.difficulty = value
		l.do("seed:" + strconv.FormatUint(l.Seed, 10))
	case "typed":
		l.typed = value
		if strings.TrimSpace(value) != "" {
			l.send(session.Check{Text: value})
		}
	case "temperature":
		l.sampling.Temperature = clamp(float32(number(0, 1000))/sliderSteps, 0, maxTemperature)
	case "top-p":
		l.sampling.TopP = clamp(float32(number(1, sliderSteps))/sliderSteps, 0, 1)
	case "greedy":
		l.sampling.Temperature = Start().Sampling.Temperature
		if value == "true" {
			l.sampling.Temperature = 0
		}
	case "draw":
		l.sampling.Seed = uint32(number(0, 1<<31-1))
	case "speed":
		l.speed = number(1, 20)
	case "problems":
		l.problems = number(1, 2048)
	case "samples":
		l.samples = number(1, 512)
	case "filter":
		l.filter = value
	case "sought":
		l.sought = value
	default:
		_ = l.setTree(name, value) || l.setTrain(name, value) || l.setCompare(name, value) || l.setLearn(name, value)
	}
	if l.Tokens == 0 && !l.Example { // what the link says of a response still to be made
		l.View.Sampling = l.sampling
	}
	l.wrote()
}

// openFiles takes files from the visitor's disk: a trace that this page saved, or a model folder.
func (l *Lab) openFiles(name string, files app.Value) {
	l.screen.readFiles(files, func(files map[string][]byte, err error) {
		if err == nil && name == "open-model" {
			l.send(session.UseModel{Name: "your folder", Files: modelFiles(files)})
			return
		}
		switch {
		case err != nil:
		case strings.HasPrefix(name, "open-run"):
			err = l.importRun(files)
		default:
			err = l.openTrace(files)
		}
		if err != nil {
			l.failure = session.Failure{Command: "ShowTrace", Text: err.Error()}
		}
	})
}

// modelFiles leaves out what a model folder may hold besides, such as training states.
func modelFiles(files map[string][]byte) map[string][]byte {
	model := map[string][]byte{}
	for _, name := range []string{"config.json", "model.safetensors", "tokenizer.json"} {
		if data, ok := files[name]; ok {
			model[name] = data
		}
	}
	return model
}

// openTrace shows the trace in a file; the model at work scores it anew.
func (l *Lab) openTrace(files map[string][]byte) error {
	for _, data := range files {
		t := ReadExample(data)
		if t.PromptLength < 1 || t.PromptLength > len(t.Tokens) || len(t.Text) != len(t.Tokens) {
			return errors.New("This file holds no trace; open one that was saved by the lab's Save button.")
		}
		l.trace = t
		l.View.Example, l.View.Text, l.View.Tokens, l.View.Sampling = false, l.promptText(), AllTokens, t.Sampling
		l.typed, l.sampling = l.View.Text, t.Sampling
		l.send(session.ShowTrace{Prompt: t.Tokens[:t.PromptLength], Response: t.Tokens[t.PromptLength:]})
	}
	return nil
}
