package lab

import (
	"path"

	"attnlab/app/session"
)

// DiskDialog is the name of the dialog that shows a folder of the machine on which the engine's program runs.
const DiskDialog = "disk"

// openDisk shows a folder below the root by its path.
func (l *Lab) openDisk(at string) {
	if l.Dialog != DiskDialog {
		l.openDialog(DiskDialog)
	}
	l.Failure = session.Failure{}
	l.Send(session.Browse{Path: at})
}

// Above is the folder that has the listed one; false at the root.
func (s *State) Above() (at string, ok bool) {
	if s.Listing.Path == "" {
		return "", false
	}
	if at = path.Dir(s.Listing.Path); at == "." {
		at = ""
	}
	return at, true
}

// Below is the path of an entry of the listed folder.
func (s *State) Below(e session.Entry) string { return path.Join(s.Listing.Path, e.Name) }

// openFromDisk opens the model at a path below the root: first the page shows what it needs.
func (l *Lab) openFromDisk(at string) {
	if l.Dialog != ModelDialog {
		l.openDialog(ModelDialog)
	}
	l.lookAt(session.ModelPlace{Kind: session.FromDisk, ID: at, Name: path.Base(at)})
}

// openRunFromDisk adds the run at a path below the root to the runs.
func (l *Lab) openRunFromDisk(at string) {
	l.closeDialog()
	l.Send(session.OpenRun{Path: at})
}

// diskActions are those of the dialog.
func diskActions() []Action {
	may := func(l *Lab) bool { return l.Ready() && l.Capabilities.Disk }
	return []Action{
		{"disk", "", "Open a model or a run of the machine that the engine runs on", false, may, func(l *Lab, a string) { l.openDisk(a) }},
		{"disk-model", "", "", false, may, func(l *Lab, a string) { l.openFromDisk(a) }},
		{"disk-run", "", "", false, may, func(l *Lab, a string) { l.openRunFromDisk(a) }},
	}
}
