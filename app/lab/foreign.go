package lab

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// foreignRuns are the logs of other trainers among chosen files, each as a run, and the files that are none.
func foreignRuns(chosen map[string][]byte) (imports []session.ImportRun, others map[string][]byte, err error) {
	others = map[string][]byte{}
	chosen = runs.JoinDumps(chosen)
	for _, from := range slices.Sorted(maps.Keys(chosen)) {
		files, err := runs.Foreign(from, chosen[from])
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("%s cannot be used: %s.", path.Base(from), strings.TrimRight(session.Message(err), "."))
		case files == nil:
			others[from] = chosen[from]
		case !strings.HasPrefix(path.Base(path.Dir(from)), "checkpoint-") || len(chosen) == 1: // a trainer's checkpoints have the log once more
			imports = append(imports, session.ImportRun{Name: foreignName(from), Files: files})
		}
	}
	return imports, others, nil
}

// foreignName is the name of a run that is read from a log: its folder where the file's own name says nothing.
func foreignName(from string) string {
	name := strings.TrimSuffix(path.Base(from), path.Ext(from))
	for folder := path.Dir(from); name == "trainer_state" && folder != "." && folder != "/"; folder = path.Dir(folder) {
		if base := path.Base(folder); base != "output" {
			return base
		}
	}
	return name
}
