package main

import (
	"attnlab/rl/stat"
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
	args           []string          // besides flags, of a command that takes some
	given          map[string]string // flags that were given, with their values
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

// number is null in JSON where there is no value.
type number = stat.Number

// noNumber is null in JSON.
var noNumber = number(math.NaN())
