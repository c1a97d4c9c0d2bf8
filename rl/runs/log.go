package runs

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Log is the log of a run, a line a step. It stores lines unchanged, so that keys which this version does not know survive. In a
// store that cannot append, the log is divided into pages: the newest is in memory, older ones are full and in the store alone.
// Of older pages, memory holds only the rows that screens show, so that it does not grow with the run.
type Log struct {
	page   int      // number of the newest
	pages  int      // that a log was read from; 0 of one that was not read
	first  int      // number of the newest page's first line in the log
	lines  [][]byte // of the newest page, each with its end
	turned []int    // which lines of the pages before have a row in columns: it comes before those of lines
	cols   Columns

	brokeOff bool // the text that it was read from ends in a part of a line, which is left out
}

// DamagedLog is the error of a log that can be read up to a line and no further.
type DamagedLog struct {
	Line int // that cannot be read, from 1
	Err  error
}

func (d *DamagedLog) Error() string { return fmt.Sprintf("line %d of the metrics: %v", d.Line, d.Err) }

func (d *DamagedLog) Unwrap() error { return d.Err }

// A log of a long run is shown by its newest steps one by one, and of those before every second, fourth, … so that what
// screens get stays small. Column "step" has the steps.
const (
	NewestSteps = 64
	OlderSteps  = 128 // at most
)

// PageLines is how many lines make a page full. Tests set it to fewer.
var PageLines = 256

// ReadLog reads metrics.jsonl, or the training.jsonl of pretraining, as one page: lines of any length. A last line that broke
// off is left out, see [Log.BrokeOff]. A value that is null, NaN or missing is a gap. With a [DamagedLog] it returns the lines before
// the damage too.
func ReadLog(text []byte) (l Log, err error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // byte order mark
	for n := 1; len(text) > 0; n++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if err := l.Add(line); err != nil {
			if last := len(bytes.TrimSpace(text)) == 0; last && l.Rows() > 0 {
				l.brokeOff = true
				break
			}
			return l, &DamagedLog{n, err}
		}
	}
	return l, nil
}

// Add appends a line, without its end.
func (l *Log) Add(line []byte) error {
	cols, err := l.cols.add(line)
	if err == nil {
		l.cols, l.lines = cols, append(l.lines, append(bytes.Clone(line), '\n'))
	}
	return err
}

// BrokeOff reports whether the text that the log was read from ends in a line that cannot be read, which is left out.
func (l *Log) BrokeOff() bool { return l.brokeOff }

// Rows is the number of lines of the whole log.
func (l *Log) Rows() int { return l.first + len(l.lines) }

// Step is the step of the last line, 0 without one.
func (l *Log) Step() int { return int(l.cols.Last("step")) }

// Tokens is how many tokens the run had generated at the last line.
func (l *Log) Tokens() int64 { return int64(l.cols.Last("generated_tokens")) }

// Last is the newest value of a column, 0 without one.
func (l *Log) Last(name string) float64 { return l.cols.Last(name) }

// Columns are all numbers in memory: of a log that was just read, of every line.
func (l *Log) Columns() Columns { return l.cols }

// Line is the last line as it was written, nil without one in memory.
func (l *Log) Line() []byte {
	if len(l.lines) == 0 {
		return nil
	}
	return bytes.TrimSpace(l.lines[len(l.lines)-1])
}

// Text is the newest page.
func (l *Log) Text() []byte { return bytes.Join(l.lines, nil) }

// UpTo is the log up to a step: lines after a checkpoint are taken again. That is not before the newest page, as the store
// has no page that its checkpoint lacks.
func (l *Log) UpTo(step int) Log {
	cut := *l
	cut.cols = l.cols.upTo(step)
	cut.lines = slices.Clone(l.lines[:max(0, cut.cols.Rows()-len(l.turned))])
	return cut
}

// Shown are the columns for screens, with the six digits of a number that a screen can show: they make a message a third as long.
func (l *Log) Shown() []Column {
	columns, _ := l.pick(shownOf(l.Rows()))
	shown := []Column{}
	for _, c := range columns {
		shown = append(shown, c.rounded())
	}
	return shown
}

// pick are the columns of the lines that are asked for and have a row, and the numbers of these lines.
func (l *Log) pick(asked func(line int) bool) (columns Columns, numbers []int) {
	var rows []int
	for row := range l.cols.Rows() {
		number := l.first + row - len(l.turned)
		if row < len(l.turned) {
			number = l.turned[row]
		}
		if asked(number) {
			rows, numbers = append(rows, row), append(numbers, number)
		}
	}
	return l.cols.pick(rows), numbers
}

// shownOf chooses which of a number of lines are shown: the newest [NewestSteps], and one in 2^k of those before, at most
// [OlderSteps]. A line that is not shown stays hidden as the log grows.
func shownOf(lines int) func(line int) bool {
	older, every := max(0, lines-NewestSteps), 1
	for older > every*OlderSteps {
		every *= 2
	}
	return func(line int) bool { return line >= older || line%every == 0 }
}

// turn begins a page, once the store has the newest.
func (l *Log) turn() {
	rows := l.Rows()
	l.cols, l.turned = l.pick(shownOf(rows))
	l.page, l.first, l.lines = l.page+1, rows, nil
}

// Stored makes a log that was just read what it is in the store that it was read from: all its pages full, the next one empty.
func (l *Log) Stored() {
	l.page = max(0, l.pages-1)
	if l.pages > 0 {
		l.turn()
	}
}

// pageFile names a page of a log.
func pageFile(log string, page int) string {
	if page == 0 {
		return log
	}
	stem, ends, _ := strings.Cut(log, ".")
	return fmt.Sprintf("%s-%d.%s", stem, page, ends)
}

// isPage reports whether name is a page of a log.
func isPage(name, log string) bool {
	var page int
	stem, _, _ := strings.Cut(log, ".")
	inner, ok := strings.CutPrefix(name, stem+"-")
	if ok {
		_, err := fmt.Sscanf(inner, "%d", &page)
		ok = err == nil && page > 0
	}
	return name == log || ok && name == pageFile(log, page)
}

// joinPages joins the pages of a log among the files of a run.
func joinPages(files map[string][]byte, log string) (text []byte, pages int) {
	for ; files[pageFile(log, pages)] != nil; pages++ {
		if n := len(text); n > 0 && text[n-1] != '\n' {
			text = append(text, '\n')
		}
		text = append(text, files[pageFile(log, pages)]...)
	}
	return text, pages
}
