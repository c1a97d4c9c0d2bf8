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
	for name, texts := range map[string][]string{"rollouts-steps": {"x", "4-2", "0", "1-", "-3"}, "rollouts-least": {"x", "0,5", "NaN", "inf"}, "rollouts-most": {"x", "1 2"}} {
		for _, text := range texts {
			p.Set(name, text) // asks for nothing, or the command after it would be another
			field, reason := "", ""
			walk(app.HTMLString(p), func(e *element, _ []*element) {
				if invalid, marked := e.has["aria-invalid"]; e.has["data-set"] == name && marked && invalid != "false" {
					field = e.has["value"]
				}
				if e.has["role"] == "alert" && e.has["id"] == "field-"+name+"-why" {
					reason = strings.TrimSpace(e.text.String())
				}
			})
			if field != text || !strings.HasPrefix(reason, "Write a") || p.Browsing.Filter != asked.Filter {
				t.Errorf("%s takes %q: the field says %q for the reason %q, and the filter is %+v", name, text, field, reason, p.Browsing.Filter)
			}
		}
	}
	p.Do("rollouts-next")
	if got := labtest.Sent(t, engine, 1)[0].(session.ShowRollouts); got.First != session.RolloutsShown {
		t.Errorf("the next page begins at %d", got.First)
	}
	p.Do("rollouts-problem:0")
	if got := labtest.Sent(t, engine, 1)[0].(session.ShowRollouts); got.Filter != (runs.RolloutFilter{Problem: row.Prompt}) {
		t.Errorf("this problem asks %+v", got)
	}
	if html := app.HTMLString(p); !strings.Contains(html, "This problem through training") || len(p.Refused) != 0 {
		t.Errorf("the table of one problem has no name, or the fields refuse still: %v", p.Refused)
	}
	p.Set("rollouts-least", "1e-3")
	p.Do("rollouts-all")
	if got := labtest.Sent(t, engine, 2)[1].(session.ShowRollouts); got.Filter != (runs.RolloutFilter{}) {
		t.Errorf("all rollouts asks %+v", got)
	}
	says := map[string]string{}
	walk(app.HTMLString(p), func(e *element, _ []*element) { says[e.has["data-set"]] = e.has["value"] })
	for name, want := range map[string]string{"rollouts-steps": "all", "rollouts-problem": "any", "rollouts-least": "any", "rollouts-most": "any"} {
		if says[name] != want {
			t.Errorf("after all were asked for, the field %s says %q", name, says[name])
		}
	}
	p.Do("rollouts-close")
	if html := app.HTMLString(p); strings.Contains(html, "saved-rollouts") {
		t.Error("the panel stays")
	}
}
