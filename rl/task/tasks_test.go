package task

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sums is a task of this test: one file with a Kind, and one line in the list.
type sums struct{ levels Range }

var sumsKind = Kind{
	Name: "sums", Title: "Sums", Summary: "Add numbers.", Teachers: []string{"slow", "fast"}, Levels: Range{1, 9}, Difficulty: Range{2, 3},
	New: func(teacher string, difficulty Range) (Task, error) { return sums{difficulty}, nil },
}

func (sums) Name() string          { return sumsKind.Name }
func (sums) Vocabulary() []string  { return append(slices.Clone(CommonTokens), "0", "1") }
func (sums) Reflections() []string { return []string{"wait"} }
func (s sums) Problem(key uint64) Problem {
	random := NewRandom(key, ProblemStream)
	p := Problem{Difficulty: s.levels.Draw(random), Prompt: []int{Bos}}
	for range 12 {
		p.Prompt = append(p.Prompt, ownTokens+random.IntN(2))
	}
	p.Prompt = append(p.Prompt, Think)
	return p
}
func (sums) Parse(string) (Problem, error)         { return Problem{}, nil }
func (sums) Demonstrate(Problem, uint64) []int     { return []int{EndThink, Hash, ownTokens, Eos} }
func (sums) Concludes(_ Problem, t Trace) []bool   { return make([]bool, len(t.Steps)) }
func (sums) Judge(p Problem, response []int) Trace { t, _ := Cut(p.Prompt, response); return t }

// A task is added by its Kind alone: names, defaults, errors and the parts of problems follow.
func TestAddATask(t *testing.T) {
	all := Tasks
	Tasks = append(slices.Clone(Tasks), sumsKind)
	defer func() { Tasks = all }()

	made := openTask(t, "sums", "", "")
	if made.(sums).levels != sumsKind.Difficulty {
		t.Errorf("default difficulty %v", made.(sums).levels)
	}
	if made := openTask(t, "sums", "fast", "4-5"); made.(sums).levels != (Range{4, 5}) {
		t.Errorf("difficulty %v", made.(sums).levels)
	}
	for _, args := range [][2]string{{"quick", ""}, {"", "10"}} {
		if _, err := New("sums", args[0], args[1]); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
	if _, err := New("sudoku", "", ""); err == nil || !strings.Contains(err.Error(), "chain, countdown, relay or sums") {
		t.Errorf("unknown task: %v", err)
	}
	training := map[string]bool{}
	for _, p := range Problems(made, TrainStream, 1, 2000) {
		training[Text(made, p.Prompt)] = true
	}
	for _, p := range Problems(made, EvalStream, 1, 500) {
		if training[Text(made, p.Prompt)] {
			t.Fatal("an evaluation problem occurs in training")
		}
	}
}

func TestKinds(t *testing.T) {
	for _, k := range Tasks {
		if k.Title == "" || k.Summary == "" || !k.Difficulty.within(k.Levels.Min, k.Levels.Max) {
			t.Errorf("%+v", k)
		}
		for _, teacher := range append(slices.Clone(k.Teachers), "") {
			for level := k.Levels.Min; level <= k.Levels.Max; level++ {
				made := openTask(t, k.Name, teacher, strconv.Itoa(level))
				drawn := Draw(made, EvalStream, 1, 1).Difficulty
				if mixedIn := teacher == "mixed" && drawn == 0; made.Name() != k.Name || drawn != level && !mixedIn {
					t.Errorf("%s, teacher %q, difficulty %d: %d", k.Name, teacher, level, drawn)
				}
			}
		}
	}
	if first, err := New("", "", ""); err != nil || first.Name() != Tasks[0].Name {
		t.Errorf("default task %v, %v", first, err)
	}
}

// The name of a task stands in quotes in its own file only.
func TestTaskNamesAreInOnePlace(t *testing.T) {
	const root = "../.."
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(filepath.Dir(name), "test") { // tests, and what they share
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		seen++
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if text, err := strconv.Unquote(l.Value); err == nil && slices.Contains(Names(), text) && name != "rl/task/"+text+".go" && name != "rl/runs/version1.go" { // settings: what runs of version 1 meant
					t.Errorf("%s holds %q: take the name from package task", name, text)
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
