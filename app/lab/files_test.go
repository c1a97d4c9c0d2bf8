package lab

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// chosen are files that a visitor chose, all of which can be read.
func chosen(files map[string][]byte) (list []File) {
	for name, data := range files {
		list = append(list, File{Name: name, Size: int64(len(data)), Read: func(then func([]byte, error)) { then(data, nil) }})
	}
	return list
}

// idle is a lab whose engine has opened and rests.
func idle(t *testing.T) (*Lab, *session.Port) {
	l, engine := ready(t, Start())
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	return l, engine
}

// sentence fails the test unless a text is one or two sentences that a visitor can read.
func sentence(t *testing.T, text string) {
	t.Helper()
	if text == "" || len(text) > 400 || !strings.HasSuffix(text, ".") || strings.ContainsAny(text, "\n\x00") || strings.Contains(text, "panic") {
		t.Errorf("%q is no sentence for a visitor", text)
	}
}

// Every way in which a trace file can contradict itself is refused in one sentence.
func TestEditedTraceIsRefused(t *testing.T) {
	for name, edit := range map[string]func(m map[string]any){
		"layers -1":         func(m map[string]any) { m["layers"] = -1 },
		"heads 1e9":         func(m map[string]any) { m["heads"] = 1e9 },
		"start -1":          func(m map[string]any) { m["steps"].([]any)[1].(map[string]any)["start"] = -1 },
		"end far":           func(m map[string]any) { m["steps"].([]any)[3].(map[string]any)["end"] = 9999 },
		"steps overlap":     func(m map[string]any) { m["steps"].([]any)[1].(map[string]any)["start"] = 3 },
		"a label":           func(m map[string]any) { m["steps"].([]any)[0].(map[string]any)["label"] = "évil" },
		"prompt 0":          func(m map[string]any) { m["prompt_length"] = 0 },
		"prompt far":        func(m map[string]any) { m["prompt_length"] = 99 },
		"think backwards":   func(m map[string]any) { m["think"] = []int{11, 3} },
		"answer far":        func(m map[string]any) { m["answer"] = []int{11, 99} },
		"text short":        func(m map[string]any) { m["text"] = m["text"].([]any)[:5] },
		"logprobs short":    func(m map[string]any) { m["logprobs"] = []int{1} },
		"top short":         func(m map[string]any) { m["top"] = []any{}; m["top"] = []any{[]any{}} },
		"fci short":         func(m map[string]any) { m["fci"] = []int{1} },
		"fci of heads long": func(m map[string]any) { m["fci_heads"] = make([]int, 99) },
		"focus short":       func(m map[string]any) { m["focus"] = []int{1} },
		"attention short":   func(m map[string]any) { m["attention"] = []int{1, 2, 3} },
		"attention of head": func(m map[string]any) { m["of"].([]any)[0] = 77 },
		"tokens negative":   func(m map[string]any) { m["tokens"].([]any)[2] = -5 },
		"tokens are words":  func(m map[string]any) { m["tokens"] = "k 8" },
		"no tokens":         func(m map[string]any) { m["tokens"], m["text"] = []int{}, []string{} },
		"delta negative":    func(m map[string]any) { m["delta"] = -3 },
		"a head too few":    func(m map[string]any) { m["heads"] = 1 },
		"nothing":           func(m map[string]any) { clear(m) },
	} {
		t.Run(name, func(t *testing.T) {
			l, engine := idle(t)
			data, err := json.Marshal(labtest.Trace())
			if err != nil {
				t.Fatal(err)
			}
			var m map[string]any
			if err := json.Unmarshal(data, &m); err != nil {
				t.Fatal(err)
			}
			edit(m)
			if data, err = json.Marshal(m); err != nil {
				t.Fatal(err)
			}
			before := l.View
			l.OpenFiles("open-trace", chosen(map[string][]byte{"mine.json": data}))
			sentence(t, l.Failure.Text)
			if !strings.HasPrefix(l.Failure.Text, "mine.json ") || l.View != before {
				t.Errorf("the file is not named, or shown in part: %q", l.Failure.Text)
			}
			select {
			case m := <-engine.In:
				t.Errorf("the engine is asked for %#v", m)
			default:
			}
		})
	}
}

// What the lab saves it also opens.
func TestSavedTraceOpens(t *testing.T) {
	l, engine := idle(t)
	l.Do("save")
	saved := l.screen.(*labtest.Screen).Saved
	if len(saved) != 1 {
		t.Fatalf("%d files are saved", len(saved))
	}
	l.OpenFiles("open-trace", chosen(saved))
	e := labtest.Trace()
	if got := labtest.Sent(t, engine, 1)[0]; !reflect.DeepEqual(got, session.ShowTrace{Prompt: e.Tokens[:3], Response: e.Tokens[3:], Sampling: e.Sampling}) || l.Failure.Text != "" {
		t.Errorf("a saved trace leads to %#v, %q", got, l.Failure.Text)
	}
}

// A file that cannot be read is named, by whatever input it was chosen; the rest of the choice is not used.
func TestUnreadableFileIsNamed(t *testing.T) {
	gone := func(name string) File {
		return File{Name: name, Size: 10, Read: func(then func([]byte, error)) {
			then(nil, errors.New("A requested file or directory could not be found at the time an operation was processed."))
		}}
	}
	for input, list := range map[string][]File{
		"open-trace":      {gone("trace.json")},
		"open-run":        {gone("run.zip")},
		"open-run-folder": append(chosen(map[string][]byte{"metrics.jsonl": []byte("{}")}), gone("run.json")),
	} {
		l, engine := idle(t)
		l.OpenFiles(input, list)
		name := list[len(list)-1].Name
		sentence(t, l.Failure.Text)
		if !strings.HasPrefix(l.Failure.Text, name+" could not be read: A requested file") {
			t.Errorf("%s: %q", input, l.Failure.Text)
		}
		select {
		case m := <-engine.In:
			t.Errorf("%s: the engine is asked for %#v", input, m)
		default:
		}
	}
}

// Only what a model needs is read: a large file beside it does not matter, a large file of it is named.
func TestUnneededFilesAreNotRead(t *testing.T) {
	huge := func(name string) File {
		return File{Name: name, Size: 40 << 30, Read: func(func([]byte, error)) { t.Errorf("%s was read", name) }}
	}
	model := map[string][]byte{"config.json": []byte("{}"), "model.safetensors": {1}, "tokenizer.json": []byte("{}")}
	for _, folder := range []string{"", "snapshots/abc/"} {
		l, engine := idle(t)
		list := []File{huge(folder + "pytorch_model.bin"), huge(folder + "training.safetensors"), huge(folder + "optimizer.pt"), huge("video.mp4"), huge(folder + "original/consolidated.00.pth")}
		for name, data := range model {
			list = append(list, chosen(map[string][]byte{folder + name: data})...)
		}
		screen := l.screen.(*labtest.Screen)
		l.OpenFiles("open-model", list)
		look := labtest.Sent(t, engine, 1)[0].(session.LookAt)
		if want := map[string]string{"": "your folder", "snapshots/abc/": "abc"}[folder]; look.From.Kind != session.FromFiles || look.From.Name != want || l.Failure.Text != "" {
			t.Errorf("in %q: the engine is asked for %#v; %q", folder, look, l.Failure.Text)
		}
		if want := []string{"config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json"}; !slices.Equal(screen.Handed, want) { // the second is named in the refusal
			t.Errorf("in %q: %q are handed over", folder, screen.Handed)
		}
	}
	for input, name := range map[string]string{"open-run": "run.zip", "open-trace": "trace.json"} {
		l, _ := idle(t)
		l.OpenFiles(input, []File{huge(name)})
		if sentence(t, l.Failure.Text); !strings.HasPrefix(l.Failure.Text, name+" is larger than 256 MB") {
			t.Errorf("%s: %q", input, l.Failure.Text)
		}
	}
	for _, input := range []string{"open-model", "open-gguf", "open-run-folder"} {
		l, _ := idle(t)
		l.OpenFiles(input, []File{huge("holiday.mov")})
		sentence(t, l.Failure.Text)
	}
}

func TestLogsAlone(t *testing.T) {
	logs := map[string][]byte{"seed 1.jsonl": []byte("1"), "seed 2.jsonl": []byte("2"), "runs/mine/training.jsonl": []byte("3")}
	want := []session.ImportRun{
		{Name: "mine", Files: map[string][]byte{"training.jsonl": []byte("3")}},
		{Name: "seed 1", Files: map[string][]byte{"metrics.jsonl": []byte("1")}},
		{Name: "seed 2", Files: map[string][]byte{"metrics.jsonl": []byte("2")}},
	}
	if got := logsAlone(logs); !reflect.DeepEqual(got, want) {
		t.Errorf("logs alone are the runs %v", got)
	}
	if got := logsAlone(map[string][]byte{"metrics.jsonl": nil, "run.json": nil}); got != nil {
		t.Errorf("a run's folder is the logs %v", got)
	}
	if got := fileName("attnpo, chain-small, seed 7"); got != "attnpo-chain-small-seed-7" {
		t.Errorf("its file is called %s", got)
	}
}

// use does everything that a visitor can do with the view: it must not panic, whatever was opened.
func use(l *Lab) {
	t := &l.Trace
	for _, action := range []string{"step-top", "explain-top", "step-down", "head-next", "head-before", "head-best", "forward", "back", "unit:token", "forward", "back", "step:2", "head:0.0", "head:1.1", "escape", "save"} {
		l.Do(action)
	}
	for i := range min(len(t.Tokens), 20) {
		for _, of := range []string{"fci:", "logprob:", "entropy:", "received:"} {
			at := of + string(rune('0'+i%10))
			l.Explain(at)
		}
	}
	for _, of := range []string{"head-fci:0.0", "head-focus:0.0", "head-sra:1.1", "head-kurtosis:1.0"} {
		l.Explain(of)
	}
	l.wrote()
}

// FuzzTraceFile opens any file as a trace: it is shown, or refused in one sentence.
func FuzzTraceFile(f *testing.F) {
	data, err := json.Marshal(labtest.Trace())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, text := range []string{"", "{}", "[]", "null", `{"tokens":[1,2],"text":["a","b"],"prompt_length":1}`, `{"tokens":[1,2],"text":["a","b"],"prompt_length":1,"layers":-1,"steps":[{"start":-1,"end":5}]}`,
		`{"tokens":[1,2],"text":["a","b"],"prompt_length":2,"layers":3,"heads":3,"steps":[{"start":2,"end":2}]}`, strings.Replace(string(data), `"layers":2`, `"layers":1e30`, 1), string(data[:len(data)/2])} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, engine := idle(t)
		l.OpenFiles("open-trace", chosen(map[string][]byte{"t.json": data}))
		if l.Failure.Text != "" {
			sentence(t, l.Failure.Text)
			return
		}
		if _, ok := labtest.Sent(t, engine, 1)[0].(session.ShowTrace); !ok {
			t.Error("the trace is not scored")
		}
		l.Receive(session.Status{Stage: "ready"})
		use(l)
	})
}

// FuzzModelFolder opens any three files as a model folder: the engine gets what is a part of a model, under its own name.
func FuzzModelFolder(f *testing.F) {
	f.Add("config.json", "model.safetensors", "tokenizer.json")
	f.Add("a/config.json", "b/c/config.json", "a/model-00001-of-00002.safetensors")
	f.Add("../config.json", "", "/")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		l, engine := idle(t)
		l.OpenFiles("open-model", chosen(map[string][]byte{a: {1}, b: {2}, c: {3}}))
		if l.Failure.Text != "" {
			sentence(t, l.Failure.Text)
			return
		}
		_ = labtest.Sent(t, engine, 1)[0].(session.LookAt)
		for _, name := range l.screen.(*labtest.Screen).Handed {
			if !modelPart.MatchString(name) && !isGGUF(name) {
				t.Errorf("%q is a part of a model", name)
			}
		}
	})
}

// A log may have gaps, also where its steps belong; nothing that draws it may panic.
func TestMetricsWithGaps(t *testing.T) {
	l, _ := idle(t)
	nan := math.NaN()
	for _, columns := range [][]session.Metric{
		nil,
		{{Name: "step"}},
		{{Name: "step", Values: labtest.Values(nan, nan)}, {Name: "accuracy", Values: labtest.Values(nan, 1)}},
		{{Name: "accuracy", Values: labtest.Values(1, nan, 1)}},
		{{Name: "step", Values: labtest.Values(append(make([]float64, 99), nan)...)}},
	} {
		run := labtest.Run("done")
		run.Metrics = columns
		l.Receive(run)
		l.Thinned()
		Standings(l.ChosenRuns())
		for _, s := range Standings(l.ChosenRuns()) {
			s.Ends(metric("accuracy"))
		}
	}
}

// What is dropped opens by what it is, without a choice of the kind.
func TestDropped(t *testing.T) {
	trace, err := json.Marshal(labtest.Trace())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  any
	}{
		{"a trace", map[string][]byte{"my trace.json": trace}, session.ShowTrace{}},
		{"a model folder", map[string][]byte{"m/config.json": []byte("{}"), "m/model.safetensors": {1}, "m/tokenizer.json": []byte("{}"), "m/.DS_Store": {1}}, session.LookAt{}},
		{"a GGUF file", map[string][]byte{"some model.Q4_K_M.gguf": {1}}, session.LookAt{}},
		{"the files of a model", map[string][]byte{"config.json": []byte("{}"), "model.safetensors": {1}}, session.LookAt{}},
		{"a log", map[string][]byte{"metrics.jsonl": []byte(`{"step":1}` + "\n")}, session.ImportRun{}},
		{"the folder of a run", map[string][]byte{"r/run.json": []byte("{}"), "r/metrics.jsonl": []byte("{}\n"), "r/model/config.json": []byte("{}")}, session.ImportRun{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, engine := idle(t)
			l.OpenDropped(chosen(c.files))
			if l.Failure.Text != "" {
				t.Fatal(l.Failure.Text)
			}
			if got := labtest.Sent(t, engine, 1)[0]; reflect.TypeOf(got) != reflect.TypeOf(c.want) {
				t.Errorf("the engine is asked for %#v", got)
			}
		})
	}
	l, _ := idle(t)
	if l.OpenDropped(nil); l.Failure.Text != "" {
		t.Error("nothing was dropped, and it failed")
	}
}
