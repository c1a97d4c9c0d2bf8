package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"attnlab/model/hf"
	"attnlab/rl/runs"
)

// asCommand makes the test's own program the command: a process that can be killed. It saves after every step.
const asCommand = "ATTNLAB_TEST_AS_COMMAND"

// process starts the command line as a process of its own.
func process(args ...string) (*exec.Cmd, *bytes.Buffer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	var says bytes.Buffer
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	cmd.Stderr = &says
	return cmd, &says, cmd.Start()
}

// kills is how many runs are killed, from ATTNLAB_KILLS.
func kills(t *testing.T) int {
	text := os.Getenv("ATTNLAB_KILLS")
	if text == "" {
		return 6
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 2 {
		t.Fatalf("ATTNLAB_KILLS is %q, it must be a number of at least 2", text)
	}
	return n
}

// savedRun is the content of a saved run without times.
func savedRun(t *testing.T, dir string) string {
	t.Helper()
	store, id, err := runs.InFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := store.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	r, err := runs.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	state, err := hf.LoadState(files)
	if err != nil {
		t.Fatal(err)
	}
	model, err := hf.LoadFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	if model.WeightsSum() != state.WeightsSum() {
		t.Errorf("%s: model.safetensors is not the model of the training state", dir)
	}
	text := []string{state.WeightsSum(), (&hf.Checkpoint{Weights: state.Train.M}).WeightsSum(), (&hf.Checkpoint{Weights: state.Train.V}).WeightsSum(),
		fmt.Sprint(state.Train.Step, state.Train.Tokens, state.Train.Problems, state.Train.Seed, state.Train.Schedule)}
	for line := range strings.Lines(string(r.Log.Text())) {
		text = append(text, timeless(t, line))
	}
	rollouts, err := runs.ReadRollouts(files)
	if err != nil || (len(rollouts) == 0) != (r.Settings.Method == runs.Pretrain) {
		t.Errorf("%s: %d rollouts, %v", dir, len(rollouts), err)
	}
	text = append(text, fmt.Sprintf("%d rollouts, %x", len(rollouts), sha256.Sum256([]byte(mustJSON(t, rollouts)))))
	if r.Result != nil {
		text = append(text, string(r.Result.Evaluation), string(r.Result.After))
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	return strings.Join(text, "\n")
}

// timeless is a line of a log without the keys that tell the time.
func timeless(t *testing.T, line string) string {
	t.Helper()
	var keys map[string]any
	if err := json.Unmarshal([]byte(line), &keys); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	for key := range keys {
		if strings.Contains(key, "second") {
			delete(keys, key)
		}
	}
	return mustJSON(t, keys)
}

// B1, B3: a run that is killed at any moment, as by kill -9 or a power cut, resumes to the same bits as one that was never
// stopped. ATTNLAB_KILLS is the number of runs that are killed.
func TestKilledRunsResume(t *testing.T) {
	n := kills(t)
	for _, c := range []struct {
		name string
		args []string
	}{
		{"train", []string{"train", "--model", "chain-tiny", "--method", "attnrl", "--problems", "3", "--initial", "3", "--max-length", "96", "--probe", "12", "--difficulty", "2",
			"--steps", "6", "--seed", "5", "--held-out", "10", "--held-out-every", "500", "--backend", "host"}},
		{"pretrain", []string{"pretrain", "--preset", "tiny", "--tokens", "512", "--steps", "400", "--seed", "5", "--backend", "host"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := c.args
			if c.name == "train" {
				args = append(slices.Clone(args), "--eval", "20") // the later one counts
			}
			whole := filepath.Join(t.TempDir(), "whole")
			began := time.Now()
			cmd, says, err := process(append(slices.Clone(args), "--out", whole)...)
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v: %s", err, says)
			}
			took := time.Since(began)
			want := savedRun(t, whole)
			seed := uint64(began.UnixNano())
			random := rand.New(rand.NewPCG(seed, 1))
			killed, restarts := 0, 0
			// The first run may be slower than the others, so more rounds follow until one was killed.
			for round := 0; round < (n+1)/2 || killed == 0 && round < 100; round++ {
				dir := filepath.Join(t.TempDir(), "run")
				for start := 0; ; start++ {
					again := append(slices.Clone(args), "--out", dir)
					if _, err := os.Stat(filepath.Join(dir, runs.RunFile)); err == nil {
						again = []string{c.name, "--resume", "--out", dir, "--backend", "host"}
						if c.name == "train" {
							again = append(again, "--eval", "20")
						}
						restarts++
					}
					started := time.Now()
					cmd, says, err := process(again...)
					if err != nil {
						t.Fatal(err)
					}
					var clock *time.Timer
					if start < 3 {
						clock = time.AfterFunc(time.Duration(random.Float64()*float64(took)), func() { cmd.Process.Kill() })
					}
					err = cmd.Wait()
					if clock != nil {
						clock.Stop()
					}
					if err == nil || strings.Contains(says.String(), "steps already") {
						if start == 0 {
							took = min(took, time.Since(started))
						}
						break
					}
					if cmd.ProcessState.Exited() {
						t.Fatalf("round %d, start %d (seed %d): %s", round, start, seed, says)
					}
					killed++
				}
				if got := savedRun(t, dir); got != want {
					t.Fatalf("round %d (seed %d): killed and resumed\n%s\nin one go\n%s", round, seed, got, want)
				}
			}
			t.Logf("%d runs, %d kills, %d resumed starts, %v in one go", (n+1)/2, killed, restarts, took.Round(time.Millisecond))
			if killed == 0 {
				t.Error("no process was killed")
			}
		})
	}
}

// B2: of two processes that write one folder, the second refuses in one sentence and changes nothing.
func TestTwoWritersOfOneRun(t *testing.T) {
	for _, command := range []string{"train", "pretrain"} {
		t.Run(command, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			long := trainArgs("--method", "grpo", "--steps", "100000", "--out", dir)
			if command == "pretrain" {
				long = []string{"pretrain", "--preset", "tiny", "--tokens", "256", "--steps", "100000", "--out", dir, "--backend", "host"}
			}
			first, says, err := process(long...)
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- first.Wait() }()
			defer func() {
				first.Process.Kill()
				<-ended
				if code, _, stderr := call("", command, "--resume", "--out", dir, "--steps", "1", "--eval", "0", "--backend", "host"); strings.Contains(stderr, "another attnlab") {
					t.Errorf("after the first was killed: %d, %s", code, stderr)
				}
			}()
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
				if _, err := os.Stat(filepath.Join(dir, runs.StateFile)); err == nil {
					break
				}
				select {
				case err := <-ended:
					ended <- err
					t.Fatalf("the first ended: %s", says)
				default:
				}
				if time.Now().After(deadline) {
					t.Fatal("the first saved nothing")
				}
			}
			for _, args := range [][]string{{command, "--resume", "--out", dir, "--backend", "host"}, append(slices.Clone(long[:len(long):len(long)]), "--seed", "2")} {
				code, stdout, stderr := call("", args...)
				if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "another attnlab is writing") && !strings.Contains(stderr, "there is a run in") {
					t.Errorf("attnlab %s: %d, %q", strings.Join(args, " "), code, stderr)
				}
			}
		})
	}
}

// A second process that begins the same folder at the same time loses, and the folder has one run.
func TestTwoProcessesBeginOneRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	args := trainArgs("--method", "grpo", "--steps", "2", "--out", dir)
	var all []*exec.Cmd
	for range 4 {
		cmd, _, err := process(args...)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	done := 0
	for _, cmd := range all {
		if cmd.Wait() == nil {
			done++
		}
	}
	if lines := metricsOf(t, dir); done != 1 || len(lines) != 2 {
		t.Errorf("%d of 4 trained, the log has %d lines", done, len(lines))
	}
}

// runAsCommand is what a process of this test does.
func runAsCommand() int {
	saveEvery = 0
	return run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}
