package rl

import (
	"attnlab/rl/rltest/near"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// workedTree is the fact sheet's: response A cut once (prefix P, original tail
// right, new tails wrong and right) and response B unbranched and wrong.
func workedTree() (tree *Tree, a, b []int) {
	tree = newTree()
	a = tree.add(10, 1, []branch{{at: 4, length: 3, reward: 0}, {at: 4, length: 5, reward: 1}})
	b = tree.add(8, 0, nil)
	return tree, a, b
}

func TestTreeAdvantages(t *testing.T) {
	tree, a, b := workedTree()
	if err := tree.Credit(false); err != nil {
		t.Fatal(err)
	}
	n := tree.Nodes
	p := n[n[a[0]].Parent]
	near.Want(t, "root and prefix", []float64{n[0].Value, p.Value, p.Global, p.Local, p.Advantage}, []float64{.5, 2. / 3, .1667, .1667, .19245}, 5e-5)
	near.Want(t, "tails", []float64{n[a[0]].Advantage, n[a[1]].Advantage, n[a[2]].Advantage}, []float64{.83333, -1.16667, .83333}, 5e-6)
	if n[b[0]].Trained || n[b[0]].Advantage != 0 || !n[a[0]].Trained || n[0].Trained {
		t.Errorf("trained: B %v with %g, a0 %v, root %v", n[b[0]].Trained, n[b[0]].Advantage, n[a[0]].Trained, n[0].Trained)
	}
	if got := tree.validSequences(); got != 3 {
		t.Errorf("%d valid sequences, want 3", got)
	}
	near.Want(t, "tokens of a1", tree.tokenAdvantages(a[1]), []float64{.19245, .19245, .19245, .19245, -1.16667, -1.16667, -1.16667}, 5e-6)
	if got := len(tree.tokenAdvantages(a[2])); got != 9 {
		t.Errorf("a2 has %d tokens, want 4 + 5", got)
	}
	if err := tree.Credit(true); err != nil || n[b[0]].Advantage != -1 {
		t.Errorf("kept B: advantage %g, %v; want -1", n[b[0]].Advantage, err)
	}
}

// Without branches a tree is a group: global and local advantage are both
// r - mean, Dr. GRPO's.
func TestUnbranchedTreeIsTwiceDrGRPO(t *testing.T) {
	rewards := []float64{1, 0, 0, 1, 1}
	tree := newTree()
	for _, r := range rewards {
		tree.add(5, r, nil)
	}
	if err := tree.Credit(true); err != nil {
		t.Fatal(err)
	}
	for i, a := range scaled(noStd)(rewards) {
		near.Want(t, "leaf", []float64{tree.Nodes[i+1].Advantage}, []float64{2 * a}, 1e-12)
	}
}

// randomTree grows m responses of 20 tokens with up to 3 branches each.
func randomTree(random *rand.Rand, m int) *Tree {
	tree := newTree()
	for range m {
		var branches []branch
		for range random.IntN(4) {
			branches = append(branches, branch{at: 1 + random.IntN(19), length: 1 + random.IntN(9), reward: float64(random.IntN(2))})
		}
		tree.add(20, float64(random.IntN(2)), branches)
	}
	return tree
}

func TestTreeProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		tree := randomTree(random, 1+random.IntN(4))
		if err := tree.Credit(true); err != nil {
			t.Fatal(err)
		}
		children := map[int][]Node{}
		for _, n := range tree.Nodes {
			children[n.Parent] = append(children[n.Parent], n)
		}
		var sum float64 // of leaf GA
		for _, n := range tree.Nodes {
			if n.Reward != nil {
				sum += n.Global
				if path := len(tree.tokenAdvantages(n.ID)); path != n.End {
					t.Fatalf("leaf %d has %d tokens, want %d", n.ID, path, n.End)
				}
				continue
			}
			var leaves int
			var value float64
			for _, c := range children[n.ID] {
				leaves += c.Leaves
				value += c.Value * float64(c.Leaves)
				if n.ID != 0 && c.Start != n.End {
					t.Fatalf("node %d ends at %d, its child starts at %d", n.ID, n.End, c.Start)
				}
			}
			if leaves != n.Leaves || math.Abs(value/float64(leaves)-n.Value) > 1e-12 {
				t.Fatalf("node %d: %d leaves of value %g, its children have %d of %g", n.ID, n.Leaves, n.Value, leaves, value/float64(leaves))
			}
		}
		near.Want(t, "sum of global advantages over leaves", []float64{sum}, []float64{0}, 1e-9)

		// The order and the names of nodes do not matter.
		shuffled := &Tree{Nodes: slices.Clone(tree.Nodes)}
		random.Shuffle(len(shuffled.Nodes), func(i, j int) { shuffled.Nodes[i], shuffled.Nodes[j] = shuffled.Nodes[j], shuffled.Nodes[i] })
		name := func(id int) int { return 1000 - 7*id }
		for i := range shuffled.Nodes {
			n := &shuffled.Nodes[i]
			if n.ID = name(n.ID); n.Parent >= 0 {
				n.Parent = name(n.Parent)
			}
		}
		if err := shuffled.Credit(true); err != nil {
			t.Fatal(err)
		}
		for _, n := range shuffled.Nodes {
			near.Want(t, "shuffled", []float64{n.Advantage}, []float64{tree.Nodes[(1000-n.ID)/7].Advantage}, 1e-12)
		}
	}
}

func TestTreeOfOneOutcome(t *testing.T) {
	for _, r := range []float64{0, 1} {
		tree := newTree()
		tree.add(9, r, []branch{{3, 2, r}, {6, 2, r}})
		tree.add(9, r, []branch{{5, 2, r}})
		if err := tree.Credit(false); err != nil {
			t.Fatal(err)
		}
		if tree.valid() || tree.validSequences() != 0 {
			t.Errorf("all %g: a valid tree", r)
		}
		for _, n := range tree.Nodes {
			if n.Advantage != 0 {
				t.Errorf("all %g: node %d has advantage %g", r, n.ID, n.Advantage)
			}
		}
	}
}

func TestTreeErrors(t *testing.T) {
	for text, complaint := range map[string]string{
		`[]`:                                "no root",
		`[{"id":0,"parent":-1,"reward":1}]`: "no response below",
		`[{"id":0,"parent":1},{"id":1,"parent":0}]`:                                                                              "no root",
		`[{"id":0,"parent":-1},{"id":1,"parent":0,"reward":1},{"id":2,"parent":3},{"id":3,"parent":2}]`:                          "cycle",
		`[{"id":0,"parent":-1},{"id":1,"parent":0,"reward":1},{"id":2,"parent":2}]`:                                              "cycle",
		`[{"id":0,"parent":-1},{"id":0,"parent":0,"reward":1}]`:                                                                  "two nodes with id 0",
		`[{"id":0,"parent":-1},{"id":1,"parent":-1,"reward":1}]`:                                                                 "both have parent -1",
		`[{"id":0,"parent":-1},{"id":1,"parent":7,"reward":1}]`:                                                                  "parent 7, which is not",
		`[{"id":0,"parent":-1},{"id":1,"parent":0,"reward":null}]`:                                                               "leaf 1 of the tree has no reward",
		`[{"id":0,"parent":-1,"reward":1},{"id":1,"parent":0,"reward":1}]`:                                                       "children and a reward",
		`[{"id":0,"parent":-1},{"id":1,"parent":0,"reward":1e300}]`:                                                              "reward 1e+300",
		`[{"id":-1,"parent":-1},{"id":1,"parent":-1,"reward":1}]`:                                                                "both have parent -1",
		`[{"id":5,"parent":-1},{"id":6,"parent":5},{"id":7,"parent":6,"reward":0},{"id":8,"parent":6,"reward":1,"unknown":"x"}]`: "",
	} {
		var tree Tree
		if err := json.Unmarshal([]byte(`{"nodes":`+text+`}`), &tree); err != nil {
			t.Fatal(err)
		}
		switch err := tree.Credit(false); {
		case complaint == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case complaint != "" && (err == nil || !strings.Contains(err.Error(), complaint)):
			t.Errorf("%s: error %v, want %q in it", text, err, complaint)
		}
	}
}

func TestUncertainPoints(t *testing.T) {
	logprob := []float64{-9, -1, -3, -0.1, -3, -2, -8}
	allowed := []bool{true, true, true, true, true, true, false}
	for n, want := range map[int][]int{0: {}, 1: {2}, 2: {2, 4}, 3: {2, 4, 5}, 99: {1, 2, 3, 4, 5}} {
		if got := uncertainPoints(logprob, allowed, n); !slices.Equal(got, want) {
			t.Errorf("n=%d: %v, want %v", n, got, want)
		}
	}
}
