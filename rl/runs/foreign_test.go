package runs

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

// event is a record of TensorBoard with a scalar.
func event(step int64, tag string, value float32) []byte {
	field := func(number, kind int, payload []byte) []byte {
		return append(binary.AppendUvarint(nil, uint64(number<<3|kind)), payload...)
	}
	of := func(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }
	scalar := slices.Concat(field(1, 2, of([]byte(tag))), field(2, 5, binary.LittleEndian.AppendUint32(nil, math.Float32bits(value))))
	body := slices.Concat(field(1, 1, make([]byte, 8)), field(2, 0, binary.AppendUvarint(nil, uint64(step))), field(5, 2, of(field(1, 2, of(scalar)))))
	size := binary.LittleEndian.AppendUint64(nil, uint64(len(body)))
	sum := func(b []byte) []byte { return binary.LittleEndian.AppendUint32(nil, masked(b)) }
	return slices.Concat(size, sum(size), body, sum(body))
}

const trainerState = `{"global_step": 4, "log_history": [
 {"step": 2, "loss": 0.5, "reward": 0.8, "rewards/short/mean": 0.7, "rewards/correct/mean": 0.75, "completions/mean_length": 90.5, "think_tokens": 70, "kl": NaN},
 {"step": 4, "loss": 0.25, "rewards/short/mean": 0.75, "rewards/correct/mean": 0.8, "completions/mean_length": 80, "think_tokens": 60},
 {"step": 4, "eval_reward": 0.5},
 {"step": 4, "train_runtime": 9.5, "train_loss": 0.4}]`

const handed = `, "attnlab": {"method": "tlmre", "task": "chain", "teacher": "verdict", "difficulty": "2-5", "seed": 3, "model": "model", "hyper": {"problems": 16, "group": 8, "alpha": 0.3, "temperature": 1},
 "base": {"name": "chain-small", "weights_sha256": "abc"}}`

// Logs of other trainers become runs of ours: a line a step, known values under our names, the others under theirs.
func TestForeign(t *testing.T) {
	for _, c := range []struct {
		name, data, from string
		want             map[string][]float64 // columns
	}{
		{"trainer_state.json", trainerState + "}", "TRL", map[string][]float64{"step": {1, 2}, "trainer_step": {2, 4}, "accuracy": {.75, .8}, "think_tokens": {70, 60}, "loss": {.5, .25}, "eval_reward": {math.NaN(), .5}, "reward": {.8, math.NaN()}}},
		{"x.jsonl", "{\"step\": 1, \"data\": {\"critic/score/mean\": 0.5, \"actor/grad_norm\": 2, \"prompt\": \"text\"}}\n{\"step\":2,\"data\":{\"critic/score/mean\":0.6,\"val-core/own/acc/mean@1\":0.7}}\n{\"step\":3,\"da",
			"verl", map[string][]float64{"step": {1, 2}, "reward": {.5, .6}, "gradient_norm": {2, math.NaN()}, "held_out.accuracy": {math.NaN(), .7}}},
		{"blank.jsonl", "\n{\"step\": 1, \"data\": {\"critic/score/mean\": 0.5, \"actor/lr\": NaN}}\n\n \r\n{\"step\":2,\"data\":{\"critic/score/mean\":0.6}}\n{\"step\":3,\"data\":{\"critic/score/mean\":Na",
			"verl", map[string][]float64{"step": {1, 2}, "reward": {.5, .6}}},
		{"chart.csv", "\"Step\",\"mine - train/reward\",\"mine - train/reward__MIN\",\"mine - train/kl\"\n10,0.5,0.1,0.01\n20,0.75,0.2,\n", "Weights & Biases", map[string][]float64{"trainer_step": {10, 20}, "reward": {.5, .75}, "kl": {.01, math.NaN()}}},
		{"history.csv", ",_step,_runtime,critic/score/mean\n0,1,2.5,0.25\n1,2,3.5,0.5\n", "Weights & Biases", map[string][]float64{"reward": {.25, .5}, "_runtime": {2.5, 3.5}}},
		{"history.json", `[{"_step": 0, "train/loss": 1.5, "train/rewards/correct/mean": 0.5}, {"_step": 1, "train/loss": NaN}]`, "Weights & Biases", map[string][]float64{"accuracy": {.5, math.NaN()}, "loss": {1.5, math.NaN()}}},
		{"history.jsonl", "{\"_step\": 0, \"loss\": 1}\n{\"_step\": 1, \"loss\": 2}\n", "Weights & Biases", map[string][]float64{"loss": {1, 2}}},
		{"events.out.tfevents.17.host", string(slices.Concat(event(1, "train/loss", 1.5), event(2, "train/loss", 1.25), event(1, "train/reward", .5), event(3, "train/loss", 1)[:20])),
			"TensorBoard", map[string][]float64{"trainer_step": {1, 2}, "loss": {1.5, 1.25}, "reward": {.5, math.NaN()}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, err := Foreign("folder/"+c.name, []byte(c.data))
			if err != nil {
				t.Fatal(err)
			}
			r, err := Read(files)
			if err != nil {
				t.Fatal(err)
			}
			if s := r.Settings; s.From != ForeignFrom+c.from || !strings.Contains(s.Note, "Unknown") || s.Method != "" || !r.Finished() {
				t.Errorf("settings %+v", s)
			}
			for name, want := range c.want {
				got := r.Log.Columns().Of(name)
				if !slices.EqualFunc(got, want, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }) {
					t.Errorf("%s: %v, want %v", name, got, want)
				}
			}
		})
	}
}

// The log of a project that attnlab handover wrote knows its method, its settings, and how many tokens were generated.
func TestForeignOfProject(t *testing.T) {
	files, err := Foreign("trainer_state.json", []byte(trainerState+handed+"}"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read(files)
	if err != nil {
		t.Fatal(err)
	}
	s := r.Settings
	if s.Method != "tlmre" || s.Task != "chain" || s.Seed != 3 || s.Values["alpha"] != "0.3" || s.Base == nil || s.Base.Weights != "abc" || s.Steps != 2 {
		t.Errorf("settings %+v", s)
	}
	c := r.Log.Columns()
	if got := c.Of("generated_tokens"); !slices.Equal(got, []float64{90.5 * 128, 170.5 * 128}) {
		t.Errorf("generated tokens %v", got)
	}
	if got := c.Of("reward"); !slices.Equal(got, []float64{.7, .75}) { // without the weight of TRL's
		t.Errorf("reward %v", got)
	}
	if m := r.LogMeasured(); m.Task != "chain" || m.Base != "abc" || m.Adapter != "" || *m.Updates != 4 {
		t.Errorf("measured %+v", m)
	}
	named, err := Foreign("trainer_state.json", []byte(trainerState+strings.Replace(handed, `"seed"`, `"focus_heads": "0.1,1.3", "seed"`, 1)+"}"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := Read(named)
	if err != nil || other.Settings.FocusHeads != "0.1,1.3" || other.Settings.Series() == s.Series() {
		t.Errorf("named heads %q are grouped with heads that were found; %v", other.Settings.FocusHeads, err)
	}
}

// A damaged log gets a clause that says what is wrong; a file that is no log of another trainer is left alone.
func TestForeignDamaged(t *testing.T) {
	whole := slices.Concat(event(1, "loss", 1), event(2, "loss", 2))
	flipped, lengthened := bytes.Clone(whole), bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 1
	lengthened[len(whole)/2] ^= 1 // the length of the second of two records
	for _, c := range []struct{ name, data, says string }{
		{"trainer_state.json", trainerState, "cannot be read"},
		{"trainer_state.json", `{"log_history": []}`, "without any step"},
		{"trainer_state.json", `{"log_history": 5}`, "cannot be read"},
		{"trainer_state.json", `{"log_history": [null, 3]}`, "entry 1 of its log_history is \"null\""},
		{"trainer_state.json", `{"log_history": [{"step": 1}, 3]}`, "entry 2 of its log_history is \"3\""},
		{"v.jsonl", "{\"step\":1,\"data\":{}}\nrubbish\n{\"step\":2,\"data\":{}}", "line 2 is none of its lines; delete that line, or copy"},
		{"v.jsonl", "{\"step\":1,\"data\":{}}\n\n{\"data\":{}}\n", "line 3"},
		{"w.jsonl", "{\"_step\":1}\nrubbish\n", "line 2"},
		{"w.jsonl", "{\"_step\":1} rubbish\n{\"_step\":2}\n", "line 1"},
		{"w.jsonl", "{\"_step\":1}\n\n{\"loss\":2}\n", "line 3 has no _step"},
		{"w.csv", "a,b\n1,2\n", "no column _step or Step"},
		{"w.csv", "", "no table"},
		{"w.csv", "_step,loss\nx,2\n", "line 2 has the step \"x\""},
		{"w.csv", "_step,loss\n1,\"2\n", "line 2"},
		{"w.json", `[{"_step": 1}, {"loss": 2}]`, "row 2 has no _step"},
		{"w.json", `[{"_step": 1}`, "cannot be read"},
		{"events.out.tfevents.1", "no events at all, but text", "damaged at record 1"},
		{"events.out.tfevents.1", string(flipped), "damaged at record 2"},
		{"events.out.tfevents.1", string(lengthened), "it is an event file of TensorBoard, damaged at record 2"},
		{"events.out.tfevents.1", string(event(1, "loss", float32(math.NaN()))), "all NaN or infinite"},
		{"events.out.tfevents.1", "", "without any step"},
	} {
		if files, err := Foreign(c.name, []byte(c.data)); err == nil || !strings.Contains(err.Error(), c.says) || files != nil || strings.Contains(err.Error(), "after it") {
			t.Errorf("%s, %.40q: %v, want %q", c.name, c.data, err, c.says)
		}
	}
	for name, data := range map[string]string{"metrics.jsonl": `{"step":1,"accuracy":0.5}`, "trace.json": `{"tokens": [1]}`, "x.bin": "\x00", "empty": ""} {
		if files, err := Foreign(name, []byte(data)); files != nil || err != nil {
			t.Errorf("%s is taken for a log of others: %v", name, err)
		}
	}
}

func FuzzForeign(f *testing.F) {
	f.Add("trainer_state.json", []byte(trainerState+handed+"}"))
	f.Add("events.out.tfevents.1", event(1, "loss", 1))
	f.Add("w.csv", []byte("_step,loss\n1,2\n"))
	f.Add("v.jsonl", []byte("{\"step\":1,\"data\":{\"a\":1}}"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		files, err := Foreign(name, data)
		if err != nil || files == nil {
			return
		}
		if _, err := Read(files); err != nil {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}
