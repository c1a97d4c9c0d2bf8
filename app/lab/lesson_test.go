package lab

import (
	"strings"
	"testing"
)

func TestLessonAsLink(t *testing.T) {
	v := Start()
	v.Page, v.Lesson = PageTree, LessonPlace{3, 2, 1}
	if text := v.String(); !strings.Contains(text, "lesson=3.2&guess=1") || viewOf(text) != v {
		t.Errorf("%q reads back as %+v", text, viewOf(text).Lesson)
	}
	for _, text := range []string{"lesson=0.1", "lesson=9.1", "lesson=1.6", "lesson=1.0", "lesson=x", "lesson=-1.2"} {
		if got := viewOf(text).Lesson; got != (LessonPlace{}) {
			t.Errorf("%s reads as %+v", text, got)
		}
	}
	if got := viewOf("lesson=3.2&guess=9").Lesson; got != (LessonPlace{3, 2, 0}) {
		t.Errorf("a guess that is no choice reads as %+v", got)
	}
	v.Page, v.Lesson, v.Term = PageGlossary, LessonPlace{}, "FCI"
	if got := viewOf(v.String()); got != v {
		t.Errorf("%q reads back as %+v", v.String(), got)
	}
}

func TestLessonKeys(t *testing.T) {
	for key, want := range map[string]string{"n": "lesson-next", "p": "lesson-back", "ArrowRight": "lesson-next", "ArrowLeft": "lesson-back", "Escape": "escape"} {
		if got := actionOfKey("lesson", key); got != want {
			t.Errorf("%s does %q in a lesson, want %q", key, got, want)
		}
	}
	if got := actionOfKey(PageTrace, "n"); got != "problem" {
		t.Errorf("beside the lesson n does %q", got)
	}
}
