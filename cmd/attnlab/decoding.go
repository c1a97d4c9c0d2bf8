package main

import (
	"fmt"
	"io"
	"time"

	"attnlab/gpu"
	"attnlab/model"
)

// decodingDocument is how a device decodes, in what doctor prints.
type decodingDocument struct {
	Path  string         `json:"path"`
	Why   string         `json:"why"`
	Times int            `json:"tokens_per_dispatch"` // of all sequences; 0 where a token takes several dispatches
	Tries []decodingPath `json:"paths"`
}

// decodingPath is what a path did in the race.
type decodingPath struct {
	Path    string `json:"path"`
	Ms      number `json:"ms_per_token"` // of all sequences; null where the path cannot be used
	Exact   bool   `json:"same_bits"`
	Problem string `json:"problem,omitempty"`
}

// doctorSequences is how many sequences doctor decodes at once.
const doctorSequences = 16

// measureDecoding races the paths of decoding on d with the shape of the small base.
func (c *console) measureDecoding(d *gpu.Device) (document decodingDocument, err error) {
	fail := func(err error) (decodingDocument, error) {
		return decodingDocument{}, fmt.Errorf("decoding on %s cannot be measured: %w", d.Info, err)
	}
	config, err := c.smallShape()
	if err != nil {
		return document, err
	}
	m, err := model.New(d, config, config.Init(c.seed))
	if err != nil {
		return fail(err)
	}
	defer m.Release()
	decoder, err := model.NewDecoder(m, model.DecoderSize{Slots: doctorSequences, Rows: doctorSequences * config.MaxContext, Chunk: 16})
	if err != nil {
		return fail(err)
	}
	defer decoder.Release()
	chosen, err := decoder.Choose()
	if err != nil {
		return fail(err)
	}
	document = decodingDocument{Path: string(chosen.Path), Why: chosen.Why, Times: chosen.Times, Tries: []decodingPath{}}
	for _, t := range chosen.Tries {
		p := decodingPath{Path: string(t.Path), Ms: noNumber, Exact: t.Exact, Problem: t.Problem}
		if t.Problem == "" {
			p.Ms = number(float64(t.Token) / float64(time.Millisecond))
		}
		document.Tries = append(document.Tries, p)
	}
	return document, nil
}

// text prints the choice and every path.
func (d decodingDocument) text(w io.Writer) {
	fmt.Fprintf(w, "decoding\t%s: %s\n", d.Path, d.Why)
	for _, p := range d.Tries {
		if p.Problem == "" {
			fmt.Fprintf(w, "path %s\t%.2f ms a token of %d sequences\n", p.Path, float64(p.Ms), doctorSequences)
		}
	}
}
