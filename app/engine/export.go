package engine

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// exportRun sends the files of a run: a folder that "attnlab" opens.
func (e *Engine) exportRun(ctx context.Context, id string) error {
	t, err := e.runNamed(id)
	if err != nil {
		return err
	}
	if t.info.State != session.MetricsOnly {
		if err := e.fetchState(ctx, t); err != nil {
			return err
		}
	}
	files, err := t.files(true)
	if err != nil {
		return err
	}
	if files[logFile(t.settings.Method)], err = e.wholeLog(ctx, t); err != nil {
		return err
	}
	e.publish(session.RunFiles{ID: id, Name: t.info.Name, Files: files})
	return nil
}

// exportMetrics sends every step of runs as one file.
func (e *Engine) exportMetrics(ctx context.Context, c session.ExportMetrics) error {
	var runs []session.KeptRun
	for _, id := range c.IDs {
		t, err := e.runNamed(id)
		if err != nil {
			return err
		}
		text, err := e.wholeLog(ctx, t)
		if err != nil {
			return err
		}
		log, err := readLog(text)
		if err != nil {
			return err
		}
		t.info.Step = t.step()
		runs = append(runs, session.KeptRun{Info: t.info, Settings: t.settings, Metrics: log.metrics})
	}
	form := metricsJSON
	if strings.HasSuffix(c.Name, ".csv") {
		form = metricsCSV
	}
	data, err := form(runs)
	if err != nil {
		return err
	}
	e.publish(session.RunFiles{ID: c.Name, Name: c.Name, Files: map[string][]byte{c.Name: data}})
	return nil
}

// metricsCSV is a line for every step of every run. A metric that a step does not have is empty.
func metricsCSV(runs []session.KeptRun) ([]byte, error) {
	var names []string
	for _, r := range runs {
		for _, m := range r.Metrics {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(append([]string{"id", "name", "from", "run_method", "run_seed"}, names...))
	for _, r := range runs {
		columns := make([][]*float64, len(names))
		for _, m := range r.Metrics {
			columns[slices.Index(names, m.Name)] = m.Values
		}
		for row := range metrics(r.Metrics).rows() {
			line := []string{r.Info.ID, r.Info.Name, r.Info.From, r.Settings.Method, strconv.FormatUint(r.Settings.Seed, 10)}
			for _, values := range columns {
				text := ""
				if values != nil && values[row] != nil {
					text = strconv.FormatFloat(*values[row], 'f', -1, 64)
				}
				line = append(line, text)
			}
			w.Write(line)
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// metricsJSON is runs with settings and metrics, as the session has them.
func metricsJSON(runs []session.KeptRun) ([]byte, error) { return json.MarshalIndent(runs, "", "\t") }
