package runs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"attnlab/rl/parquet"
	"attnlab/rl/stat"
)

// isDump reports whether a text is lines of rollouts of verl, {"input", "output", "score", "step"}, or of TRL's table of completions as
// lines of JSON, {"step", "prompt", "completion", "advantage"} and a column for each reward.
func isDump(data []byte) bool { return isLinesOf(data, verlDump...) || isLinesOf(data, trlDump...) }

var (
	verlDump = []string{"input", "output", "score", "step"}
	trlDump  = []string{"step", "prompt", "completion", "advantage"}
)

// linesOfTable are the rows of a Parquet file of rollouts as lines of JSON; nil for another table.
func linesOfTable(data []byte) ([]byte, error) {
	names, err := parquet.Columns(data)
	if err != nil {
		return nil, err
	}
	has := func(keys []string) bool {
		return !slices.ContainsFunc(keys, func(key string) bool { return !slices.Contains(names, key) })
	}
	if !has(verlDump) && !has(trlDump) {
		return nil, nil
	}
	lines, err := parquet.Lines(data)
	if err == nil && len(lines) == 0 {
		err = errors.New("it is a table of rollouts without any row; choose one of a run that has trained")
	}
	return lines, err
}

// JoinDumps joins the files of rollouts that verl and TRL write a step each, those of a folder to one file under the folder's name, and under the
// trainer's too where a folder has files of both. Other files stay, and so does one that cannot be read, which [Foreign] then refuses under its own name.
func JoinDumps(chosen map[string][]byte) map[string][]byte {
	type group struct{ folder, from string }
	joined, parts, lines := map[string][]byte{}, map[group][]string{}, map[string][]byte{}
	for name, data := range chosen {
		joined[name] = data
		if parquet.Is(data) {
			if table, err := linesOfTable(data); err == nil && table != nil { // Foreign says what is wrong with others
				data = table
			}
		}
		if data = bytes.TrimPrefix(data, []byte("\ufeff")); isDump(data) {
			if f, err := readDump(data); err == nil {
				g := group{path.Dir(name), f.from}
				parts[g], lines[name] = append(parts[g], name), withEnd(data)
			}
		}
	}
	for g, names := range parts {
		if len(names) == 1 {
			continue
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }) // 2.jsonl before 10.jsonl
		both := len(parts[group{g.folder, fromVerl}]) > 0 && len(parts[group{g.folder, fromTRL}]) > 0
		name := g.folder + ".jsonl"
		if both {
			name = g.folder + "-" + strings.ToLower(g.from) + ".jsonl"
		}
		if joined[name] != nil {
			continue // a file of that name was chosen too
		}
		for _, part := range names {
			joined[name] = append(joined[name], lines[part]...)
			delete(joined, part)
		}
	}
	return joined
}

// readDump reads rollouts of another trainer. A step of the log is what they have in common. Lengths in tokens are not in such files.
func readDump(data []byte) (*foreign, error) {
	f := &foreign{from: fromTRL, names: namesOfDump}
	read := trlRollout
	if isLinesOf(data, verlDump...) {
		f.from, read = fromVerl, verlRollout
	}
	err := f.eachLine(data, func(n int, line []byte) (bool, error) {
		var entry map[string]json.RawMessage
		if json.Unmarshal(line, &entry) != nil {
			return false, nil
		}
		r, at, err := read(entry)
		if err != nil {
			return false, fmt.Errorf("line %d of its rollouts %w; copy the file again", n, err)
		}
		if len(f.rollouts) >= mostForeign>>4 {
			return false, fmt.Errorf("it has more rollouts than are read here; choose files of fewer steps")
		}
		f.rollouts = append(f.rollouts, foreignRollout{at, r})
		f.rows = append(f.rows[:0], foreignRow{at, nil}) // so that a last line that broke off is left out
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(f.rollouts, func(a, b foreignRollout) int { return cmp.Compare(a.at, b.at) })
	f.rows = nil
	for start := 0; start < len(f.rollouts); {
		at, values := f.rollouts[start].at, map[string][]float64{}
		end := start
		for ; end < len(f.rollouts) && f.rollouts[end].at == at; end++ {
			r := &f.rollouts[end].Rollout
			r.Step, r.Sample = len(f.rows)+1, end-start
			values["reward"] = append(values["reward"], r.Reward)
			if r.Correct != nil {
				values["accuracy"] = append(values["accuracy"], stat.Indicator(*r.Correct))
			}
			for name, x := range r.Parts {
				values["rewards/"+name] = append(values["rewards/"+name], x)
			}
		}
		row := foreignRow{at, map[string]float64{"responses": float64(end - start)}}
		for name, of := range values {
			row.values[name] = stat.Mean(of)
		}
		f.rows = append(f.rows, row)
		start = end
	}
	return f, nil
}

func namesOfDump(string) string { return "" }

// foreignRollout is a rollout with the step that its trainer counts.
type foreignRollout struct {
	at float64
	Rollout
}

// verlRollout reads a line of verl's rollout_data_dir. acc is there where the reward says it.
func verlRollout(entry map[string]json.RawMessage) (r Rollout, at float64, err error) {
	if err := fieldsOfDump(entry, map[string]any{"input": &r.Prompt, "output": &r.Response, "score": &r.Reward, "step": &at}); err != nil {
		return r, 0, err
	}
	_ = json.Unmarshal(entry["gts"], &r.Gold) // a text of our tasks; others may have anything
	numbers := finiteOf(entry)
	if x, ok := numbers["acc"]; ok {
		r.Correct = To(x > 0.5)
	}
	for name, x := range numbers {
		if !slices.Contains(verlDump, name) {
			r.addPart(name, x)
		}
	}
	return r, at, nil
}

// trlRollout reads a row of TRL's table: each reward function has a column of its own, and "correct" is that of attnlab's projects.
func trlRollout(entry map[string]json.RawMessage) (r Rollout, at float64, err error) {
	var advantage float64
	step := entry["step"]
	if len(step) > 1 && step[0] == '"' { // TRL writes it as a text
		entry = maps.Clone(entry)
		entry["step"] = bytes.Trim(step, `"`)
	}
	if err := fieldsOfDump(entry, map[string]any{"prompt": &r.Prompt, "completion": &r.Response, "advantage": &advantage, "step": &at}); err != nil {
		return r, 0, err
	}
	r.Advantage, r.Trained = &advantage, advantage != 0
	for name, x := range finiteOf(entry) {
		if !slices.Contains(trlDump, name) {
			r.addPart(name, x)
			r.Reward += x
		}
	}
	if x, ok := r.Parts["correct"]; ok {
		r.Correct = To(x > 0.5)
	}
	return r, at, nil
}

func (r *Rollout) addPart(name string, x float64) {
	if r.Parts == nil {
		r.Parts = map[string]float64{}
	}
	r.Parts[name] = x
}

// fieldsOfDump reads texts and numbers. The error names the first key that is missing or of another type; of a conversation it takes what is said.
func fieldsOfDump(entry map[string]json.RawMessage, into map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(into)) {
		raw := entry[name]
		var turns []struct{ Content string }
		if text, ok := into[name].(*string); ok && len(raw) > 0 && raw[0] == '[' && json.Unmarshal(raw, &turns) == nil {
			var said []string
			for _, turn := range turns {
				said = append(said, turn.Content)
			}
			*text = strings.Join(said, "\n")
			continue
		}
		if len(raw) == 0 || string(raw) == "null" || json.Unmarshal(raw, into[name]) != nil {
			return fmt.Errorf("has the %s %.20q", name, raw)
		}
	}
	return nil
}
