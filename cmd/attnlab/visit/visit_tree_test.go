//go:build !js && visit

package visit

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// smallTree is a tree that is small enough for a software adapter, as a link.
const smallTree = "#page=tree&base=chain-tiny&seed=3&difficulty=2-3&m=4&n=1&t=2&tseed=3&over=6"

// TestVisitTree grows branch trees in the page.
func TestVisitTree(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	if !v.check("open", func(v *visitor) {
		v.open(server.URL + under + smallTree)
		v.runs("the model of the link is in use", `latest("Capabilities")?.model.name === "chain-tiny"`)
	}) {
		t.FailNow()
	}
	v.check("a tree grows on arrival", func(v *visitor) {
		v.runs("it is grown", ready+` && latest("Tree")?.done && document.querySelectorAll("#branch-points tbody tr").length > 0`)
		if tree := newest[session.Tree](v); len(tree.Nodes) < 5 || len(tree.Points) == 0 {
			v.Errorf("it has %d nodes and %d branch points", len(tree.Nodes), len(tree.Points))
		}
	})
	for _, rule := range []string{"fci", "entropy", "random", "earliest"} {
		v.check("grow by rule "+rule, func(v *visitor) { grows(v, rule) })
	}
	v.check("choose nodes", nodes)
	v.check("branch by hand", branchByHand)
	v.check("compare two rules", rivals)
	v.check("pictures", func(v *visitor) { v.pictures("tree") })
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}

// base chooses a shipped model.
func (v *visitor) base(name string) {
	v.Helper()
	v.press(".engine")
	v.press(fmt.Sprintf(`#dialog [data-do="base:%s"]`, name))
	v.press(`#dialog [data-do="close"]`)
	v.runs(name+" is in use", fmt.Sprintf(`%s && latest("Capabilities")?.model.name === %q && !document.querySelector("#dialog")`, ready, name))
}

// choose chooses a value in a menu.
func (v *visitor) choose(selector, value string) {
	v.Helper()
	v.run(chromedp.Evaluate(fmt.Sprintf(`((menu) => { menu.value = %q; menu.dispatchEvent(new Event("change", { bubbles: true })); })(document.querySelector(%q))`, value, selector), nil))
	v.until(selector+" says "+value, fmt.Sprintf(`document.querySelector(%q).value === %q`, selector, value))
}

// grows grows a tree round by round and at once: both equal that of the command line.
func grows(v *visitor, rule string) {
	const grown = ready + ` && latest("Tree")?.done`
	v.choose(`#growth [data-set="rule"]`, rule)
	before := newest[session.Tree](v).Number
	v.press(`#growth [data-do="grow-again"]`)
	v.runs("initial responses are there", fmt.Sprintf(`%s && latest("Tree")?.number > %d && latest("Tree")?.rule.branch === %q && latest("Tree")?.nodes.length >= 5`, ready, before, rule))
	if tree := newest[session.Tree](v); len(tree.Points) > 0 || tree.Done || tree.Next == "" {
		v.Errorf("after the initial responses: %d branch points, done %v, next %q", len(tree.Points), tree.Done, tree.Next)
	}
	rounds := 1
	for ; !eval[bool](v, "!!("+grown+")"); rounds++ {
		before := newest[session.Tree](v).Number
		v.press(`#growth [data-do="grow-round"]`)
		v.runs("the next round is done", fmt.Sprintf(`%s && latest("Tree")?.number > %d`, ready, before))
	}
	step := newest[session.Tree](v)
	if rounds != 2+len(step.Points) {
		v.Errorf("%d rounds for %d branch points", rounds, len(step.Points))
	}
	v.press(`#growth [data-do="grow-again"]`)
	v.runs("it starts again", ready+` && !latest("Tree")?.done`)
	v.press(`#growth [data-do="grow"]`)
	v.runs("it is grown at once", grown)
	tree := newest[session.Tree](v)
	if !reflect.DeepEqual(tree.Nodes, step.Nodes) || !reflect.DeepEqual(tree.Points, step.Points) {
		v.Errorf("at once it has %d nodes and %d branch points, round by round %d and %d, or others", len(tree.Nodes), len(tree.Points), len(step.Nodes), len(step.Points))
	}
	if got, want := v.text("#tree-verdict"), "branch points "+map[string]string{"fci": "by FCI", "entropy": "by entropy", "random": "at random", "earliest": "earliest"}[rule]; !strings.Contains(got, want) {
		v.Errorf("the page says %q, want %q", got, want)
	}
	if shown := eval[int](v, `document.querySelectorAll("#branch-points tbody tr").length`); shown != len(tree.Points) || shown == 0 {
		v.Errorf("%d of %d branch points are listed", shown, len(tree.Points))
	}

	var want treeOutput
	document(v.T, &want, "tree", "--model", "chain-tiny", "--seed", "3", "--difficulty", "2-3", "--initial", "4", "--points", "1", "--rollouts", "2", "--branch", rule)
	if len(tree.Nodes) != len(want.Nodes) {
		v.Fatalf("%d nodes, on the host %d", len(tree.Nodes), len(want.Nodes))
	}
	for i, n := range want.Nodes {
		got := tree.Nodes[i]
		if got.Parent != n.Parent || got.Start != n.Start || got.End != n.End || got.Text != n.Text || got.Leaves != n.Leaves ||
			got.Value == nil || math.Abs(*got.Value-n.Value) > 1e-9 || math.Abs(got.Advantage-n.Advantage) > 1e-9 {
			v.Errorf("node %d is %+v, on the host %+v", i, got, n)
		}
	}
	v.Logf("%d nodes, %d branch points, %d rounds", len(tree.Nodes), len(tree.Points), rounds)
}

// nodes visits the tree by keys and compares the numbers of each node with those computed from the leaves.
func nodes(v *visitor) {
	tree := newest[session.Tree](v)
	right, leaves := map[int]float64{}, map[int]float64{}
	for _, leaf := range tree.Nodes {
		for id := leaf.ID; leaf.Reward != nil && id >= 0; id = tree.Nodes[id].Parent {
			right[id] += *leaf.Reward
			leaves[id]++
		}
	}
	value := func(id int) float64 { return right[id] / leaves[id] }
	selected := func(id int) {
		v.Helper()
		name := fmt.Sprintf("Node %d", id)
		if id == 0 {
			name = "Root"
		}
		v.until("the node is selected", fmt.Sprintf(`latest("Selection")?.node === %d && document.querySelector("#node-panel h2").textContent === %q`, id, name))
	}
	trained := 0
	show := func(n session.TreeNode) {
		v.Helper()
		selected(n.ID)
		id := n.ID
		want := []float64{value(id)}
		if n.Parent >= 0 {
			ga, la, root := value(id)-value(0), value(id)-value(n.Parent), math.Sqrt(leaves[id])
			advantage := 0.0
			if n.Trained {
				trained++
				advantage = (ga + la) / root
			}
			want = append(want, ga, la, root, advantage)
		}
		shown := eval[[]string](v, `[...document.querySelectorAll("#node-panel .node-terms dd.figure")].map((e) => e.textContent)`)
		if len(shown) != len(want) {
			v.Errorf("node %d: %d terms, want %d: %q", id, len(shown), len(want), shown)
			return
		}
		for i := range want {
			got, err := strconv.ParseFloat(strings.Replace(shown[i], "−", "-", 1), 64)
			if err != nil || math.Abs(got-want[i]) > 0.00051 {
				v.Errorf("node %d: term %d is shown as %s, want %.4f", id, i+1, shown[i], want[i])
			}
		}
		if context := v.text("#node-panel .context strong"); strings.TrimSpace(context) != strings.TrimSpace(n.Text) {
			v.Errorf("node %d: its tokens are shown as %q, want %q", id, context, n.Text)
		}
	}
	v.press(`#node-panel [data-do="node-child"]`)
	show(tree.Nodes[0])
	child := tree.Nodes[slices.IndexFunc(tree.Nodes, func(n session.TreeNode) bool { return n.Parent == 0 })]
	v.run(chromedp.KeyEvent(kb.ArrowRight))
	show(child)
	sibling := tree.Nodes[child.ID+1+slices.IndexFunc(tree.Nodes[child.ID+1:], func(n session.TreeNode) bool { return n.Parent == 0 })]
	v.run(chromedp.KeyEvent(kb.ArrowDown))
	show(sibling)
	v.run(chromedp.KeyEvent(kb.ArrowLeft))
	show(tree.Nodes[0])

	v.press(`[data-do="fold:tree-list"]`)
	v.until("the tree is listed", fmt.Sprintf(`document.querySelectorAll("#tree-list li").length === %d`, len(tree.Nodes)))
	for _, n := range tree.Nodes[1:] {
		v.press(fmt.Sprintf(`#tree-list [data-do="node:%d"]`, n.ID))
		show(n)
	}
	if trained == 0 {
		v.Errorf("no node of %d is trained on", len(tree.Nodes))
	}
	v.press(`[data-do="fold:tree-list"]`)
}

// rivals compares two rules on a few problems.
func rivals(v *visitor) {
	v.choose(`#rivals [data-set="rival"]`, "fci")
	v.choose(`#rivals [data-set="other-rival"]`, "earliest")
	v.press(`#rivals [data-do="compare-rules"]`)
	v.runs("all problems are done", ready+` && latest("Rules")?.problems === 6`)
	r := newest[session.Rules](v)
	if len(r.Rows) != 2 || r.Rows[0].Branch != "fci" || r.Rows[1].Branch != "earliest" {
		v.Fatalf("the rows are %+v", r.Rows)
	}
	for _, row := range r.Rows {
		if sum := row.AllCorrect + row.AllWrong + row.Valid; row.Problems == 0 || math.Abs(sum-1) > 1e-9 || row.Sampled <= 0 {
			v.Errorf("%+v: the shares add up to %g", row, sum)
		}
	}
	v.until("the table shows them", `document.querySelectorAll("#rules tbody tr").length === 2`)
	if says := v.text("#rules-reading"); !strings.Contains(says, "Branching by FCI") {
		v.Errorf("the page says %q", says)
	}
}

// branchByHand writes another first step for a node, and drops the branch again.
func branchByHand(v *visitor) {
	v.runs("a tree is grown", ready+` && latest("Tree")?.done`)
	tree := newest[session.Tree](v)
	leaf := slices.IndexFunc(tree.Nodes, func(n session.TreeNode) bool { return n.Reward != nil && n.Start > tree.Prompt })
	v.run(chromedp.Evaluate(fmt.Sprintf(`location.hash = location.hash.replace(/&node=[0-9]+/, "") + "&node=%d"`, tree.Nodes[leaf].ID), nil))
	v.press(`#node-panel [data-do="branch"]`)
	v.until("the field has the focus", `document.activeElement.id === "branch-text"`)
	v.run(chromedp.Evaluate(`document.querySelector("#branch-text").select()`, nil), chromedp.KeyEvent("wait"))
	v.press(`#node-panel [data-do="branch-write"]`)
	v.runs("the branch is a node", fmt.Sprintf(`latest("Tree")?.nodes.length === %d && document.querySelector("#node-panel")?.textContent.includes("Begun by hand") && %s`, len(tree.Nodes)+1, ready))
	v.shots("branch-by-hand", "#node-panel")
	v.press(`#node-panel [data-do="unbranch"]`)
	v.runs("it is gone", fmt.Sprintf(`latest("Tree")?.nodes.length === %d && %s`, len(tree.Nodes), ready))
}
