package race

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// Document is a [Memory] in one JSON document: results by their keys.
type Document struct {
	// Read returns the document. The error wraps [fs.ErrNotExist] if there is none yet.
	Read func() ([]byte, error)
	// Write replaces it.
	Write func([]byte) error
	// Warn reports a document that cannot be read or written. It costs no more than another race.
	Warn func(error)

	results map[string]Result // nil before it is read
}

// Load returns the result with a key.
func (d *Document) Load(key string) (Result, bool) {
	if d.results == nil {
		d.results = map[string]Result{}
		data, err := d.Read()
		if err == nil {
			err = d.decode(data)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.Warn(fmt.Errorf("remembered speeds of backends cannot be read, so they are measured again: %w", err))
		}
	}
	r, ok := d.results[key]
	return r, ok
}

// decode takes all results of a document, or none if one of them cannot be right.
func (d *Document) decode(data []byte) error {
	results := map[string]Result{}
	if err := json.Unmarshal(data, &results); err != nil {
		return err
	}
	for key, r := range results {
		if !r.Host.valid() || !r.WebGPU.valid() {
			return fmt.Errorf("%.80q has a rate that is not a positive number", key)
		}
	}
	if results != nil { // "null" gives none
		d.results = results
	}
	return nil
}

// Save adds a result and writes the document.
func (d *Document) Save(key string, r Result) {
	d.Load(key)
	d.results[key] = r
	data, err := json.MarshalIndent(d.results, "", "  ")
	if err == nil {
		err = d.Write(append(data, '\n'))
	}
	if err != nil {
		d.Warn(fmt.Errorf("speeds of backends cannot be remembered: %w", err))
	}
}
