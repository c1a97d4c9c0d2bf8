package lab

import (
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

const trainerLog = `{"log_history": [{"step": 2, "rewards/correct/mean": 0.5}, {"step": 4, "rewards/correct/mean": 0.75}]}`

// A log of another trainer is imported as a run however it is opened: dropped alone, chosen, or with the folder that it lies in.
func TestForeignLogIsImported(t *testing.T) {
	project := map[string][]byte{
		"mine/settings.json": []byte("{}"), "mine/problems/train.jsonl": []byte(`{"prompt":"x"}`), "mine/model/config.json": []byte("{}"),
		"mine/output/trainer_state.json": []byte(trainerLog), "mine/output/checkpoint-4/trainer_state.json": []byte(trainerLog),
	}
	for name, open := range map[string]func(l *Lab){
		"dropped": func(l *Lab) { l.OpenDropped(chosen(map[string][]byte{"trainer_state.json": []byte(trainerLog)})) },
		"chosen": func(l *Lab) {
			l.OpenFiles("open-run", chosen(map[string][]byte{"trainer_state.json": []byte(trainerLog)}))
		},
		"folder": func(l *Lab) { l.OpenFiles("open-run-folder", chosen(project)) },
		"table":  func(l *Lab) { l.OpenDropped(chosen(map[string][]byte{"w.csv": []byte("_step,loss\n1,2\n2,1\n")})) },
	} {
		t.Run(name, func(t *testing.T) {
			l, engine := idle(t)
			open(l)
			sent, ok := labtest.Sent(t, engine, 1)[0].(session.ImportRun)
			if !ok || l.Failure.Text != "" {
				t.Fatalf("%#v, %q", sent, l.Failure.Text)
			}
			r, err := runs.Read(sent.Files)
			if err != nil || r.Log.Rows() != 2 || !r.Settings.IsForeign() {
				t.Errorf("%d steps, from %q, %v", r.Log.Rows(), r.Settings.From, err)
			}
			if name == "folder" && sent.Name != "mine" {
				t.Errorf("the run is called %q", sent.Name)
			}
			select {
			case more := <-engine.In:
				t.Errorf("and %#v", more)
			default:
			}
		})
	}
}

func TestDamagedForeignLogIsNamed(t *testing.T) {
	for name, data := range map[string]string{"trainer_state.json": trainerLog[:60], "completions.parquet": "PAR1 and what is missing", "w.csv": "a,b\n1,2\n", "events.out.tfevents.1.host": "text that is no event"} {
		l, _ := idle(t)
		l.OpenDropped(chosen(map[string][]byte{name: []byte(data)}))
		sentence(t, l.Failure.Text)
		if !strings.HasPrefix(l.Failure.Text, name+" cannot be used: ") {
			t.Errorf("%q", l.Failure.Text)
		}
	}
}
