package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// shipped is run.json with what the lab says of a run.
type shipped struct {
	training
	Steps int    `json:"steps"`
	Name  string `json:"name"`
	Note  string `json:"note"` // where its numbers came from
}

// ship copies what the lab shows of runs into a folder for each, named after what sets it apart, and without what is of this machine. The
// built site lists the folders of web/runs.
func (c *console) ship(dir string, rows []groupRow) error {
	for _, row := range rows {
		for _, r := range row.runs {
			name := fmt.Sprintf("%s-%d", strings.NewReplacer(" ", "-", "=", "-", ",", "-").Replace(row.Method), r.Seed)
			about := shipped{r.training, r.result.Step, fmt.Sprintf("%s, seed %d", row.Method, r.Seed),
				"attnlab train on " + r.result.Adapter}
			about.Model = r.base()
			if r.Reflection != "" {
				about.Reflection = filepath.Base(r.Reflection)
			}
			folder := filepath.Join(dir, name)
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return fmt.Errorf("--ship: %w", err)
			}
			if err := writeJSON(filepath.Join(folder, runFile), about); err != nil {
				return fmt.Errorf("--ship: %w", err)
			}
			if err := os.WriteFile(filepath.Join(folder, metricsFile), r.log, 0o644); err != nil {
				return fmt.Errorf("--ship: %w", err)
			}
			c.note("shipped %s", folder)
		}
	}
	return nil
}
