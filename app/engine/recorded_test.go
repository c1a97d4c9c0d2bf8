package engine

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
)

// recordings is a library with the shipped recorded traces.
func recordings() Library {
	return Library{Recorded: func(_ context.Context, name string) ([]byte, error) {
		data, err := os.ReadFile("../../web/recorded/" + name + ".json")
		if err != nil {
			return nil, fmt.Errorf("%s is not there (%w)", name, fs.ErrNotExist)
		}
		return data, nil
	}}
}

// A recorded trace is shown as it is in its file, head by head, and nothing that needs its model is done. Another problem leaves it.
func TestRecordedTrace(t *testing.T) {
	s := startWith(t, recordings(), parrots(t), openHost)
	s.must(session.NewProblem{Seed: 5})
	name := session.Recordings[0]
	s.must(session.Restore{Recorded: name, Selection: session.NoSelection})
	data, err := recordings().Recorded(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := session.ReadRecording(data)
	if err != nil {
		t.Fatal(err)
	}
	got := s.trace
	if got.Recorded == nil || got.Recorded.Name != name || !slices.Equal(got.Tokens, want.Trace.Tokens) || !slices.Equal(got.FCI, want.Trace.FCI) || len(got.All) != 0 || len(got.Attention) == 0 {
		t.Fatalf("the trace is of %+v, with %d tokens", got.Recorded, len(got.Tokens))
	}
	for _, head := range [][2]int{{0, 0}, {20, 2}, {29, 8}} {
		s.choose(head[0], head[1])
		selected := session.NoSelection
		selected.Layer, selected.Head = head[0], head[1]
		got, want := s.head.Attention, want.InHead(selected).Attention
		if len(got) != len(want) {
			t.Fatalf("%d densities in head %v, want %d", len(got), head, len(want))
		}
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-6 { // messages are rounded
				t.Errorf("density %d in head %v is %g, want %g", i, head, got[i], want[i])
			}
		}
	}
	s.refused(session.Generate{Unit: "all", Sampling: session.Sampling{TopP: 1}}, "no problem yet")
	s.refused(session.DisruptAnswer{}, "no problem yet")
	s.refused(session.Restore{Recorded: "gone", Selection: session.NoSelection}, "gone")
	s.must(session.NewProblem{Seed: 6})
	if s.trace.Recorded != nil || s.trace.Seed != 6 {
		t.Errorf("another problem: %+v, seed %d", s.trace.Recorded, s.trace.Seed)
	}
}

// Another model takes the place of a recorded trace with a problem of its own.
func TestModelAfterRecordedTrace(t *testing.T) {
	s := startWith(t, recordings(), parrots(t), openHost)
	s.must(session.Restore{Recorded: session.Recordings[0], Selection: session.NoSelection})
	s.must(session.UseModel{Name: "chain-tiny"})
	if s.able.Model.Name != "chain-tiny" || s.trace.Recorded != nil || len(s.trace.Tokens) == 0 {
		t.Errorf("%s shows %d tokens of %+v", s.able.Model.Name, len(s.trace.Tokens), s.trace.Recorded)
	}
	without := start(t, parrots(t), openHost)
	without.refused(session.Restore{Recorded: session.Recordings[0], Selection: session.NoSelection}, "no recorded trace")
	if strings.Contains(without.status.Text, "panic") {
		t.Error(without.status.Text)
	}
}
