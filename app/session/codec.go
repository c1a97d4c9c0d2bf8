package session

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// envelope is how a command or an event travels.
type envelope struct {
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"body"`
}

var kinds = kindTable(
	Hello{}, Open{}, UseModel{}, NewProblem{}, Check{}, Generate{}, ShowTrace{}, FindHeads{}, Disrupt{}, Select{}, Cancel{}, LoseDevice{},
	Status{}, Failure{}, Checked{}, Capabilities{}, Trace{}, HeadsView{}, Disruption{}, Selection{},
)

func kindTable(messages ...any) map[string]reflect.Type {
	table := map[string]reflect.Type{}
	for _, m := range messages {
		table[Kind(m)] = reflect.TypeOf(m)
	}
	return table
}

// Kind is the name a command or event travels under: its Go type's.
func Kind(message any) string { return reflect.TypeOf(message).Name() }

// Encode writes a command or an event.
func Encode(message any) ([]byte, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("session: %s cannot be written: %w", Kind(message), err)
	}
	return json.Marshal(envelope{Kind(message), body})
}

// Decode reads what [Encode] wrote: a [Command] or an [Event].
func Decode(data []byte) (any, error) {
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("session: a message that is not JSON: %w", err)
	}
	t, ok := kinds[e.Kind]
	if !ok {
		return nil, fmt.Errorf("session: a message of unknown kind %.40q; reload the page so that all parts are of one version", e.Kind)
	}
	v := reflect.New(t)
	if err := json.Unmarshal(e.Body, v.Interface()); err != nil {
		return nil, fmt.Errorf("session: %s cannot be read: %w", e.Kind, err)
	}
	return v.Elem().Interface(), nil
}
