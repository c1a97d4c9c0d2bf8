package panels

import (
	"reflect"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// What changes in one row leaves the lines of all others as they were, so that go-app does not draw them again.
func TestOnlyChangedRowsAreDrawn(t *testing.T) {
	l := NewPage(lab.Link{}, "", lab.Example{Trace: labtest.Trace()})
	_, before, _ := l.lines()
	changed := func() (which []int) {
		_, now, _ := l.lines()
		for i := range now {
			if i >= len(before) || !reflect.DeepEqual(now[i], before[i]) {
				which = append(which, now[i].step)
			}
		}
		before = now
		return which
	}
	if got := changed(); len(got) > 0 {
		t.Errorf("rows %v changed by themselves", got)
	}
	for _, c := range []struct {
		what string
		do   func()
		want []int
	}{
		{"a figure points at step 2", func() { l.Receive(session.Hover{Step: 2}) }, []int{2}},
		{"a step is selected", func() { l.Do("step:1") }, []int{1}},
		{"another", func() { l.Do("step:3") }, []int{1, 3}},
		{"a token of it", func() { l.Do("token:9") }, []int{3}},
		{"a number is opened", func() { l.Do("explain:fci:2") }, []int{2}},
		{"the figure points nowhere", func() { l.Receive(session.Hover{Step: -1}) }, []int{2}},
		{"a head is selected", func() { l.Do("head:0.0") }, []int{1, 2}},
	} {
		if c.do(); !reflect.DeepEqual(changed(), c.want) {
			t.Errorf("%s: other rows than %v changed", c.what, c.want)
		}
	}
	if html := app.HTMLString(l.rows()); strings.Count(html, `id="step-`) != 4 || strings.Count(html, "token:9") != 1 || !strings.Contains(html, "cursor") {
		t.Errorf("the rows are %s", html)
	}
}
