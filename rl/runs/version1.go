package runs

import "cmp"

// version1Tasks holds the default teacher and difficulty of each task when files of version 1 were written. It never changes: a new
// default belongs into the task, and a new task has no files of version 1.
var version1Tasks = map[string]struct{ teacher, difficulty string }{
	"chain":     {"verdict", "2-5"},
	"countdown": {"", "3-4"},
}

// described returns the run's teacher and difficulty. Where the file does not record them, as in version 1, and none was given,
// they are the defaults of that version.
func (s Settings) described() (teacher, difficulty string) {
	if s.Measured != nil {
		return s.Measured.Teacher, s.Measured.Difficulty
	}
	own := version1Tasks[s.Task]
	return cmp.Or(s.Teacher, own.teacher), cmp.Or(s.Difficulty, own.difficulty)
}
