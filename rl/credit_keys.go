package rl

import (
	"attnlab/rl/task"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// keyCheck walks JSON that was already read into a Go value, and refuses what encoding/json accepts in silence.
type keyCheck struct {
	*json.Decoder
	needed []string // keys that each object with such a field must have
}

// value checks the next JSON value, which was read into type t. path names it in errors.
func (c keyCheck) value(t reflect.Type, path string) error {
	token, err := c.Token()
	if err != nil {
		return err
	}
	if t.Kind() == reflect.Pointer {
		if token == nil {
			return nil
		}
		t = t.Elem()
	}
	if t == reflect.TypeFor[task.Span]() {
		t = reflect.TypeFor[[]int]()
	}
	switch token {
	case nil:
		return fmt.Errorf("%s is null; give a value", path)
	case json.Delim('{'):
		return c.object(t, path)
	case json.Delim('['):
		for i := 0; c.More(); i++ {
			if err := c.value(t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		_, err = c.Token()
	}
	return err
}

// object checks the rest of an object whose opening brace was read.
func (c keyCheck) object(t reflect.Type, path string) error {
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = f.Type
	}
	var seen []string
	for c.More() {
		token, err := c.Token()
		if err != nil {
			return err
		}
		key := token.(string) // the decoder allows nothing else here
		field, known := fields[key]
		switch {
		case !known:
			return fmt.Errorf("%s has the key %q; write it in lower case, %q", path, key, strings.ToLower(key))
		case slices.Contains(seen, key):
			return fmt.Errorf("%s has the key %q twice; give it once", path, key)
		}
		seen = append(seen, key)
		if err := c.value(field, strings.TrimPrefix(path+"."+key, "the group.")); err != nil {
			return err
		}
	}
	for _, key := range c.needed {
		if _, has := fields[key]; has && !slices.Contains(seen, key) {
			return fmt.Errorf("%s has no %q; give it", path, key)
		}
	}
	_, err := c.Token()
	return err
}
