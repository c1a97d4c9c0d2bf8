package task

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// No problem of one part occurs in another, whatever the seed. Countdown is the hard case: it has few problems.
func TestPartsNeverMeet(t *testing.T) {
	t.Parallel()
	draws := 100_000
	if testing.Short() {
		draws = 5_000
	}
	for _, c := range []struct {
		Task
		n int
	}{{openTask(t, "countdown", "", "3"), draws}, {openTask(t, "countdown", "", "4"), draws / 10}, {openTask(t, "chain", "", "2"), draws / 10}, {openTask(t, "relay", "guided", "0"), draws / 10}} {
		streams := []string{TrainStream, RolloutStream, EvalStream, ProbeStream}
		of := map[string]Part{} // content to part
		counts := map[Part]int{}
		for _, stream := range streams {
			for i := range uint64(c.n) {
				p := Draw(c.Task, stream, 1+i%3, i)
				content := contentForTest(t, c.Task, p)
				part, seen := of[content]
				if seen && part != partOf(stream) {
					t.Fatalf("%s: %q of stream %s occurs in another part", c.Name(), content, stream)
				}
				if !seen {
					of[content] = partOf(stream)
					counts[partOf(stream)]++
				}
			}
		}
		t.Logf("%s: %v different problems by part", c.Name(), counts)
		if counts[Training] < 200 || counts[Evaluation] < 20 || counts[Probing] < 20 {
			t.Errorf("%s: %v different problems by part", c.Name(), counts)
		}
	}
}

// contentForTest identifies a problem independently of Content: by its sorted numbers, or by its prompt, without a "!".
func contentForTest(t *testing.T, task Task, p Problem) string {
	switch task.Name() {
	case "chain":
		return Text(task, p.Prompt)
	case "relay":
		return strings.Replace(Text(task, p.Prompt), "! ", "", 1)
	}
	at := slices.Index(p.Prompt, question)
	return fmt.Sprint(slices.Sorted(slices.Values(p.Prompt[1:at])), p.Prompt[at+1])
}

// Prompts that pose the same problem have one content.
func TestContent(t *testing.T) {
	for _, c := range []struct {
		task string
		same bool
		a, b string
	}{
		{"countdown", true, "3 7 5 ? 26", "7 5 3 ? 26"},
		{"countdown", false, "3 7 5 ? 26", "3 7 5 ? 36"},
		{"countdown", false, "3 7 5 ? 26", "3 7 4 ? 25"},
		{"chain", true, "k 8 ; o 4 ; b &k * &o ; ? b", "a 4 ; c 8 ; d &a * &c ; ? d"},                   // names and operands
		{"chain", true, "k 8 ; o 4 ; b &k * &o ; ? b", "k 8 ; o 4 ; d 3 ; e &d - &o ; b &k * &o ; ? b"}, // a distractor
		{"chain", false, "k 8 ; o 4 ; b &k - &o ; ? b", "k 8 ; o 4 ; b &o - &k ; ? b"},                  // minus has an order
		{"chain", false, "k 8 ; o 4 ; b &k * &o ; ? b", "k 8 ; o 4 ; b &k + &o ; ? b"},
		{"relay", true, "2 # 1 9 ; 2 ; a 5 b * c * d * ?", "! 9 # 1 2 ; 2 ; a 5 b * c * d * ?"}, // ! and the order on offer
		{"relay", false, "2 # 1 9 ; 2 ; a 5 b * c * d * ?", "2 1 # 9 ; 2 ; a 5 b * c * d * ?"},
		{"relay", false, "2 # 1 9 ; 2 ; a 5 b * c * d * ?", "2 # 1 9 ; 2 ; a 6 b * c * d * ?"},
	} {
		task := openTask(t, c.task, "", "")
		var content [2]string
		for i, text := range []string{c.a, c.b} {
			p, err := task.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			content[i] = Content(task, p)
		}
		if (content[0] == content[1]) != c.same {
			t.Errorf("%q and %q have the contents %q and %q", c.a, c.b, content[0], content[1])
		}
	}
}

// The mix of difficulties is that of the task in every part.
func TestDrawKeepsDifficulties(t *testing.T) {
	task := openTask(t, "countdown", "", "3-4")
	for _, stream := range []string{RolloutStream, EvalStream, ProbeStream} {
		easy, n := 0, 4000
		for _, p := range Problems(task, stream, 1, n) {
			if p.Difficulty == 3 {
				easy++
			}
		}
		if share := float64(easy) / float64(n); share < 0.42 || share > 0.58 {
			t.Errorf("%s: %.3f of the problems have 3 numbers, want about a half", stream, share)
		}
	}
}

// few is a task with a single problem.
type few struct{ Task }

func (few) Problem(uint64) Problem { return Problem{Prompt: []int{Bos, Think}} }
func (few) Name() string           { return "few" }

func TestDrawRefusesTasksWithFewProblems(t *testing.T) {
	refused := 0
	for _, stream := range []string{TrainStream, EvalStream, ProbeStream} {
		func() {
			defer func() {
				if recover() != nil {
					refused++
				}
			}()
			Draw(few{openTask(t, "chain", "", "")}, stream, 1, 1)
		}()
	}
	if refused != 2 {
		t.Errorf("%d of 3 parts refused the only problem, want 2", refused)
	}
}

// Only Draw may call Problem: a caller with its own keys would mix the parts.
func TestOnlyDrawCallsProblem(t *testing.T) {
	const root = "../.."
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name == "rl/task/seed.go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		seen++
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Problem" && len(call.Args) == 1 {
					t.Errorf("%s calls Problem: call task.Draw", name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || seen < 100 {
		t.Errorf("%d files were read, error %v", seen, err)
	}
}

// A saved prompt is the problem that it was, whether a run drew it or somebody typed it; another is refused.
func TestProblemOf(t *testing.T) {
	kind, err := New("chain", "", "")
	if err != nil {
		t.Fatal(err)
	}
	typed, err := kind.Parse("k 8 ; o 4 ; b &k * &o ; ? b")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []Problem{Problems(kind, EvalStream, 1, 1)[0], typed} {
		if got, err := ProblemOf(kind, want.Prompt); err != nil || got.Gold != want.Gold || Text(kind, got.Prompt) != Text(kind, want.Prompt) {
			t.Errorf("%s is read as %+v (error %v)", Text(kind, want.Prompt), got, err)
		}
	}
	if p, err := ProblemOf(kind, typed.Prompt[:3]); err == nil {
		t.Errorf("half a prompt is read as %+v", p)
	}
}
