package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
)

func TestMessage(t *testing.T) {
	var config struct {
		Size  int       `json:"hidden_size"`
		Names []string  `json:"names"`
		Rate  float64   `json:"rate"`
		Inner *struct{} `json:"inner"`
	}
	wrong := func(text string) error {
		return fmt.Errorf("model: config.json: %w", json.Unmarshal([]byte(text), &config))
	}
	for want, err := range map[string]error{
		"x":                  errors.New("rl: x"),
		"y":                  errors.New("engine: task: score: y"),
		"--prompt: x (y)":    errors.New("--prompt: rl: x (web: y)"),
		"--model: no folder": errors.New("--model: no folder"),
		"one line":           errors.New("gpu: one\n line"),
		"load: kernel a":     errors.New("load: model: gpu: kernel a"),
		"the remodel: stays": errors.New("the remodel: stays"),
		"config.json: hidden_size is text and should be a whole number in range":     wrong(`{"hidden_size":"8"}`),
		"config.json: hidden_size is a number and should be a whole number in range": wrong(`{"hidden_size":1.5}`),
		"config.json: names is an object and should be a list":                       wrong(`{"names":{}}`),
		"config.json: rate is true or false and should be a number":                  wrong(`{"rate":true}`),
		"config.json: inner is a list and should be an object":                       wrong(`{"inner":[]}`),
		"config.json: it is text and should be an object":                            wrong(`"x"`),
	} {
		if got := Message(err); got != want {
			t.Errorf("%q becomes %q, want %q", err, got, want)
		}
	}
}
