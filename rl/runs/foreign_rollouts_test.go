package runs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/rl/parquet"
)

const verlLines = `{"input": "2 + 3?", "output": "5", "gts": "5", "score": 1.0, "acc": 1, "step": 10}
{"input": "2 + 4?", "output": "7", "gts": "6", "score": 0.0, "acc": 0, "step": 10}
`

const trlLines = `{"step": "2", "prompt": "2 + 3?", "completion": [{"role": "assistant", "content": "5"}], "correct": 1.0, "short": -0.25, "advantage": 0.5}
{"step": "2", "prompt": "2 + 3?", "completion": "6", "correct": 0.0, "short": 0.0, "advantage": -0.5}
{"step": "4", "prompt": "1 + 1?", "completion": "2", "correct": 1.0, "short": NaN, "advantage": 0.0}
{"step": "4", "prompt": "1 + 1?", "comple`

// Rollouts of verl and TRL become a run whose log has what they say and no more.
func TestForeignRollouts(t *testing.T) {
	read := func(name, text string) (Run, []Rollout) {
		t.Helper()
		files, err := Foreign(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Read(files)
		if err != nil {
			t.Fatal(err)
		}
		all, err := ReadRollouts(files)
		if err != nil || !strings.Contains(r.Settings.Note, "Unknown") || len(Alarms(all)) != 0 {
			t.Errorf("%v, note %q, alarms %v", err, r.Settings.Note, Alarms(all))
		}
		return r, all
	}
	r, all := read("10.jsonl", verlLines)
	if len(all) != 2 || all[0].Prompt != "2 + 3?" || all[0].Response != "5" || all[0].Gold != "5" || !*all[0].Correct || *all[1].Correct || all[1].Reward != 0 || all[0].Step != 1 || all[1].Sample != 1 || all[0].Advantage != nil {
		t.Errorf("verl: %+v", all)
	}
	if r.Settings.From != ForeignFrom+"verl" || r.Log.Last("accuracy") != 0.5 || r.Log.Last("trainer_step") != 10 || r.Log.Last("responses") != 2 {
		t.Errorf("verl: %s, %s", r.Settings.From, r.Log.Text())
	}
	r, all = read("completions.jsonl", trlLines)
	if len(all) != 3 || all[0].Response != "5" || all[0].Reward != 0.75 || *all[0].Advantage != 0.5 || all[0].Parts["short"] != -0.25 || !*all[0].Correct || all[2].Step != 2 || all[2].Trained || all[2].Reward != 1 {
		t.Errorf("TRL: %+v", all)
	}
	if c := r.Log.Columns(); r.Settings.From != ForeignFrom+"TRL" || r.Log.Rows() != 2 || c.Of("trainer_step")[1] != 4 || c.Of("reward")[0] != 0.375 || c.Of("rewards/correct")[1] != 1 {
		t.Errorf("TRL: %s, %s", r.Settings.From, r.Log.Text())
	}
	joined := JoinDumps(map[string][]byte{"dump/10.jsonl": []byte(verlLines), "dump/2.jsonl": []byte(strings.ReplaceAll(verlLines, `"step": 10`, `"step": 2`)), "dump/other.json": []byte("{}")})
	if len(joined) != 2 {
		t.Fatalf("%d files", len(joined))
	}
	if r, all := read("dump.jsonl", string(joined["dump.jsonl"])); len(all) != 4 || r.Log.Rows() != 2 || r.Log.Columns().Of("trainer_step")[0] != 2 {
		t.Errorf("joined, %d rollouts, %s", len(all), r.Log.Text())
	}
	damaged := strings.Replace(verlLines, `"score": `, `"score": "x`, 1)
	joined = JoinDumps(map[string][]byte{"dump/1.jsonl": []byte(damaged), "dump/2.jsonl": []byte(verlLines), "dump/3.jsonl": []byte(verlLines)})
	if len(joined) != 2 || string(joined["dump/1.jsonl"]) != damaged || joined["dump.jsonl"] == nil {
		t.Errorf("a damaged file is not left under its own name: %d files", len(joined))
	}
	joined = JoinDumps(map[string][]byte{"dump/1.jsonl": []byte(verlLines), "dump/2.jsonl": []byte(verlLines), "dump/3.jsonl": []byte(trlLines), "dump/4.jsonl": []byte(trlLines)})
	if len(joined) != 2 || !strings.HasPrefix(string(joined["dump-verl.jsonl"]), verlLines) || !strings.HasPrefix(string(joined["dump-trl.jsonl"]), trlLines) {
		t.Errorf("files of two trainers are joined: %d files", len(joined))
	}
	for text, says := range map[string]string{
		verlLines + "rubbish\n" + verlLines:             "line 3 is none of its lines",
		verlLines + `{"input": 3, "step": 1}` + "\n{}":  `line 3 of its rollouts has the input "3"`,
		strings.Replace(trlLines, "0.5}", `"high"}`, 1): `has the advantage`,
	} {
		if files, err := Foreign("x.jsonl", []byte(text)); err == nil || files != nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// Parquet has the same rows as lines of JSON: texts and conversations, missing rewards, and steps as texts. A folder of it is one run.
func TestForeignTables(t *testing.T) {
	tables := map[string][]byte{}
	for _, name := range []string{"completions_00002.parquet", "completions_00004.parquet"} {
		data, err := os.ReadFile(filepath.Join("..", "parquet", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		tables["output/completions/"+name] = data
	}
	problems := parquet.Marshal(1, []parquet.Field{{Name: "prompt", Text: func(int, int) string { return "x" }}})
	tables["output/problems.parquet"] = problems
	joined := JoinDumps(tables)
	if len(joined) != 2 || !bytes.Equal(joined["output/problems.parquet"], problems) {
		t.Fatalf("%d files", len(joined))
	}
	files, err := Foreign("completions.jsonl", joined["output/completions.jsonl"])
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read(files)
	if err != nil {
		t.Fatal(err)
	}
	all, err := ReadRollouts(files)
	if err != nil || len(all) != 8 || r.Log.Rows() != 2 || r.Settings.From != ForeignFrom+"TRL" {
		t.Fatalf("%d rollouts, %s, %v", len(all), r.Log.Text(), err)
	}
	for i, want := range []Rollout{0: {Prompt: "2 + 3?", Response: "5", Reward: 0.75}, 3: {Prompt: `zwölf & "<1>"?`}, 4: {Prompt: "2 + 3?", Response: "5", Reward: 0.75}, 6: {Prompt: `zwölf & "<1>"?`, Response: "13", Reward: 1}} {
		if got := all[i]; want.Prompt != "" && (got.Prompt != want.Prompt || got.Response != want.Response || got.Reward != want.Reward || got.Step != 1+i/4) {
			t.Errorf("rollout %d is %+v", i, got)
		}
	}
	if all[3].Correct != nil || !*all[0].Correct || *all[1].Advantage != -0.5 {
		t.Errorf("%+v", all)
	}
	for name, data := range tables {
		single, err := Foreign(name, data)
		if isTable := !bytes.Equal(data, problems); err != nil || (single[RolloutsFile] != nil) != isTable {
			t.Errorf("%s alone: %d files, %v", name, len(single), err)
		}
		if _, err := Foreign(name, data[:len(data)-9]); err == nil || err.Error() != "it is a damaged Parquet file; copy it again" {
			t.Errorf("%s, cut off: %v", name, err)
		}
	}
}
