package panels

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/labtest"
)

// The page lists the rollouts of both runs beside each other, and marks where the chosen two first differ.
func TestRolloutsOfTwoRuns(t *testing.T) {
	l, _ := pageTrainer(t)
	l.Receive(labtest.Run("paused"))
	if html := app.HTMLString(l); strings.Contains(html, `id="pairs"`) || strings.Contains(html, `data-do="train-alone"`) {
		t.Fatal("a run that trains alone has rollouts of a second")
	}
	l.Receive(labtest.Beside())
	if html := l.panelText("pairs"); !strings.Contains(html, "Once both runs have taken the same step") {
		t.Errorf("before a step of both the panel has\n%s", html)
	}
	l.Receive(labtest.Pairs())
	html := l.panelText("pairs")
	for _, want := range []string{"problem 1 of 4", "Right answer 8; 2 of 3 of ATTNPO and 1 of 2 of TLMRE have it. Of training step 3 of both.", "token 4, line 2", "Rollouts 1 first differ at token 4, in line 2.", "✗ wrong", "6 tokens, reward 0.5"} {
		if !strings.Contains(html, want) {
			t.Errorf("the panel lacks %q:\n%s", want, html)
		}
	}
	if n := strings.Count(html, "first difference</span>"); n != 1 {
		t.Errorf("%d lines are the first difference", n)
	}
	page := app.HTMLString(l)
	for _, want := range []string{"Beside it: tlmre, chain-small, seed 7, step 3 of 40.", `data-do="train-alone"`, "runs=r1,r2"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if l.Do("pair:1"); !strings.Contains(l.panelText("pairs"), "Rollouts 2 of both have the same tokens.") {
		t.Error("equal rollouts are not said to be equal")
	}
	if l.Do("pair:2"); !strings.Contains(l.panelText("pairs"), "Only one of the runs has this rollout.") {
		t.Error("a rollout without a partner is not said to have none")
	}
}
