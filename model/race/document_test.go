package race_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"attnlab/model/race"
)

// disk is what a [race.Document] reads and writes.
type disk struct {
	data     []byte
	err      error
	warnings []string
}

func (d *disk) document() *race.Document[race.Result] {
	return &race.Document[race.Result]{
		Read: func() ([]byte, error) {
			if d.data == nil && d.err == nil {
				return nil, fs.ErrNotExist
			}
			return d.data, d.err
		},
		Write: func(data []byte) error { d.data = data; return d.err },
		Warn:  func(err error) { d.warnings = append(d.warnings, err.Error()) },
	}
}

// TestDocument saves results for the next start.
func TestDocument(t *testing.T) {
	d := &disk{}
	a := race.Result{Adapter: "A", Host: race.Rate{Sampling: 1, Training: 2}, WebGPU: race.Rate{Sampling: 3, Training: 4}}
	first := d.document()
	if _, known := first.Load("a"); known {
		t.Error("an empty document has a result")
	}
	first.Save("a", a)
	d.document().Save("b", race.Result{Adapter: "B", Host: a.WebGPU, WebGPU: a.Host})
	next := d.document()
	if got, known := next.Load("a"); !known || got != a {
		t.Errorf("a is %v, %v", got, known)
	}
	if got, known := next.Load("b"); !known || got.Adapter != "B" {
		t.Errorf("b is %v, %v", got, known)
	}
	if _, known := next.Load("c"); known || len(d.warnings) > 0 {
		t.Errorf("c is known; warnings %q", d.warnings)
	}
}

// TestDamagedDocument ignores a damaged document with one warning, and replaces it.
func TestDamagedDocument(t *testing.T) {
	for name, data := range map[string]string{
		"cut":      `{"a":{"adapter":"A","host":{"sampl`,
		"list":     `[1]`,
		"negative": `{"a":{"adapter":"A","host":{"sampling":-1,"training":2},"webgpu":{"sampling":3,"training":4}}}`,
		"missing":  `{"a":{"adapter":"A"}}`,
	} {
		d := &disk{data: []byte(data)}
		m := d.document()
		if _, known := m.Load("a"); known || len(d.warnings) != 1 || !strings.Contains(d.warnings[0], "measured again") {
			t.Errorf("%s: known %v, warnings %q", name, known, d.warnings)
		}
		want := race.Result{Host: race.Rate{Sampling: 1, Training: 1}, WebGPU: race.Rate{Sampling: 2, Training: 2}}
		m.Save("a", want)
		if got, _ := d.document().Load("a"); got != want || len(d.warnings) != 1 {
			t.Errorf("%s: the next start reads %v, warnings %q", name, got, d.warnings)
		}
	}
	d := &disk{data: []byte("null")} // JSON, and no results
	m := d.document()
	if m.Save("a", race.Result{}); len(d.warnings) > 0 {
		t.Errorf("warnings %q", d.warnings)
	}
	d = &disk{err: errors.New("disk full")}
	m = d.document()
	m.Save("a", race.Result{})
	if len(d.warnings) != 2 {
		t.Errorf("warnings %q, want one for reading and one for writing", d.warnings)
	}
	if _, known := m.Load("a"); !known {
		t.Error("a result that cannot be written is lost at once")
	}
}
