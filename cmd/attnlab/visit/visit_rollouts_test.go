//go:build !js && visit

package visit

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/chromedp/chromedp"
)

// TestVisitRollouts trains two runs side by side for three steps. It looks at their rollouts beside each other, at the loss of one token by
// token, and at every rollout of the first, and saves the numbers of their curves.
func TestVisitRollouts(t *testing.T) {
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	downloads := v.downloads()
	v.check("train two runs", func(v *visitor) {
		v.open(server.URL + under + onHost + strings.Replace(smallRun, "steps=10", "steps=3", 1) + "&method=grpo&beside=tlmre")
		v.until("the run can begin", `document.querySelector('#run-buttons [data-do="train"]:not(:disabled)')`)
		v.press(`#run-buttons [data-do="train"]`)
		v.runs("both runs are done", ready+` && latest("Run")?.info.state === "done" && latest("Beside")?.info.state === "done"`)
	})
	v.check("the rollouts of both runs", func(v *visitor) {
		second, pairs := newest[session.Beside](v), newest[session.PairedRollouts](v)
		if second.Info.Step != 3 || second.Settings.Method != "tlmre" || second.Settings.Seed != newest[session.Run](v).Settings.Seed {
			v.Errorf("beside the run is %+v by %+v", second.Info, second.Settings)
		}
		if pairs.Step != 3 || pairs.Problems != 4 || len(pairs.First) != 4 || len(pairs.Second) != 4 {
			v.Fatalf("step %d has %d problems, %d and %d rollouts", pairs.Step, pairs.Problems, len(pairs.First), len(pairs.Second))
		}
		v.until("they are listed", `document.querySelectorAll("#pairs tr.rollout").length === 4`)
		v.shots("two-runs", "#run-head")
		v.run(chromedp.EmulateViewport(390, 844))
		v.press(`#pairs [data-do="pair-next"]`)
		v.until("the next problem is shown", `latest("PairedRollouts")?.problem === 1 && document.querySelector("#pairs h2").textContent.includes("problem 2 of 4")`)
		v.press(`#pairs tr.rollout:nth-child(3) button`)
		v.until("other rollouts are set side by side", `document.querySelector("#pairs .verdict").textContent.startsWith("Rollouts 3 ") && document.querySelector("#pairs .side-by-side tbody tr")`)
		v.run(chromedp.EmulateViewport(1440, 900))
		v.shots("pairs", "#pairs")
	})
	v.check("the loss token by token", func(v *visitor) {
		v.until("the loss of a rollout is shown", `document.querySelectorAll("#token-loss .loss-tokens .tok").length > 2`)
		v.run(chromedp.EmulateViewport(390, 844))
		v.press(`.loss-tokens .tok:nth-child(2)`)
		v.until("a token has its numbers", `document.querySelector("#token-loss")?.textContent.includes("2 of ")`)
		v.run(chromedp.EmulateViewport(1440, 900))
		v.shots("token-loss", "#token-loss")
	})
	v.check("the numbers of the curves", func(v *visitor) {
		v.until("the curves can be saved", `document.querySelector('[data-do="figure-csv:curves"]') && document.querySelector("iframe.curves")?.contentDocument?.querySelector("canvas, #plain")`)
		rows, err := csv.NewReader(bytes.NewReader(v.saved(downloads, `[data-do="figure-csv:curves"]`))).ReadAll()
		if err != nil {
			v.Fatal(err)
		}
		named := map[string]int{}
		for _, row := range rows[1:] {
			if row[0] == "accuracy" {
				named[row[1]]++
			}
		}
		if len(named) != 2 || named[newest[session.Run](v).Info.Name] != 3 {
			v.Errorf("the table has %v values of accuracy under %q", named, rows[0])
		}
	})
	v.check("list the rollouts", func(v *visitor) {
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
