package figures

import (
	"fmt"
	"slices"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/score"
)

// tree draws a branch tree: the root at the left, the tokens of a response to the right, and
// a lane for each leaf. A node is a bar as long as its tokens, thick with its leaves and
// coloured by its advantage. One that is not trained on is hollow.
type tree struct {
	*View
	lanes
	arrived time.Time
}

func newTree(v *View) Figure { return &tree{View: v} }

// Follows lists what the figure draws.
func (t *tree) Follows() []string { return []string{"Tree"} }

// Show takes a tree. New branches grow out of the old ones.
func (t *tree) Show(event any, now time.Time) {
	switch e := event.(type) {
	case session.Tree:
		next, ok := newLanes(e)
		if !ok {
			return
		}
		from := next.from(&t.lanes, t.Values())
		t.lanes = next
		if from == nil {
			t.Unzoom()
		}
		if to := next.positions(); from == nil || now.Sub(t.arrived) < live {
			t.Jump(to)
		} else {
			t.EaseFrom(from, to)
		}
		t.arrived = now
		t.scrollTo(t.panX, t.panY)
	case session.Selection:
		if t.Zoomed() {
			t.reveal(t.at(e.Node))
		}
	}
}

// reveal scrolls a node into view.
func (t *tree) reveal(i int) {
	if i < 0 || !t.drawable() {
		return
	}
	p, begin := t.place(), 0.0
	if i > 0 && t.parent[i] > 0 {
		begin = p.shown[2*t.parent[i]+1]
	}
	t.Reveal(draw.Rect(begin*p.token-20, p.shown[2*i]*p.lane, (p.shown[2*i+1]-begin)*p.token+40, p.lane))
}

// drawable reports whether there is a tree and where its nodes are.
func (t *tree) drawable() bool {
	return len(t.tree.Nodes) > 0 && len(t.Values()) == 2+2*len(t.tree.Nodes)
}

// Caption says what is drawn.
func (t *tree) Caption() string {
	if len(t.tree.Nodes) == 0 {
		return "Branch tree: none is grown yet."
	}
	right, done := t.outcomes()
	return fmt.Sprintf("Branch tree by %s: %s, %d of %s right.", score.FindBranch(t.tree.Rule.Branch).Title, count(len(t.tree.Nodes), "node", "nodes"), right, count(done, "leaf", "leaves"))
}

// Table is a row a node, parents before their children.
func (t *tree) Table() session.Table {
	table := session.NewTable("node parent start end leaves reward value advantage global local trained by_hand text")
	for _, n := range t.tree.Nodes {
		table.Add(n.ID, n.Parent, n.Start, n.End, n.Leaves, n.Reward, n.Value, n.Advantage, n.Global, n.Local, n.Trained, n.ByHand, n.Text)
	}
	return table
}

// outcomes counts the right and all finished leaves.
func (t *tree) outcomes() (right, done int) {
	for _, n := range t.tree.Nodes {
		if n.Reward != nil {
			if done++; *n.Reward > 0 {
				right++
			}
		}
	}
	return right, done
}

// Key goes to a parent, the first child or a sibling. First is the root and Last the end of
// the response. Back selects no node.
func (t *tree) Key(key Key) bool {
	switch key {
	case Back:
		s := t.Selection
		s.Node = -1
		t.Select(s)
		return true
	case Left, Right, Up, Down, First, Last, Enter:
		if len(t.tree.Nodes) > 0 {
			t.Select(*t.selectNode(t.next(t.at(t.Selection.Node), key)))
		}
		return true
	}
	return false
}

// next is the node that a key leads to.
func (t *tree) next(i int, key Key) int {
	if i < 0 {
		return 0
	}
	switch children := t.children[i]; key {
	case Left:
		return max(0, t.parent[i])
	case Right:
		if len(children) > 0 {
			return children[0]
		}
	case Up, Down:
		if i == 0 {
			return 0
		}
		siblings := t.children[t.parent[i]]
		at := slices.Index(siblings, i) + 1
		if key == Up {
			at -= 2
		}
		return siblings[max(0, min(len(siblings)-1, at))]
	case First:
		return 0
	case Last:
		for len(t.children[i]) > 0 {
			i = t.children[i][0]
		}
	}
	return i
}

func (t *tree) selectNode(i int) *session.Selection {
	s := t.Selection
	s.Node = t.tree.Nodes[i].ID
	return &s
}

// count writes a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
