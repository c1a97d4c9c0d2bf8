package panels

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

func TestHyperParameters(t *testing.T) {
	l, _ := pageTrainer(t)
	for _, c := range []struct{ name, typed, wrong string }{
		{"group", "16", ""}, {"group", "1", "2 to 64"}, {"group", "2.5", "whole number"}, {"group", "many", `"many", which is not a number`},
		{"learning-rate", "0.001", ""}, {"learning-rate", "NaN", "1e-07 to 0.01"}, {"learning-rate", "1", "1e-07 to 0.01"}, {"negative", "off", ""},
	} {
		l.Set("h."+c.name, c.typed)
		complaint := l.Wrong()[c.name]
		if c.wrong == "" && complaint != "" || !strings.Contains(complaint, c.wrong) {
			t.Errorf("%s = %s: %q, want %q", c.name, c.typed, complaint, c.wrong)
		}
		start, _ := lab.FindAction("train")
		if start.Allowed(l.Lab) != (c.wrong == "") {
			t.Errorf("%s = %s: training may start is %v", c.name, c.typed, start.Allowed(l.Lab))
		}
		if html := app.HTMLString(l); !strings.Contains(html, `value="`+c.typed+`"`) {
			t.Errorf("%s = %s: what was typed is not to be seen", c.name, c.typed)
		}
		l.Do("reset:" + c.name)
		if l.Plan.Hyper != "" || len(l.Wrong()) > 0 {
			t.Errorf("%s after a reset: %q %v", c.name, l.Plan.Hyper, l.Wrong())
		}
	}
	l.GoTo(viewOf("page=train&method=attnpo&h.cut=2&h.group=1000"))
	if wrong := l.Wrong(); len(wrong) != 2 || !strings.Contains(wrong["cut"], "has no hyper-parameter") {
		t.Errorf("a link with values that are none: %v", wrong)
	}
	l.Do("reset-all")
	if len(l.Wrong()) > 0 {
		t.Errorf("after a reset of all: %v", l.Wrong())
	}
	l.Do("method:nonsense")
	if l.Wrong()["method"] == "" {
		t.Error("a method that is none is not complained of")
	}
	l.Do("method:tlmre")
	l.Set("h.group", "4")
	l.Do("method:attnpo")
	if l.Plan.Hyper != "group=4" {
		t.Errorf("what both methods have is %q after a change of method", l.Plan.Hyper)
	}
}

func TestCreditOfRollouts(t *testing.T) {
	l, engine := pageTrainer(t)
	l.Receive(labtest.Run("paused"))
	l.Receive(labtest.Credit(0))
	labtest.Sent(t, engine, 1)
	l.Do("credit-next")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.ShowCredit{Rollout: 1}) || l.Chosen() != 1 {
		t.Fatalf("the next rollout: %#v, %d is chosen", got, l.Chosen())
	}
	if html := app.HTMLString(l); !strings.Contains(html, "is shown after the current step") {
		t.Error("a credit that is still to come is not announced")
	}
	l.Receive(labtest.Credit(1))
	if l.Do("group-next"); l.Group != 4 {
		t.Errorf("the group after 0 is %d, want 4", l.Group)
	}
	if places := l.InGroup(4); !slices.Equal(places, []int{2, 3}) {
		t.Errorf("its rollouts are %v", places)
	}
	if l.Do("group-next"); l.Group != 0 {
		t.Errorf("the group after the last is %d, want the first", l.Group)
	}
	l.Do("credit:99")
	if l.Chosen() != 1 {
		t.Error("a rollout that is none was chosen")
	}
	e, ok := l.Explain("credit:1")
	if !ok || e.Value != "× 0.250" || len(e.Terms) != 3 || e.Terms[1].Form != "κ p² |F| / (|q|+|o|)" || e.Terms[1].Value != "0.080" || e.Source != "ATTNPO, step rescaling" || e.Total != "+0.400 before, +0.100 after" {
		t.Errorf("the arithmetic of step 2: %+v", e)
	}
	for _, none := range []string{"credit:2", "credit:-1", "credit:x", "outcome:2", "hyper:nonsense"} {
		if e, ok := l.Explain(none); ok {
			t.Errorf("%s is explained: %+v", none, e)
		}
	}
}

// The loss of a rollout is coloured by one quantity, one token has its numbers, and all can be saved.
func TestTokenLoss(t *testing.T) {
	l, engine := pageTrainer(t)
	l.Receive(labtest.Run("paused"))
	if html := app.HTMLString(l); !strings.Contains(html, "The loss is shown with the credit of a rollout.") {
		t.Error("without a rollout nothing says how to see a loss")
	}
	l.Receive(labtest.Credit(0))
	l.Receive(labtest.TokenLosses(0))
	labtest.Sent(t, engine, 1)
	shades := map[string]bool{}
	for _, c := range lab.LossColours {
		l.Set("loss-by", c.Name)
		html := app.HTMLString(l)
		start := strings.Index(html, `class="tokens loss-tokens"`)
		shades[regexp.MustCompile(`class="tok [^"]*"`).FindString(html[start:])] = true
		if l.LossColour().Name != c.Name {
			t.Errorf("%s does not colour", c.Name)
		}
	}
	if len(shades) < 4 {
		t.Errorf("the first token has only the colours %v", shades)
	}
	l.Set("loss-token", "4")
	if html := app.HTMLString(l); !strings.Contains(html, "4 of 8, wait") || l.LossToken != 3 {
		t.Errorf("token %d is chosen", l.LossToken)
	}
	l.Do("loss-token:0")
	e, ok := l.Explain("token-loss:0")
	if !ok || e.Value != "−0.0574" || e.Terms[3].Value != "+0.512" || e.Terms[4].Value != "0.053" || !strings.Contains(e.Note, "clipped") {
		t.Errorf("the arithmetic of token 1: %+v", e)
	}
	if _, ok := l.Explain("token-loss:8"); ok {
		t.Error("a token that is none is explained")
	}
	l.Do("fold:token-loss-table")
	if html := app.HTMLString(l); strings.Count(html, `scope="row"`) < 8 || !strings.Contains(html, "old log-probability") {
		t.Error("the table lacks the tokens")
	}
	none := session.TokenLosses{Number: 2}
	if l.Receive(none); !strings.Contains(app.HTMLString(l), "did not train on this rollout") {
		t.Error("nothing says that a rollout was left out")
	}
}

func TestHiddenTab(t *testing.T) {
	l, _ := pageTrainer(t)
	l.Receive(labtest.Run("running"))
	l.Visible(false)
	r := labtest.Run("running")
	r.Info.Step, r.Rate = 5, 900
	l.Receive(r)
	l.Visible(true)
	if !strings.Contains(l.Notice, "slowed it to 900") || !strings.Contains(l.Notice, "2 steps") {
		t.Errorf("after a slow time hidden: %q", l.Notice)
	}
	if html := app.HTMLString(l); !strings.Contains(html, "900 tokens per second, against 5234 now") {
		t.Error("the page does not say that the browser slowed training")
	}
}

// trainPages are the states of the Train page.
func trainPages(t *testing.T, draw func(name string, l *Page)) {
	v := lab.Start()
	v.Page = lab.PageTrain
	draw("train, before the engine", NewPage(lab.Link{}, v.String(), lab.Example{Trace: labtest.Trace()}))
	l, _ := pageTrainer(t)
	draw("train, no run", l)
	l.Do("fold:settings")
	l.Do("explain:hyper:schedule")
	draw("train, all settings", l)
	kept := labtest.Run("paused")
	l.Receive(session.Runs{Number: 1, Runs: []session.KeptRun{{Info: kept.Info, Settings: kept.Settings, Metrics: kept.Metrics}}})
	draw("train, after a reload", l)
	open, bad := session.KeptRun{Info: kept.Info, Settings: kept.Settings}, session.KeptRun{Info: kept.Info, Settings: kept.Settings}
	open.Info.State = session.Elsewhere
	bad.Info.ID, bad.Info.Name, bad.Info.State, bad.Info.Note = "bad", "bad run", session.Damaged, "Line 4 of the metrics: it is not a JSON object."
	l.Receive(session.Runs{Number: 2, Runs: []session.KeptRun{open, bad}})
	draw("train, another tab trains", l)
	l.Receive(session.Runs{Number: 3, Runs: []session.KeptRun{}, Closed: "Runs are not saved: this browser stores nothing."})
	draw("train, storage denied", l)
	l.Receive(session.Runs{Number: 4, Runs: []session.KeptRun{}})
	l.Receive(labtest.Run("running"))
	l.Do("fold:metrics")
	l.Receive(labtest.Credit(0))
	l.Receive(labtest.TokenLosses(0))
	l.Do("explain:credit:1")
	draw("train, running", l)
	l.Receive(labtest.Run("paused"))
	draw("train, paused", l)
	l.Do("train-stop")
	draw("train, stopped", l)
	done := labtest.Run("done")
	done.Info.Step = 40
	l.Receive(done)
	draw("train, done", l)
	l.Receive(session.Failure{Command: "Begin", Text: "The device ran out of memory; take fewer problems."})
	l.Asleep = "This browser cannot keep the screen awake."
	draw("train, failed", l)
	l.Receive(session.Run{Info: session.RunInfo{ID: "p", Name: "pretrain, tiny, seed 1", State: "running", Step: 20}, Settings: session.RunSettings{Method: runs.Pretrain, Model: "tiny", Seed: 1, Steps: 1000},
		Metrics: []session.Metric{{Name: "step", Values: labtest.Values(10, 20)}, {Name: "loss", Values: labtest.Values(3.2, 2.875)}, {Name: "tokens", Values: labtest.Values(20480, 40960)}}, Sample: "b = 8 ; wait", Kept: -1})
	draw("pretrain", l)
}

func TestTrainPages(t *testing.T) {
	html := map[string]string{}
	space := regexp.MustCompile(`>\s+|\s+<`)
	trainPages(t, func(name string, l *Page) {
		html[name] = space.ReplaceAllStringFunc(app.HTMLString(l), strings.TrimSpace)
	})
	for name, wants := range map[string][]string{
		"train, before the engine": {"The engine is loading", "appear once the engine is ready"},
		"train, no run":            {"No run yet", ">Start<", "key-focus heads weigh the steps", "learning-rate", "2602.09953", "Other runs here"},
		"train, all settings":      {"A group is attenuated after step T(1-p). The paper takes 1000, the lab 10.", "from 0 to 10000", "ATTNPO code"},
		"train, after a reload":    {"A run of ATTNPO was at step 3 of 40.", ">Resume<", "resume-run:r1"},
		"train, another tab trains": {"A run of ATTNPO trains in another tab, or is paused there: it was saved at step 3 of 40.", "step 3 of 40, open in another tab", ">Export<",
			"damaged, 3 steps can be read. Line 4 of the metrics: it is not a JSON object.", `"delete bad run"`, "export-run:bad"},
		"train, storage denied": {"Runs are not saved: this browser stores nothing.", "You can pause a run.", "There are no other runs."},
		"train, running": {"Step 3 of 40, 12 min 34 s left, 5,234 tokens per second.", ">Pause<", ">Stop<", "base 0.500 ± 0.063, n\u00a0=\u00a064", "+0.000 ± 0.157", "mean of the last 3 steps", "56.5", "base 60.0", "−3.5", `"difference muted"`, `"within chance"`, "2.40", `"difference"`, `"beyond two standard errors"`, "−0.85 ± 0.12", "12,345",
			"k 8 ; ? k", "Right answer 8; 1 of 2 have it", "S_base", "κ p² |F| / (|q|+|o|)", "Credit of step 2", "× 0.250", "+0.400", "signed-20", "Saved at step 2 in this browser", "made by a test", `class="course"`, "Stop the run to choose others", "disabled"},
		"train, paused":  {"Step 3 of 40, paused.", "Its tokens add −0.407 to the loss −0.25 of that update; the step reports the mean over its updates, −0.375.", "gradient weight −0.0246", `"1 of 8, so"`, "clipped", ">Resume<", ">One step<", "Use on Trace", ">Export<"},
		"train, stopped": {"Stopped at step 3 of 40", ">Start<", "Resume the stopped run"},
		"train, done":    {"Step 40 of 40: done.", ">Start<", "Use on Trace"},
		"train, failed":  {"The device ran out of memory", "cannot keep the screen awake"},
		"pretrain":       {"What it writes now", "b = 8 ; wait", "2.875", "40,960", "Not saved in this browser yet", ">Pause<"},
	} {
		for _, want := range wants {
			if !strings.Contains(html[name], want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
	}
	for name, never := range map[string][]string{
		"train, another tab trains": {">Resume<", "resume-run:", "ask-drop:r1", "use-run:bad"},
		"train, storage denied":     {"saved in this browser", "stay in this browser"},
	} {
		for _, text := range never {
			if strings.Contains(html[name], text) {
				t.Errorf("%s: it has %q", name, text)
			}
		}
	}
	if strings.Contains(html["train, running"], ">Start<") || strings.Contains(html["pretrain"], "Rollouts, problem") {
		t.Error("a button or a panel of another state is shown")
	}
}

func TestCourse(t *testing.T) {
	for _, c := range []struct {
		values []*float64
		want   string
	}{
		{nil, `points=""`},
		{labtest.Values(3), `points="100.0,10.0"`},
		{labtest.Values(0, math.NaN(), 1), `points="0.0,19.0 100.0,1.0"`},
		{labtest.Values(2, 2), `points="0.0,10.0 100.0,10.0"`},
	} {
		if got := fmt.Sprint(app.HTMLString(course([]float64{1, 2, 3}[:len(c.values)], c.values, 0))); !strings.Contains(got, c.want) {
			t.Errorf("%v is drawn as %s, want %s", c.values, got, c.want)
		}
	}
	long := make([]float64, 5001)
	for i := range long {
		long[i] = float64(i)
	}
	if got := app.HTMLString(course([]float64{1, 5, 6}, labtest.Values(0, 0, 1), 0)); !strings.Contains(got, "0.0,19.0 80.0,19.0 100.0,1.0") {
		t.Errorf("steps 1, 5 and 6 are drawn as %s", got)
	}
	if got := app.HTMLString(course([]float64{1, 2}, labtest.Values(0.99, 1), 0.1)); !strings.Contains(got, "0.0,10.9 100.0,9.1") {
		t.Errorf("a change of a tenth of the least span fills it: %s", got)
	}
	if got := app.HTMLString(course(long, labtest.Values(long...), 0)); strings.Count(got, ",") > 101 || !strings.Contains(got, "100.0,1.0") {
		t.Errorf("5001 values are drawn as %d points, want at most 101 and the last", strings.Count(got, ","))
	}
}

// Before an own run the page shows a shipped one. Where that began from another model than the plan, the page says so and offers its
// settings.
func TestExampleOfAnotherModel(t *testing.T) {
	for model, other := range map[string]bool{"small": false, "tiny": true} {
		l, _ := pageTrainer(t)
		l.Plan.Model = model
		l.Receive(session.Runs{Number: 1, Runs: []session.KeptRun{labtest.KeptRun("r", "attnpo", 1, "shipped", nil)}})
		l.Receive(labtest.Followed(3))
		html := app.HTMLString(l)
		if !strings.Contains(html, "Base against trained") {
			t.Fatal("the page shows no answers of the shipped run")
		}
		if strings.Contains(html, "No run from tiny is shipped. This one is r, from small;") != other || strings.Contains(html, `data-do="use-settings:r"`) != other {
			t.Errorf("a plan from %s beside a run from small: %v", model, other)
		}
	}
}

// A link can name any method; the headline repeats none that does not exist.
func TestUnknownMethod(t *testing.T) {
	l, _ := pageTrainer(t)
	l.Plan.Method = "evil"
	if html := app.HTMLString(l); strings.Contains(html, "evil\n    </h1>") || !strings.Contains(html, "There is no method &#34;evil&#34;") || !regexp.MustCompile(`<h1>\s*Train\s*</h1>`).MatchString(html) {
		t.Error("the page of an unknown method has its name as headline, or does not say what is wrong")
	}
}
