package runs

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// unknown is what a JSON object holds besides the fields of a struct: raw values, and
// for fields that are structs themselves the unknown part of those. Nil is nothing.
type unknown map[string]any

// unknownOf is the part of a JSON object that t, a struct, has no field for.
func unknownOf(data []byte, t reflect.Type) unknown {
	var raw map[string]json.RawMessage
	if json.Unmarshal(data, &raw) != nil {
		return nil
	}
	fields := fieldsOf(t)
	rest := unknown{}
	for key, value := range raw {
		field, known := fields[key]
		if !known {
			rest[key] = value
			continue
		}
		for field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		if field.Kind() == reflect.Struct {
			if inner := unknownOf(value, field); inner != nil {
				rest[key] = inner
			}
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return rest
}

// fieldsOf are the types of a struct's fields by their names in JSON, embedded structs included.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && name != "-" {
			if name == "" {
				name = f.Name
			}
			fields[name] = f.Type
		}
	}
	return fields
}

// addTo adds u to a JSON object, behind its own keys.
func (u unknown) addTo(object []byte) ([]byte, error) {
	if len(u) == 0 {
		return object, nil
	}
	var own map[string]json.RawMessage
	if err := json.Unmarshal(object, &own); err != nil {
		return nil, err
	}
	names, err := keysInOrder(object)
	if err != nil {
		return nil, err
	}
	for key, value := range u {
		inner, nested := value.(unknown)
		have, has := own[key]
		switch {
		case nested && has && string(have) != "null":
			if own[key], err = inner.addTo(have); err != nil {
				return nil, err
			}
			continue
		case has:
			continue
		case nested: // the struct itself was removed
			continue
		}
		own[key] = value.(json.RawMessage)
	}
	var added []string
	for key := range own {
		if !slices.Contains(names, key) {
			added = append(added, key)
		}
	}
	slices.Sort(added)
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range append(names, added...) {
		if i > 0 {
			b.WriteByte(',')
		}
		quoted, err := marshal(key)
		if err != nil {
			return nil, err
		}
		b.Write(quoted)
		b.WriteByte(':')
		b.Write(own[key])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// keysInOrder are the keys of a JSON object as they are written.
func keysInOrder(object []byte) (keys []string, err error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err = d.Token(); err != nil {
		return nil, err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		keys = append(keys, key.(string))
	}
	return keys, nil
}

// marshal is json.Marshal that leaves <, > and & as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// document is v as JSON for people to read, with a line end.
func document(v any) ([]byte, error) {
	data, err := marshal(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = json.Indent(&b, data, "", "  ")
	b.WriteByte('\n')
	return b.Bytes(), err
}
