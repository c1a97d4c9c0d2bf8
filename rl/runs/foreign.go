package runs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"attnlab/rl/parquet"
)

// Trainers whose logs [Foreign] reads.
const (
	fromTRL         = "TRL"
	fromVerl        = "verl"
	fromWandB       = "Weights & Biases"
	fromTensorBoard = "TensorBoard"
)

// ForeignFrom begins the origin of a run that was read from the log of another trainer: "imported from TRL".
const ForeignFrom = "imported from "

// IsForeign reports whether a run was read from the log of another trainer.
func (s Settings) IsForeign() bool { return strings.HasPrefix(s.From, ForeignFrom) }

// isUnknown reports whether nobody knows how a run was trained: method, task and seed of the log of another trainer, but for projects of
// "attnlab handover".
func (s Settings) isUnknown() bool { return s.IsForeign() && s.Method == "" }

// Foreign reads the log of another trainer: trainer_state.json of TRL and transformers, the lines of JSON of verl's file logger, the rollouts of TRL and verl as lines of JSON or Parquet, exports of
// Weights & Biases as CSV, JSON or lines of JSON, and the event files of TensorBoard. It returns the files of a run of ours, its settings and its
// log, and nil for a file that is no such log. The error says in a clause what is wrong with one that is.
//
// A line of the log counts as a training step, because trainers count differently; their own number is the column trainer_step. Values that
// mean the same get our names. The settings say in Note where the log is from, and what is not known of how it was measured.
func Foreign(name string, data []byte) (map[string][]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // byte order mark
	var f *foreign
	var err error
	if parquet.Is(data) {
		if data, err = linesOfTable(data); data == nil {
			return nil, err
		}
	}
	switch {
	case strings.Contains(path.Base(name), "tfevents"):
		f, err = readEvents(data)
	case strings.EqualFold(path.Ext(name), ".csv"):
		f, err = readWandBTable(data)
	case isDump(data):
		f, err = readDump(data)
	case isLinesOf(data, "step", "data"):
		f, err = readVerl(data)
	case isLinesOf(data, "_step"):
		f, err = readWandBLines(data)
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) && bytes.Contains(data, []byte(`"log_history"`)):
		f, err = readTrainerState(data)
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) && bytes.Contains(data, []byte(`"_step"`)):
		f, err = readWandBList(data)
	}
	if f == nil || err != nil {
		return nil, err
	}
	return f.files()
}

// foreign is a log of another trainer.
type foreign struct {
	from     string
	rows     []foreignRow     // in the order of their steps
	rollouts []foreignRollout // likewise
	project  *project         // that "attnlab handover" wrote; nil of others
	names    func(name string) string
}

type foreignRow struct {
	step   float64 // as its trainer counts
	values map[string]float64
}

// project is what a project of "attnlab handover" says in its log.
type project struct {
	Method     string            `json:"method"`
	Model      string            `json:"model"`
	Task       string            `json:"task"`
	Teacher    string            `json:"teacher"`
	Difficulty string            `json:"difficulty"`
	FocusHeads string            `json:"focus_heads"`
	Seed       Seed              `json:"seed"`
	Hyper      map[string]scalar `json:"hyper"`
	Base       *Identity         `json:"base"`
}

// scalar is a number or a text as text.
type scalar string

func (s *scalar) UnmarshalJSON(data []byte) error {
	text := string(data)
	if len(data) > 0 && data[0] == '"' {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
	}
	*s = scalar(text)
	return nil
}

// mostForeign bounds what is read, in rows and in values.
const mostForeign = 1 << 22

// add puts values of a step beside those that it has already: some trainers write a step in several parts.
func (f *foreign) add(step float64, values map[string]float64) error {
	if n := len(f.rows); n > 0 && f.rows[n-1].step == step {
		maps.Copy(f.rows[n-1].values, values)
		return nil
	}
	if len(f.rows)*max(1, len(values)) > mostForeign {
		return errors.New("it has more values than are read here; export fewer columns")
	}
	f.rows = append(f.rows, foreignRow{step, values})
	return nil
}

// files are run.json and metrics.jsonl.
func (f *foreign) files() (map[string][]byte, error) {
	slices.SortStableFunc(f.rows, func(a, b foreignRow) int { return cmp.Compare(a.step, b.step) })
	if len(f.rows) == 0 {
		return nil, fmt.Errorf("it is a log of %s without any step; choose one of a run that has trained", f.from)
	}
	var log bytes.Buffer
	generated := 0.0
	for i, row := range f.rows {
		line := map[string]float64{}
		for name, value := range row.values {
			line[name] = value
		}
		for name, value := range row.values {
			if own := f.names(name); own != "" {
				delete(line, name)
				line[own] = value
			}
		}
		if p := f.project; p != nil {
			line["updates"] = row.step
			if generated += row.values["completions/mean_length"] * p.responses(); generated > 0 {
				line["generated_tokens"] = generated
			}
			if raw, ok := row.values["rewards/short/mean"]; ok { // TRL's reward has its weight
				line["reward"] = raw
			}
		}
		line["step"], line["trainer_step"] = float64(i+1), row.step
		text, err := marshal(line)
		if err != nil {
			return nil, fmt.Errorf("its step %g has a value that is no number", row.step)
		}
		log.Write(append(text, '\n'))
	}
	about, err := document(f.settings())
	if err != nil || len(f.rollouts) == 0 {
		return map[string][]byte{RunFile: about, MetricsFile: log.Bytes()}, err
	}
	var all Rollouts
	for start := 0; start < len(f.rollouts) && err == nil; {
		var step []Rollout
		for end := start; start < len(f.rollouts) && f.rollouts[start].at == f.rollouts[end].at; start++ {
			step = append(step, f.rollouts[start].Rollout)
		}
		err = all.Add(step)
	}
	return map[string][]byte{RunFile: about, MetricsFile: log.Bytes(), RolloutsFile: all.text()}, err
}

// settings are what the log says of its run.
func (f *foreign) settings() Settings {
	s := Settings{Steps: len(f.rows), From: ForeignFrom + f.from,
		Note: "Read from a log of " + f.from + ". Unknown: method, model, task, problems, sampling and adapter; so it is shown alone and averaged with nothing."}
	p := f.project
	if len(f.rollouts) > 0 {
		s.Note = "Read from rollouts of " + f.from + ". Unknown: method, model, task, sampling, adapter, and lengths in tokens; so it is shown alone and averaged with nothing."
	}
	if p == nil {
		return s
	}
	s.Method, s.Model, s.Task, s.Teacher, s.Difficulty, s.Seed, s.Base, s.FocusHeads = p.Method, p.Model, p.Task, p.Teacher, p.Difficulty, p.Seed, p.Base, p.FocusHeads
	s.Values = map[string]string{}
	for name, value := range p.Hyper {
		s.Values[name] = string(value)
	}
	s.Note = "Trained by " + f.from + " in a project of attnlab handover, and read from its log. Unknown: its adapter, and random numbers that the lab could repeat. Values are of training problems."
	return s
}

// responses are those of a step; 0 where the settings do not say.
func (p *project) responses() float64 {
	var n [2]float64
	for i, name := range []string{"problems", "group"} {
		if _, err := fmt.Sscan(string(p.Hyper[name]), &n[i]); err != nil {
			return 0
		}
	}
	return n[0] * n[1]
}

// finiteOf are the finite numbers of a JSON object.
func finiteOf(object map[string]json.RawMessage) map[string]float64 {
	values := map[string]float64{}
	for name, raw := range object {
		var x float64
		if json.Unmarshal(raw, &x) == nil && string(raw) != "null" {
			values[name] = x
		}
	}
	return values
}

// isLinesOf reports whether the first line of a text begins with a JSON object with these keys; of two, with no other.
func isLinesOf(data []byte, keys ...string) bool {
	line, _, _ := bytes.Cut(bytes.TrimSpace(data), []byte("\n"))
	var object map[string]json.RawMessage
	if json.NewDecoder(bytes.NewReader(withoutNaN(line))).Decode(&object) != nil {
		return false
	}
	for _, key := range keys {
		if _, ok := object[key]; !ok {
			return false
		}
	}
	return len(keys) != 2 || len(object) == 2
}

// eachLine calls with every line of a log that is not blank, and with its number from 1. read reports whether it is a line of that log. A last line
// that broke off is left out; the error names the first other one that is none.
func (f *foreign) eachLine(data []byte, read func(n int, line []byte) (is bool, err error)) error {
	lines := bytes.Split(bytes.TrimRight(data, " \t\r\n"), []byte("\n"))
	for i, line := range lines {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		switch is, err := read(i+1, withoutNaN(line)); {
		case err != nil:
			return err
		case !is && i == len(lines)-1 && len(f.rows) > 0 && isCutOff(line):
		case !is:
			return fmt.Errorf("it is a log of %s, and line %d is none of its lines; delete that line, or copy the log again", f.from, i+1)
		}
	}
	return nil
}

// isCutOff reports whether a line is the beginning of a JSON object.
func isCutOff(line []byte) bool {
	var object map[string]json.RawMessage
	err := json.NewDecoder(bytes.NewReader(withoutNaN(line))).Decode(&object)
	return errors.Is(err, io.ErrUnexpectedEOF) || err != nil && line[0] == '{' && line[len(line)-1] != '}' // in the middle of NaN
}

// readTrainerState reads trainer_state.json.
func readTrainerState(data []byte) (*foreign, error) {
	var state struct {
		History []json.RawMessage `json:"log_history"`
		Project *project          `json:"attnlab"`
	}
	if err := json.Unmarshal(withoutNaN(data), &state); err != nil {
		return nil, fmt.Errorf("it is a trainer_state.json that cannot be read: %w; copy it again from where it was written", err)
	}
	f := &foreign{from: fromTRL, project: state.Project, names: namesOfTRL}
	for i, text := range state.History {
		var entry map[string]json.RawMessage
		if err := json.Unmarshal(text, &entry); err != nil || entry == nil {
			return nil, fmt.Errorf("it is a trainer_state.json, and entry %d of its log_history is %.20q, no object; copy it again from where it was written", i+1, text)
		}
		values := finiteOf(entry)
		step, ok := values["step"]
		_, summary := values["train_runtime"] // of the whole run
		if !ok || summary {
			continue
		}
		delete(values, "step")
		if err := f.add(step, values); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func namesOfTRL(name string) string {
	return map[string]string{"rewards/correct/mean": "accuracy", "grad_norm": "gradient_norm", "learning_rate": "lr"}[name]
}

// readVerl reads the lines of verl's file logger, {"step": 1, "data": {"critic/score/mean": 0.5}}.
func readVerl(data []byte) (*foreign, error) {
	f := &foreign{from: fromVerl, names: namesOfVerl}
	return f, f.eachLine(data, func(_ int, line []byte) (bool, error) {
		var entry struct {
			Step *float64                   `json:"step"`
			Data map[string]json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(line, &entry); err != nil || entry.Step == nil {
			return false, nil
		}
		return true, f.add(*entry.Step, finiteOf(entry.Data))
	})
}

func namesOfVerl(name string) string {
	if strings.HasPrefix(name, "val-core/") && strings.HasSuffix(name, "/acc/mean@1") {
		return "held_out.accuracy"
	}
	return map[string]string{"critic/score/mean": "reward", "actor/entropy": "entropy", "actor/grad_norm": "gradient_norm", "actor/pg_loss": "loss", "actor/lr": "lr", "actor/kl_loss": "kl"}[name]
}
