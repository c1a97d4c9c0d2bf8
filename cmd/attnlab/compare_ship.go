package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"attnlab/rl/runs"
)

// ship copies what the lab shows of runs into a folder for each, named after what sets it apart: settings, metrics, result and answers
// to the followed problem, without what is of this machine and without weights. The built site lists the folders of web/runs. Nothing
// is copied where one of them is the log of another trainer.
func (c *console) ship(ctx context.Context, dir string, rows []runs.Row) error {
	for _, row := range rows {
		for _, r := range row.Runs {
			if r.Run.Settings.IsForeign() {
				return fmt.Errorf("--ship: %s is a log of another trainer, and only runs of attnlab train are shipped; leave it out", r.Name)
			}
		}
	}
	for _, row := range rows {
		for _, r := range row.Runs {
			s := r.Run.Settings
			name := fmt.Sprintf("%s-%d", strings.NewReplacer(" ", "-", "=", "-", ",", "-", "/", "-", ":", "-").Replace(row.Method), s.Seed)
			s.Name = fmt.Sprintf("%s, seed %d", row.Method, s.Seed)
			s.Model, s.Reflection = nameOnly(s.Model), nameOnly(s.Reflection)
			if s.Model == "" {
				s.Model = (&options{task: s.Task}).shippedBase()
			}
			if s.Note == "" {
				s.Note = "attnlab train on " + row.Measured[0].Adapter
			}
			if s.Steps == 0 && s.Budget == 0 {
				s.Steps = r.Run.Log.Step()
			}
			for _, id := range []*runs.Identity{s.Base, s.ReflectionModel} {
				if id != nil {
					id.Name = nameOnly(id.Name)
				}
			}
			if err := runs.Ship(ctx, runs.Folder(dir), name, runs.Run{Settings: s, Log: r.Run.Log, Result: r.Run.Result, Followed: r.Run.Followed}); err != nil {
				return fmt.Errorf("--ship: %w", err)
			}
			c.note("shipped %s", filepath.Join(dir, name))
		}
	}
	return nil
}

// nameOnly is the last part of a path.
func nameOnly(path string) string {
	if path == "" {
		return ""
	}
	return filepath.Base(path)
}
