package runs

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// rolloutsOf are two rollouts of a step.
func rolloutsOf(step int) []Rollout {
	return []Rollout{
		{Step: step, Problem: "rollout-1-0", Prompt: "a <b> & c", Gold: "3", Response: fmt.Sprintf("response of step %d\n", step), Correct: To(true), WellFormed: To(true), Tokens: 7, Think: 4,
			Reward: 1, Parts: map[string]float64{"r": 1, "σ": 0.25}, Advantage: To(-0.5), Trained: true, Scores: []*float64{nil, To(0.5)}, Scales: []float64{1, 0.5}, Reflections: 1},
		{Step: step, Problem: "rollout-1-0", Sample: 1, Kind: "branch", Prompt: "a <b> & c", Response: "…", Correct: To(false), Cut: true, Reward: 1.0 / 3, Advantage: nil},
	}
}

// saved are those of steps as they are read again: with six digits of each number.
func saved(steps ...int) (all []Rollout) {
	for _, step := range steps {
		of := rolloutsOf(step)
		of[1].Reward = 0.333333
		all = append(all, of...)
	}
	return all
}

// However a store saves them, a run that is killed and resumed has the rollouts of every step once; any reader of gzip reads them.
func TestRolloutsOfAResumedRun(t *testing.T) {
	old := pageBytes
	pageBytes = 300 // a step has about 200: two make a page full
	defer func() { pageBytes = old }()
	log := func(step int) map[string]int { return map[string]int{"step": step} }
	for name, store := range map[string]Store{"folder": Folder(t.TempDir()), "pages in a folder": Paged{Folder(t.TempDir())}, "memory": &Memory{}} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			w, err := Create(ctx, store, "a", Run{Settings: Settings{Method: "grpo"}})
			must(err)
			for step := 1; step <= 7; step++ {
				must(w.Append(ctx, log(step)))
				must(w.Keep(ctx, rolloutsOf(step)))
				if step == 3 || step == 5 {
					must(w.Save(ctx, map[string][]byte{StateFile: {byte(step)}}))
				}
			}
			w.Close() // killed: steps 6 and 7 have no checkpoint
			w, err = Open(ctx, store, "a")
			must(err)
			must(w.Cut(ctx, 5))
			for step := 6; step <= 9; step++ {
				must(w.Append(ctx, log(step)))
				must(w.Keep(ctx, rolloutsOf(step)))
			}
			must(w.Save(ctx, map[string][]byte{StateFile: {9}}))
			w.Close()
			files, err := RolloutFiles(ctx, store, "a", Run{})
			must(err)
			if _, one := store.(Folder); one == (len(files) > 1) {
				t.Errorf("%d pages", len(files))
			}
			inMemory, err := RolloutFiles(ctx, store, "a", w.Run)
			must(err)
			for _, of := range []map[string][]byte{files, inMemory, OneRolloutFile(files)} {
				all, err := ReadRollouts(of)
				must(err)
				if want := saved(1, 2, 3, 4, 5, 6, 7, 8, 9); !reflect.DeepEqual(all, want) {
					t.Errorf("%d rollouts, want %d:\n%+v", len(all), len(want), all)
				}
			}
			z, err := gzip.NewReader(bytes.NewReader(OneRolloutFile(files)[RolloutsFile]))
			must(err)
			var text bytes.Buffer
			_, err = text.ReadFrom(z)
			if must(err); strings.Count(text.String(), "\n") != 18 || !strings.Contains(text.String(), `"a <b> & c"`) {
				t.Errorf("gzip reads %q", text.String())
			}
			// Back to an earlier step, from all pages.
			w, err = Open(ctx, store, "a")
			must(err)
			must(w.Cut(ctx, 2))
			must(w.Save(ctx, map[string][]byte{StateFile: {2}}))
			w.Close()
			files, err = RolloutFiles(ctx, store, "a", Run{})
			must(err)
			if all, err := ReadRollouts(files); err != nil || !reflect.DeepEqual(all, saved(1, 2)) {
				t.Errorf("cut to step 2, %d rollouts, %v", len(all), err)
			}
		})
	}
}

// A run goes on from rollouts that are damaged before its checkpoint, and loses none: the file is kept aside, and the writer says so. What breaks
// off after the checkpoint is sampled again.
func TestDamagedRolloutsAreKept(t *testing.T) {
	for _, damaged := range []bool{true, false} {
		ctx, store := t.Context(), Folder(t.TempDir())
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		w, err := Create(ctx, store, "a", Run{Settings: Settings{Method: "grpo"}})
		must(err)
		for step := 1; step <= 4; step++ {
			must(w.Append(ctx, map[string]int{"step": step}))
			must(w.Keep(ctx, rolloutsOf(step)))
		}
		w.Close()
		files, err := store.Load(ctx, "a", RolloutsFile)
		must(err)
		whole := files[RolloutsFile]
		cut := whole[:len(whole)-5]
		if damaged {
			cut = slices.Clone(whole)
			cut[len(cut)/3] ^= 1
		}
		must(store.Save(ctx, "a", map[string][]byte{RolloutsFile: cut}))
		w, err = Open(ctx, store, "a")
		must(err)
		must(w.Cut(ctx, 3))
		w.Close()
		if !damaged {
			if w.Lost != nil {
				t.Errorf("nothing is lost, but %v", w.Lost)
			}
			continue
		}
		const aside = "rollouts-damaged-1.jsonl.gz"
		if w.Lost == nil || !strings.Contains(w.Lost.Error(), aside) {
			t.Fatalf("lost: %v", w.Lost)
		}
		if kept, err := store.Load(ctx, "a", aside); err != nil || !bytes.Equal(kept[aside], cut) {
			t.Errorf("%d bytes are kept of %d, %v", len(kept[aside]), len(cut), err)
		}
	}
}

// What comes after damage is left out, and reported; a run with damaged rollouts can be read and goes on.
func TestDamagedRollouts(t *testing.T) {
	var r Rollouts
	for _, step := range []int{1, 2, 3} {
		if err := r.Add(rolloutsOf(step)); err != nil {
			t.Fatal(err)
		}
	}
	whole, first, second := r.text(), r.pages[0][0].data, r.pages[0][1].data
	flipped := bytes.Clone(whole)
	flipped[len(first)+len(second)-6] ^= 1 // the checksum of step 2
	for name, c := range map[string]struct {
		data  []byte
		says  string
		steps []int
	}{
		"whole":        {whole, "", []int{1, 2, 3}},
		"cut off":      {whole[:len(whole)-3], "after step 2", []int{1, 2}},
		"a bit":        {flipped, "damaged after step 1", []int{1}},
		"twice":        {slices.Concat(first, second, second), "step 2 comes after step 2", []int{1, 2}},
		"no gzip":      {[]byte("{}"), "after step 0", nil},
		"rubbish last": {slices.Concat(whole, []byte("rubbish")), "after step 3", []int{1, 2, 3}},
	} {
		files := map[string][]byte{RolloutsFile: c.data}
		all, err := ReadRollouts(files)
		if (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
		if !reflect.DeepEqual(all, saved(c.steps...)) {
			t.Errorf("%s: %d rollouts, want those of steps %v", name, len(all), c.steps)
		}
		files[MetricsFile] = []byte(`{"step":1}` + "\n")
		run, err := Read(files)
		if err != nil {
			t.Fatal(name, err)
		}
		if err := run.Rollouts.Add(rolloutsOf(9)); err != nil {
			t.Fatal(err)
		}
		maps.Copy(files, run.Rollouts.files())
		if all, err := ReadRollouts(files); err != nil || !reflect.DeepEqual(all, saved(append(c.steps, 9)...)) {
			t.Errorf("%s: continued, %d rollouts, %v", name, len(all), err)
		}
	}
}

// A share of the problems is about that share, all of them or none at its ends, and a smaller share is a part of a larger one.
func TestKeeps(t *testing.T) {
	const n = 4000
	kept := map[float64]int{}
	for i := range n {
		prompt := fmt.Sprint("problem ", i)
		for _, share := range []float64{0, 0.1, 0.5, 1} {
			if Keeps(share, prompt) {
				kept[share]++
			}
		}
		if Keeps(0.1, prompt) && !Keeps(0.5, prompt) {
			t.Fatal("a problem of the smaller share is not in the larger one")
		}
	}
	if kept[0] != 0 || kept[1] != n {
		t.Errorf("shares 0 and 1 keep %d and %d of %d", kept[0], kept[1], n)
	}
	for _, share := range []float64{0.1, 0.5} {
		if sd := math.Sqrt(n * share * (1 - share)); math.Abs(float64(kept[share])-n*share) > 4*sd {
			t.Errorf("share %g keeps %d of %d", share, kept[share], n)
		}
	}
}
