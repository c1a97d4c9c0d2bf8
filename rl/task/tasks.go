package task

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is a family of tasks as a user chooses it: by name, teacher and difficulty. A kind lies in the file of its task.
type Kind struct {
	Name    string // in flags, links and checkpoints
	Title   string
	Summary string // one sentence

	Teachers   []string // names, the default first; empty where there is one teacher
	Levels     Range    // of difficulty, all that exist
	Difficulty Range    // the default, within Levels
	Words      Words

	// New makes a task of this kind. teacher is one of Teachers, or empty where there are none. It returns an error where the
	// difficulty does not suit.
	New func(teacher string, difficulty Range) (Task, error)
}

// Tasks lists all kinds of tasks, the default first. A new task is a file and a line here.
var Tasks = []Kind{
	ChainKind,
	CountdownKind,
	RelayKind,
}

// Names lists the names of all kinds, in order.
func Names() []string {
	var names []string
	for _, k := range Tasks {
		names = append(names, k.Name)
	}
	return names
}

// Find returns the kind with a name, or an error that names those that exist.
func Find(name string) (Kind, error) {
	for _, k := range Tasks {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("task: unknown task %q: choose %s", name, either(Names()))
}

// New makes the task that the flags --task, --teacher and --difficulty describe. An empty name, teacher or difficulty is the default
// one: the first of [Tasks], and its own. It returns an error where a name is unknown or the difficulty does not suit.
func New(name, teacher, difficulty string) (Task, error) {
	if name == "" {
		name = Tasks[0].Name
	}
	kind, err := Find(name)
	if err != nil {
		return nil, err
	}
	switch {
	case teacher != "" && len(kind.Teachers) == 0:
		return nil, fmt.Errorf("task: task %s has only one teacher: leave out %q", name, teacher)
	case teacher == "" && len(kind.Teachers) > 0:
		teacher = kind.Teachers[0]
	case teacher != "" && !slices.Contains(kind.Teachers, teacher):
		return nil, fmt.Errorf("task: unknown teacher %q of task %s: choose %s", teacher, name, either(kind.Teachers))
	}
	levels := kind.Difficulty
	if difficulty != "" {
		if levels, err = ParseDifficulty(difficulty); err != nil {
			return nil, err
		}
		if !levels.within(kind.Levels.Min, kind.Levels.Max) {
			return nil, fmt.Errorf("task: difficulty %v of task %s must lie within %v", levels, name, kind.Levels)
		}
	}
	return kind.New(teacher, levels)
}

// either writes a choice: "a", "a or b", "a, b or c".
func either(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// orNil keeps a nil pointer from becoming a Task that is not nil.
func orNil[T Task](t T, err error) (Task, error) {
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Describe returns teacher and difficulty of the task that [New] makes, with the task's defaults in place of empty ones and one
// spelling of each range: "2-5", "4". A task with one teacher has an empty teacher. Values that [New] refuses are returned unchanged.
func Describe(name, teacher, difficulty string) (string, string) {
	kind, _ := Find(name)
	if teacher == "" && len(kind.Teachers) > 0 {
		teacher = kind.Teachers[0]
	}
	levels := kind.Difficulty
	if difficulty != "" {
		var err error
		if levels, err = ParseDifficulty(difficulty); err != nil {
			return teacher, strings.TrimSpace(difficulty)
		}
	}
	return teacher, levels.String()
}
