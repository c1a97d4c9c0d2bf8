package race

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// Entry is what a [Document] holds: [Result] or [Products].
type Entry interface{ valid() bool }

// Document is a [Memory] in one JSON document: entries by their keys.
type Document[E Entry] struct {
	// Read returns the document. The error wraps [fs.ErrNotExist] if there is none yet.
	Read func() ([]byte, error)
	// Write replaces it.
	Write func([]byte) error
	// Warn reports a document that cannot be read or written. It costs no more than another race.
	Warn func(error)

	entries map[string]E // nil before it is read
}

// Load returns the entry with a key.
func (d *Document[E]) Load(key string) (E, bool) {
	if d.entries == nil {
		d.entries = map[string]E{}
		data, err := d.Read()
		if err == nil {
			err = d.decode(data)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.Warn(fmt.Errorf("remembered speeds cannot be read, so they are measured again: %w", err))
		}
	}
	e, ok := d.entries[key]
	return e, ok
}

// decode takes all entries of a document, or none if one of them cannot be right.
func (d *Document[E]) decode(data []byte) error {
	entries := map[string]E{}
	if err := json.Unmarshal(data, &entries); err != nil {
		return err
	}
	for key, e := range entries {
		if !e.valid() {
			return fmt.Errorf("%.80q has a rate that is not a positive number", key)
		}
	}
	if entries != nil { // "null" gives none
		d.entries = entries
	}
	return nil
}

// Save adds an entry and writes the document.
func (d *Document[E]) Save(key string, e E) {
	d.Load(key)
	d.entries[key] = e
	data, err := json.MarshalIndent(d.entries, "", "  ")
	if err == nil {
		err = d.Write(append(data, '\n'))
	}
	if err != nil {
		d.Warn(fmt.Errorf("speeds cannot be remembered: %w", err))
	}
}
