package engine

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"

	"attnlab/app/session"
)

// runLog is the log of a run, a line a step, by pages: the newest is in memory and in the storage, those before are full
// and in the storage alone. Of those memory has what screens are shown, so that it does not grow with the run.
type runLog struct {
	page   int      // number of the newest
	first  int      // number of its first line in the log
	lines  [][]byte // of the newest page
	turned []int    // which lines of the pages before have a row in columns: it comes before those of lines
	metrics
}

// pageLines is how many lines make a page full; tests make do with fewer.
var pageLines = 256

// rows is the number of lines of the whole log.
func (l *runLog) rows() int { return l.first + len(l.lines) }

// write takes in a line, without its end.
func (l *runLog) write(line []byte) error {
	columns, err := l.metrics.add(line)
	if err == nil {
		l.metrics, l.lines = columns, append(l.lines, append(line, '\n'))
	}
	return err
}

// turn begins a page, once the storage has the newest.
func (l *runLog) turn() {
	rows := l.rows()
	l.metrics, l.turned = l.pick(shownOf(rows))
	l.page, l.first, l.lines = l.page+1, rows, nil
}

// upTo is the log as it was after a step. That is not before the newest page: the storage has no page that the newest
// copy of the run lacks.
func (l *runLog) upTo(step int) runLog {
	cut := *l
	cut.metrics = l.metrics.upTo(step)
	cut.lines = append([][]byte{}, l.lines[:cut.metrics.rows()-len(l.turned)]...)
	return cut
}

// shown are the columns for a snapshot.
func (l *runLog) shown() []session.Metric {
	columns, _ := l.pick(shownOf(l.rows()))
	return append([]session.Metric{}, columns...)
}

// pick are the columns of the lines that are asked for and have a row, and the numbers of these lines.
func (l *runLog) pick(asked func(line int) bool) (columns metrics, numbers []int) {
	var rows []int
	for row := range l.metrics.rows() {
		number := l.first + row - len(l.turned)
		if row < len(l.turned) {
			number = l.turned[row]
		}
		if asked(number) {
			rows, numbers = append(rows, row), append(numbers, number)
		}
	}
	return l.metrics.pick(rows), numbers
}

// shownOf tells which lines of so many are shown: the newest [session.NewestSteps], and of those before one in 2^k, at
// most [session.OlderSteps]. A line that is not shown will not be when there are more.
func shownOf(lines int) func(line int) bool {
	older, every := max(0, lines-session.NewestSteps), 1
	for older > every*session.OlderSteps {
		every *= 2
	}
	return func(line int) bool { return line >= older || line%every == 0 }
}

// pageFile names a page of a log in the storage.
func pageFile(log string, page int) string {
	if page == 0 {
		return log
	}
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(log, path.Ext(log)), page, path.Ext(log))
}

// text is the newest page.
func (l *runLog) text() []byte { return bytes.Join(l.lines, nil) }

// stored makes a log that was read as one page what it is in the storage: so many pages, the newest full.
func (l *runLog) stored(pages int) {
	l.page = pages - 1
	l.turn()
}

// pagesOf joins the pages of a log among the files of a run.
func pagesOf(files map[string][]byte, log string) (text []byte, pages int) {
	for ; files[pageFile(log, pages)] != nil; pages++ {
		text = append(text, files[pageFile(log, pages)]...)
	}
	return text, pages
}

// wholeLog is every line of a run.
func (e *Engine) wholeLog(ctx context.Context, t *training) ([]byte, error) {
	var pages [][]byte
	for page := range t.log.page {
		name := pageFile(logFile(t.settings.Method), page)
		files, err := e.library.Store.Load(ctx, t.info.ID, name)
		if err != nil {
			return nil, err
		}
		if files[name] == nil {
			return nil, fmt.Errorf("a part of the run's log, %s, is not in this browser's storage any more", name)
		}
		pages = append(pages, files[name])
	}
	return bytes.Join(append(pages, t.log.text()), nil), nil
}
