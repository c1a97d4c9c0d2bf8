package panels

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// The panel shows alarms, steps and rollouts, filters them, and follows one problem through training.
func TestSavedRollouts(t *testing.T) {
	p, engine := pageTrainer(t)
	p.Receive(labtest.Run("paused"))
	labtest.Sent(t, engine, 1) // the credit of a rollout
	p.Receive(labtest.Credit(0))
	p.Receive(session.Status{Stage: "ready"})
	id := p.Run.Info.ID
	p.Do("rollouts:" + id)
	if got, want := labtest.Sent(t, engine, 1)[0], any(session.ShowRollouts{ID: id}); got != want {
		t.Fatalf("it asks %#v", got)
	}
	if html := app.HTMLString(p); !strings.Contains(html, "The rollouts are loading.") {
		t.Error("nothing says that rollouts are loading")
	}
	wrong := false
	row := runs.Rollout{Step: 3, Problem: "rollout-1-5", Prompt: "<bos> a 1 ; ? a <think>", Response: "a 1\n</think> # 2", Gold: "1", Correct: &wrong, Reward: 0, Parts: map[string]float64{"mean": 0.5}, Cut: true, Tokens: 7}
	p.Receive(session.SavedRollouts{ID: id, Name: "my run", Browsed: runs.Browsed{All: 30, Matches: 25, Rows: []runs.Rollout{row}, Steps: []runs.RolloutStep{{Step: 3, Rollouts: 25}},
		Alarms: []runs.Alarm{{Name: "longer", Text: "Responses are long."}}}})
	html := app.HTMLString(p)
	for _, want := range []string{"my run: 25 of 30 match.", "Responses are long.", "✗ wrong", "step 3, rollout-1-5, reward 0", "cut off", "a 1 ; ? a", "mean = 0.5", "Right answer: 1", "1 to 1 of 25"} {
		if !strings.Contains(html, want) {
			t.Errorf("the panel lacks %q", want)
		}
	}
	p.Set("rollouts-steps", "2-4")
	p.Set("rollouts-outcome", "wrong")
	p.Set("rollouts-most", "0.5")
	asked := labtest.Sent(t, engine, 3)[2].(session.ShowRollouts)
	if f := asked.Filter; f.From != 2 || f.To != 4 || f.Outcome != "wrong" || f.Most == nil || *f.Most != 0.5 || f.Least != nil {
		t.Errorf("the fields ask %+v", f)
	}
	p.Do("rollouts-next")
	if got := labtest.Sent(t, engine, 1)[0].(session.ShowRollouts); got.First != session.RolloutsShown {
		t.Errorf("the next page begins at %d", got.First)
	}
	p.Do("rollouts-problem:0")
	if got := labtest.Sent(t, engine, 1)[0].(session.ShowRollouts); got.Filter != (runs.RolloutFilter{Problem: row.Prompt}) {
		t.Errorf("this problem asks %+v", got)
	}
	if html := app.HTMLString(p); !strings.Contains(html, "This problem through training") {
		t.Error("the table of one problem has no name")
	}
	p.Do("rollouts-close")
	if html := app.HTMLString(p); strings.Contains(html, "saved-rollouts") {
		t.Error("the panel stays")
	}
}
