package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// console is what a command reads and writes, and the shared flags it was given.
type console struct {
	options
	stdin          io.Reader
	stdout, stderr io.Writer
	args           []string // besides flags, of a command that takes some
}

// print writes a command's result: with --json the document, otherwise text, whose tabs make columns.
func (c *console) print(document any, text func(w io.Writer)) error {
	var b bytes.Buffer
	if c.json {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(document); err != nil {
			if _, ok := errors.AsType[*json.UnsupportedValueError](err); ok {
				return errors.New("the result holds a number that is not finite; the model's weights are too large, use another model")
			}
			return err
		}
	} else {
		t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		text(t)
		t.Flush()
	}
	if _, err := c.stdout.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// note writes a line for people.
func (c *console) note(format string, args ...any) { fmt.Fprintf(c.stderr, format+"\n", args...) }

// number is a float that is null in JSON where there is no value.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON is the inverse.
func (n *number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*n = noNumber
		return nil
	}
	return json.Unmarshal(data, (*float64)(n))
}

func (n number) String() string {
	if math.IsNaN(float64(n)) {
		return "–"
	}
	return fmt.Sprintf("%.3f", float64(n))
}

// noNumber is null in JSON.
var noNumber = number(math.NaN())
