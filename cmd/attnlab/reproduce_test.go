package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"attnlab/rl"
	"attnlab/rl/runs"
)

// tinyRecipe is a table of four runs that take no time.
func tinyRecipe() runs.Recipe {
	return runs.Recipe{
		Name: "tiny", Common: "--model " + parrot + " --problems 3 --group 4 --probe 12 --difficulty 2 --steps 2 --eval 4 --held-out 0",
		Rows:    []runs.Planned{{Flags: "grpo", First: 1, Last: 2}, {Flags: "grpo --kl 0.1", Note: "(near the base)", First: 1, Last: 2}},
		Outcome: "think_tokens", Contrasts: [][2]string{{"grpo --kl 0.1", "grpo"}},
		Tables: [][]string{{"method", "seeds", "accuracy", "think tokens", "steps"}},
	}
}

// cancelOn is a console's standard error that cancels when a line has a text for the nth time.
type cancelOn struct {
	bytes.Buffer
	text   string
	n      int
	cancel context.CancelFunc
}

func (w *cancelOn) Write(data []byte) (int, error) {
	if bytes.Contains(data, []byte(w.text)) {
		if w.n--; w.n == 0 {
			w.cancel()
		}
	}
	return w.Buffer.Write(data)
}

// reproduced makes the table in a folder and returns what is printed.
func reproduced(ctx context.Context, r runs.Recipe, dir string, stderr *cancelOn) (string, error) {
	var out bytes.Buffer
	c := &console{options: defaults, stdin: strings.NewReader(""), stdout: &out, stderr: stderr}
	err := c.reproduce(ctx, r, dir)
	return out.String(), err
}

// A table that is interrupted once in the middle of a run is the same, bit for bit, as one that is not, and is not trained again once it is there.
func TestReproduce(t *testing.T) {
	r, whole, parts := tinyRecipe(), t.TempDir(), t.TempDir()
	want, err := reproduced(t.Context(), r, whole, &cancelOn{})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"| method | seeds | accuracy | think tokens | steps |", "| base |  |", "(8 problems)", "| `grpo` | 2 |", "| `grpo --kl 0.1` (near the base) | 2 |", "| outcome | grpo kl=0.1 less |", "| think tokens | grpo |", "| 2 seeds |"} {
		if !strings.Contains(want, line) {
			t.Errorf("%q is not in\n%s", line, want)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	if out, err := reproduced(ctx, r, parts, &cancelOn{text: " parameters on ", n: 2, cancel: cancel}); out != "" || err == nil || !strings.Contains(err.Error(), "stopped with 1 of 4 runs finished; the same command continues") {
		t.Fatalf("interrupted: %q, %v", out, err)
	}
	second := filepath.Join(parts, r.Runs()[1].Folder())
	if _, err := os.Stat(filepath.Join(second, runs.StateFile)); err != nil {
		t.Errorf("the run that was interrupted is not saved: %v", err)
	}
	errs := &cancelOn{}
	got, err := reproduced(t.Context(), r, parts, errs)
	if err != nil || strings.Contains(errs.String(), "run 1 of 4") || !strings.Contains(errs.String(), "run 2 of 4: grpo --kl 0.1, seed 1") {
		t.Fatalf("continued: %v, %s", err, errs)
	}
	if got != want {
		t.Errorf("interrupted:\n%s\nin one go:\n%s", got, want)
	}
	for _, p := range r.Runs() {
		a, b := filesOf(t, filepath.Join(whole, p.Folder())), filesOf(t, filepath.Join(parts, p.Folder()))
		if a[runs.WeightsFile] == "" || a[runs.WeightsFile] != b[runs.WeightsFile] || mustJSON(t, metricsOf(t, filepath.Join(whole, p.Folder()))) != mustJSON(t, metricsOf(t, filepath.Join(parts, p.Folder()))) {
			t.Errorf("%s differs", p.Folder())
		}
	}

	errs = &cancelOn{}
	if again, err := reproduced(t.Context(), r, parts, errs); err != nil || again != want || errs.Len() > 0 {
		t.Errorf("again: %v, %s%s", err, errs, again)
	}
	for _, change := range []struct{ old, by, says string }{{"--probe 12", "--probe 13", "--probe 12, not 13"}, {"--steps 2", "--steps 3", "takes --steps 3"}} {
		other := r
		other.Common = strings.Replace(r.Common, change.old, change.by, 1)
		if _, err := reproduced(t.Context(), other, parts, &cancelOn{}); err == nil || !strings.Contains(err.Error(), change.says) {
			t.Errorf("%s: %v", change.by, err)
		}
	}
}

func TestReproduceNames(t *testing.T) {
	code, list, _ := call("", "reproduce")
	for _, r := range runs.Recipes {
		if code != 0 || !strings.Contains(list, "\n"+r.Name+" ") {
			t.Errorf("exit status %d, %s is not in\n%s", code, r.Name, list)
		}
	}
	for says, args := range map[string][]string{
		`no table "none"; choose one of attnpo`: {"none"},
		"one table at a time":                   {"attnpo", "relay"},
		"leave out --seed":                      {"attnpo", "--seed", "2"},
		"--out is for a table":                  {"--out", "x"},
		`no method "grpo" with a switch`:        {"--ablate", "grpo"},
	} {
		if code, _, stderr := call("", append([]string{"reproduce"}, args...)...); code != 2 || !strings.Contains(stderr, says) {
			t.Errorf("%v: exit status %d, %s", args, code, stderr)
		}
	}
	r, err := ablation("attnpo")
	if err != nil || len(r.Rows) != 3 || r.Rows[1].Flags != "attnpo --positive off" || r.Rows[2].Flags != "attnpo --negative off" || len(r.Contrasts) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

// Every table names runs that train takes, columns that there are, and contrasts of its own rows; docs/results.md has its section, its command and its rows, and of the shipped
// runs every line that the command prints.
func TestDocsRecipes(t *testing.T) {
	data, err := os.ReadFile("../../docs/results.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, r := range runs.Recipes {
		_, section, found := strings.Cut(text, "# "+r.Section+"\n")
		section = regexp.MustCompile(`(?m)^## `).Split(section, 2)[0]
		if !found || !strings.Contains(section, "`attnlab reproduce "+r.Name+"`") {
			t.Errorf("docs/results.md has no section %q that names attnlab reproduce %s", r.Section, r.Name)
		}
		rows := map[string]bool{}
		for _, row := range r.Rows {
			rows[row.Flags] = true
			if label := strings.TrimSpace("`" + row.Flags + "` " + row.Note); !strings.Contains(section, "| "+label+" |") {
				t.Errorf("%s: the docs have no row %s", r.Name, label)
			}
		}
		for _, pair := range r.Contrasts {
			if !rows[pair[0]] || !rows[pair[1]] {
				t.Errorf("%s contrasts %q, which are not both its rows", r.Name, pair)
			}
		}
		for _, columns := range r.Tables {
			for _, name := range columns[1:] {
				if recipeColumns[name].row == nil {
					t.Errorf("%s: there is no column %q", r.Name, name)
				}
			}
		}
		for _, p := range r.Runs() {
			train, _, err := (&console{}).planned(append(r.Args(p), "--out", t.TempDir()))
			if err != nil {
				t.Fatalf("%s: %v", r.Name, err)
			}
			if m, err := rl.MethodOf(train.given["method"]); err != nil {
				t.Errorf("%s: %v", r.Name, err)
			} else if err := (&runs.Settings{Method: m.Name}).Complete(m.Params); err != nil {
				t.Errorf("%s: %v", r.Name, err)
			}
		}
	}
	code, printed, stderr := call("", "reproduce", "attnpo", "--out", "../../web/runs")
	if code != 0 || stderr != "" {
		t.Fatalf("exit status %d, %s", code, stderr)
	}
	lines := 0
	for _, line := range strings.Split(printed, "\n") {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		lines++
		if strings.Count(text, line+"\n") != 1 {
			t.Errorf("docs/results.md has this line of attnlab reproduce attnpo %d times: %s", strings.Count(text, line+"\n"), line)
		}
	}
	if lines != 2*(1+1+7)+1+6 {
		t.Errorf("attnlab reproduce attnpo prints %d lines of tables", lines)
	}
}
