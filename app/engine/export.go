package engine

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/handover"
	"attnlab/rl/runs"
)

// exportRun sends the files of a run: a folder that "attnlab" opens.
func (e *Engine) exportRun(ctx context.Context, c session.ExportRun) error {
	t, err := e.runNamed(c.ID)
	if err != nil {
		return err
	}
	if slices.Contains(handover.Engines, c.Part) {
		return e.handOver(ctx, t, c.Part)
	}
	if t.info.State == session.Damaged {
		return e.exportDamaged(ctx, t)
	}
	if t.info.HasModel() {
		if err := e.fetchState(ctx, t); err != nil {
			return err
		}
	}
	if c.Part != "" {
		return e.exportPart(ctx, t, c.Part)
	}
	t.about()
	run := t.run
	if err := t.addModels(); err != nil {
		return err
	}
	run.Base, run.Reflection, t.run.Base, t.run.Reflection = t.run.Base, t.run.Reflection, nil, nil
	if t.state != nil {
		if run.Checkpoint, err = t.state.Files(); err != nil {
			return err
		}
	}
	files, err := run.Files()
	if err != nil {
		return err
	}
	if adapters, err := t.adaptersOf(); err == nil {
		part, err := adapters.Files(t.state.Config)
		if err != nil {
			return err
		}
		for name, data := range part {
			files[adapterFolder+name] = data
		}
	}
	if files[t.run.Settings.LogFile()], err = e.wholeLog(ctx, t); err != nil {
		return err
	}
	rollouts, err := runs.RolloutFiles(ctx, e.library.Store, t.info.ID, t.run)
	if err != nil {
		return err
	}
	maps.Copy(files, runs.OneRolloutFile(rollouts))
	e.publish(session.RunFiles{ID: c.ID, Name: t.info.Name, Files: files})
	return nil
}

// exportDamaged sends the files of a damaged run as they are stored, its log up to the damage. The log as it was goes under another name.
func (e *Engine) exportDamaged(ctx context.Context, t *training) error {
	stored, err := e.library.Store.Load(ctx, t.info.ID)
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	for name, data := range stored {
		if runs.IsLog(name) {
			name += damagedEnd
		}
		files[name] = data
	}
	if t.step() > 0 {
		files[t.run.Settings.LogFile()] = t.run.Log.Text()
	}
	e.publish(session.RunFiles{ID: t.info.ID, Name: t.info.Name, Files: files})
	return nil
}

// damagedEnd is what the names of the parts of a damaged log end in.
const damagedEnd = ".damaged"

// wholeLog is every line of a run.
func (e *Engine) wholeLog(ctx context.Context, t *training) ([]byte, error) {
	return runs.WholeLog(ctx, e.library.Store, t.info.ID, t.run)
}

// exportMetrics sends every step of runs as one file.
func (e *Engine) exportMetrics(ctx context.Context, c session.ExportMetrics) error {
	var list []session.KeptRun
	of, err := e.runsNamed(c.IDs)
	if err != nil {
		return err
	}
	for _, t := range of {
		text, err := e.wholeLog(ctx, t)
		if err != nil {
			return err
		}
		log, err := runs.ReadLog(text)
		if err != nil {
			return err
		}
		t.about()
		t.info.Step = t.step()
		list = append(list, session.KeptRun{Info: t.info, Settings: t.view(), Metrics: session.Columns(log.Columns())})
	}
	form := metricsJSON
	if strings.HasSuffix(c.Name, ".csv") {
		form = metricsCSV
	}
	data, err := form(list)
	if err != nil {
		return err
	}
	e.publish(session.RunFiles{ID: c.Name, Name: c.Name, Files: map[string][]byte{c.Name: data}})
	return nil
}

// metricsCSV is a line for every step of every run. A metric that a step does not have is empty.
func metricsCSV(list []session.KeptRun) ([]byte, error) {
	var names []string
	for _, r := range list {
		for _, m := range r.Metrics {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(append([]string{"id", "name", "from", "run_method", "run_seed"}, names...))
	for _, r := range list {
		columns := make([][]*float64, len(names))
		for _, m := range r.Metrics {
			columns[slices.Index(names, m.Name)] = m.Values
		}
		for row := range runs.Columns(r.Metrics).Rows() {
			line := []string{r.Info.ID, r.Info.Name, r.Info.From, r.Settings.Method, r.Settings.Seed.String()}
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

// metricsJSON is runs with settings and metrics, as the session has them, with all numbers as text.
func metricsJSON(list []session.KeptRun) ([]byte, error) {
	type plain struct {
		session.KeptRun
		Metrics []session.Metric `json:"metrics"`
	}
	all := make([]plain, len(list))
	for i, r := range list {
		all[i] = plain{r, r.Metrics}
	}
	return json.MarshalIndent(all, "", "\t")
}
