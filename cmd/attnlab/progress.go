package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress shows the progress of long work: a bar on a terminal, a line at intervals elsewhere.
type progress struct {
	w        io.Writer
	what     string // "sampling"
	from     int    // done before it began
	terminal bool
	start    time.Time
	shown    time.Time
}

const (
	barWidth  = 30
	barEvery  = 100 * time.Millisecond
	lineEvery = 5 * time.Second
)

func (c *console) progress(what string) *progress {
	p := &progress{w: c.stderr, what: what, start: time.Now(), shown: time.Now()}
	if f, ok := c.stderr.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// set shows that done of all items are done, with a note or without one.
func (p *progress) set(done, of int, note string) {
	every := lineEvery
	if p.terminal {
		every = barEvery
	}
	now := time.Now()
	if now.Sub(p.shown) < every || of == 0 {
		return
	}
	p.shown = now
	if note != "" {
		note = "  " + note
	}
	if done > p.from && done < of {
		left := now.Sub(p.start) * time.Duration(of-done) / time.Duration(done-p.from)
		note += fmt.Sprintf("  %s left", left.Round(time.Second))
	}
	if !p.terminal {
		fmt.Fprintf(p.w, "%s: %d of %d%s\n", p.what, done, of, note)
		return
	}
	full := min(barWidth*done/of, barWidth)
	fmt.Fprintf(p.w, "\r\x1b[K%s %s%s %d/%d%s", p.what, strings.Repeat("━", full), strings.Repeat("╌", barWidth-full), done, of, note)
}

// end removes the bar.
func (p *progress) end() {
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
