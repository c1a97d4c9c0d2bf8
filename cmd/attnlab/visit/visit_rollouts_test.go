//go:build !js && visit

package visit

import (
	"fmt"
	"strings"
	"testing"

	"attnlab/app/session"
)

// TestVisitRollouts trains three steps and browses every rollout of them.
func TestVisitRollouts(t *testing.T) {
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	v.check("train and list the rollouts", func(v *visitor) {
		v.open(server.URL + under + onHost + strings.Replace(smallRun, "steps=10", "steps=3", 1) + "&method=grpo")
		v.until("the run can begin", `document.querySelector('#run-buttons [data-do="train"]:not(:disabled)')`)
		v.press(`#run-buttons [data-do="train"]`)
		v.runs("the run is done", `latest("Run")?.info.state === "done"`)
		v.press(`#run-buttons [data-do^="rollouts:"]`)
		v.until("the rollouts are listed", `document.querySelector("#saved-rollouts .rollout-list li")`)
		all := newest[session.SavedRollouts](v)
		if len(all.Steps) != 3 || all.All != 48 || len(all.Rows) != session.RolloutsShown {
			v.Errorf("%d steps, %d rollouts, %d rows", len(all.Steps), all.All, len(all.Rows))
		}
		v.press(`#saved-rollouts .rollout-list li:nth-child(2) summary`)
		v.until("a rollout is open", `document.querySelector("#saved-rollouts .rollout-list details[open] pre")?.textContent.includes("</think>")`)
		v.shots("saved-rollouts", "#saved-rollouts")
		v.press(`#saved-rollouts .rollout-list details[open] button`)
		v.until("one problem is listed", fmt.Sprintf(`document.querySelector("#saved-rollouts .verdict").textContent.includes(": 4 of %d match.")`, all.All))
		if text := v.text("#saved-rollouts"); !strings.Contains(text, "This problem through training") {
			v.Errorf("the visitor reads %q", text)
		}
	})
	if lines := n.all(); len(lines) > 0 {
		t.Errorf("during the visit:\n%s", strings.Join(lines, "\n"))
	}
}
