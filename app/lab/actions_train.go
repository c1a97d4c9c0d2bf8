package lab

import (
	"strconv"
	"strings"

	"attnlab/app/session"
)

// trainActions are the actions of the Train page.
func trainActions() []Action {
	may := func(state func(l *Lab) bool) func(l *Lab) bool {
		return func(l *Lab) bool { return l.Page == PageTrain && state(l) }
	}
	steps := may(func(l *Lab) bool { return l.Ready() && !l.Running() && (l.Fixed() || len(l.Wrong()) == 0) })
	exists := func(l *Lab) bool { return l.Ready() && (l.Run.Info.ID != "" || len(l.Runs.Runs) > 0) }
	followed := func(l *Lab) bool { return len(l.Followed.Answers) > 0 }
	return []Action{
		{"play-answers", "", "Play the answers of the run to one problem", false, followed, func(l *Lab, _ string) { l.playAnswers() }},
		{"save-film", "", "Save the answers of the run as a GIF", false, followed, func(l *Lab, _ string) { l.screen.SaveFigure("followed", "gif") }},
		{"follow-run", "", "", false, func(l *Lab) bool { return l.Ready() }, func(l *Lab, a string) { l.follow(a, "") }},
		{"follow-typed", "", "", false, func(l *Lab) bool { return l.Ready() && strings.TrimSpace(l.FollowText) != "" }, func(l *Lab, a string) { l.follow(a, l.FollowText) }},
		{"train", "train:Space", "Start, pause or resume training", false,
			may(func(l *Lab) bool {
				return l.Running() && !l.Pausing() || !l.Running() && l.Ready() && (l.Fixed() || len(l.Wrong()) == 0)
			}),
			func(l *Lab, _ string) {
				if l.Running() {
					l.pausing = l.Run.Info.ID
					l.Send(session.Cancel{Command: "Advance"})
					return
				}
				l.takeSteps(0)
			}},
		{"train-step", "train:ArrowRight", "Take one training step", false, steps, func(l *Lab, _ string) { l.takeSteps(1) }},
		{"train-stop", "train:q", "Stop the run and save it as it is", false, may((*Lab).stoppable), func(l *Lab, _ string) {
			if l.Running() {
				l.Send(session.Cancel{Command: "Advance"})
			}
			l.stopped = l.Run.Info.ID
		}},
		{"method", "", "", true, may(func(l *Lab) bool { return !l.Fixed() }), func(l *Lab, a string) { l.chooseMethod(a) }},
		{"reset", "", "", true, may(func(l *Lab) bool { return !l.Fixed() }), func(l *Lab, a string) { l.reset(a) }},
		{"reset-all", "", "Set all hyper-parameters back to the lab's values", true, may(func(l *Lab) bool { return !l.Fixed() }), func(l *Lab, _ string) { l.Plan.Hyper, l.Mistyped = "", nil }},
		{"group", "", "", false, nil, func(l *Lab, a string) { l.Group = parse(a, 0, strconv.Atoi) }},
		{"group-next", "train:n", "Rollouts of the next problem", false, may((*Lab).HasRollouts), func(l *Lab, _ string) { l.moveGroup(1) }},
		{"group-before", "train:b", "Rollouts of the previous problem", false, may((*Lab).HasRollouts), func(l *Lab, _ string) { l.moveGroup(-1) }},
		{"credit", "", "", false, (*Lab).HasRollouts, func(l *Lab, a string) { l.showCredit(parse(a, 0, strconv.Atoi)) }},
		{"credit-next", "train:ArrowDown", "Credit of the next rollout", false, may((*Lab).HasRollouts), func(l *Lab, _ string) { l.moveCredit(1) }},
		{"credit-before", "train:ArrowUp", "Credit of the previous rollout", false, may((*Lab).HasRollouts), func(l *Lab, _ string) { l.moveCredit(-1) }},
		{"loss-token", "", "", false, (*Lab).hasLosses, func(l *Lab, a string) { l.LossToken = parse(a, 0, strconv.Atoi) }},
		{"save-token-loss", "", "Save the loss of the rollout, token by token, as CSV", false, may((*Lab).hasLosses), func(l *Lab, _ string) { l.saveTokenLosses() }},
		{"use-run", "", "Use the trained model on the Trace page", false, exists, func(l *Lab, a string) {
			if a == "" {
				a = l.Run.Info.ID
			}
			l.useModel("run:" + a)
			l.show(PageTrace)
		}},
		{"export-run", "", "Save the current run as a zip file", false, exists, func(l *Lab, a string) {
			if a == "" {
				a = l.Run.Info.ID
			}
			l.exporting = a
			l.Send(session.ExportRun{ID: a})
		}},
		{"export-part", "", "", false, exists, func(l *Lab, a string) {
			part, id, _ := strings.Cut(a, ":")
			l.exporting = id
			l.Send(session.ExportRun{ID: id, Part: part})
		}},
		{"resume-run", "", "", false, func(l *Lab) bool { return l.Ready() }, func(l *Lab, a string) {
			l.stopped = ""
			l.Send(session.ResumeRun{ID: a})
			l.Send(session.Advance{Run: a})
			l.show(PageTrain)
		}},
		{"drop-run", "", "", false, func(l *Lab) bool { return l.Ready() }, func(l *Lab, a string) { l.Send(session.DropRun{ID: a}) }},
		{"open-run", "", "Import a run from a zip file or its metrics.jsonl", false, func(l *Lab) bool { return l.Ready() }, func(l *Lab, _ string) { l.screen.Pick("open-run") }},
		{"open-run-folder", "", "Import a run from a folder", false, func(l *Lab) bool { return l.Ready() }, func(l *Lab, _ string) { l.screen.Pick("open-run-folder") }},
	}
}
