package task

import "testing"

func TestDescribe(t *testing.T) {
	for _, c := range []struct{ name, teacher, difficulty, wantTeacher, want string }{
		{"chain", "", "", "verdict", "2-5"},
		{"chain", "recompute", " 3 - 4 ", "recompute", "3-4"},
		{"chain", "plain", "4-4", "plain", "4"},
		{"countdown", "", "", "", "3-4"},
		{"relay", "guided", "0-2", "guided", "0-2"},
	} {
		if teacher, difficulty := Describe(c.name, c.teacher, c.difficulty); teacher != c.wantTeacher || difficulty != c.want {
			t.Errorf("%+v: %q, %q", c, teacher, difficulty)
		}
	}
}
