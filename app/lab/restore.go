package lab

import (
	"cmp"

	"attnlab/app/session"
)

// restore sends the one command that leads from an old view to this one; old is nil for an engine that shows nothing yet.
func (l *Lab) restore(old *View) {
	if !l.Opened {
		return // the first capabilities will
	}
	v := l.View
	l.wanted, l.changing = &v.Selection, changing{}
	if old != nil && old.sameProblem(v) && old.rule() != v.rule() && l.FreeText() {
		l.Send(session.CutSteps{Rule: v.rule()})
	}
	c := session.Restore{Selection: v.Selection}
	if model := cmp.Or(v.Model, append(l.Capabilities.Bases, "")[0]); model != l.Capabilities.Model.Name {
		c.Model = model
	}
	switch {
	case v.Recorded != "":
		if old == nil || old.Recorded != v.Recorded {
			c.Recorded, c.Model = v.Recorded, ""
		}
	case v.Example && (old == nil || !old.Example):
		if len(l.shipped.Tokens) > 0 {
			l.Trace = l.shipped.Trace
			shown := l.shipped.Trace.Show()
			c.Trace = &shown
		} else { // a site without an example draws a problem first
			l.View.Example, l.View.Tokens = false, 0
			c.Problem = &session.NewProblem{Seed: l.Seed}
		}
	case !v.Example && (old == nil || !old.sameResponse(v)):
		if old == nil || !old.sameProblem(v) || v.Tokens == 0 {
			c.Problem = &session.NewProblem{Difficulty: v.Difficulty, Seed: v.Seed, Text: v.Text}
			if c.Model == "" || v.Wording != (session.Wording{}) {
				c.Problem.Wording = l.wordingOf(v)
			}
		}
		if v.Tokens != 0 {
			c.Response, c.Tokens = &session.Generate{Unit: "all", Restart: true, Sampling: v.Sampling}, v.Tokens
		}
	}
	if l.restoresTree(old) {
		c.Tree, c.Rounds = &session.GrowTree{Unit: "all", Restart: true, Rule: v.Growth.Rule, Seed: v.Growth.Seed}, v.Growth.Rounds
	}
	if c.Model == "" && c.Trace == nil && c.Problem == nil && c.Response == nil && c.Tree == nil && c.Recorded == "" {
		l.selected()
	} else {
		l.Send(c)
	}
	if v.Page == PageTree && v.Growth.Rounds != 0 && (c.Tree != nil && v.Growth.Hand != "" || c.Tree == nil && old != nil && old.Growth.Hand != v.Growth.Hand) {
		l.Send(session.BranchByHand{Branches: parse(v.Growth.Hand, nil, session.ParseBranches)})
	}
	if v.Recorded == "" && (v.Edits != "" || old != nil && old.Edits != "" && old.sameResponse(v)) && (old == nil || !old.sameText(v)) {
		l.Send(session.EditResponse{Edits: v.editsOf()})
	}
	if v.Cut > 0 && v.Recorded == "" && (old == nil || old.Cut != v.Cut || !old.sameText(v)) {
		l.Send(session.DisruptSteps{Samples: v.Cut})
	}
	if v.Again > 0 && v.Recorded == "" && (old == nil || old.Again != v.Again || !old.sameText(v)) {
		l.Send(session.ResampleSteps{Samples: v.Again})
	}
	if v.LookedInto && v.Recorded == "" && v.Selection.Token > 0 && (old == nil || !old.LookedInto || old.Selection != v.Selection || !old.sameText(v)) {
		l.Send(session.LookInside{Token: v.Selection.Token, Layer: v.Selection.Layer, Head: v.Selection.Head})
	}
	if v.PatchInto != "" && v.Recorded == "" && (old == nil || old.PatchInto != v.PatchInto || !old.sameText(v)) {
		l.Send(session.PatchStates{Into: v.PatchInto})
	}
	if v.Ablated != (Ablated{}) && v.Recorded == "" && (old == nil || old.Ablated != v.Ablated || old.Model != v.Model || old.Difficulty != v.Difficulty) {
		l.Send(v.Ablated.command())
	}
	if v.Contrast.Row != "" && (old == nil || old.Contrast != v.Contrast || old.Compared != v.Compared) {
		l.Send(l.contrastCommand())
	}
	if v.Many > 0 && v.Recorded == "" && (old == nil || old.Many != v.Many || !old.sameProblem(v)) {
		l.sampleMany()
	}
}
