package lab

import (
	"attnlab/app/session"
)

// sampleAgain samples every step of the trace again.
func (l *Lab) sampleAgain() {
	l.Importances, l.View.Again = session.Importances{}, l.Controls.Again
	l.Send(session.ResampleSteps{Samples: l.Controls.Again})
}

// saveImportances offers the importance of all steps as a file of a kind, csv or json.
func (l *Lab) saveImportances(kind string) {
	l.saveMeasured("ResampleSteps", "importances", "importance", kind, l.Importances.Table().Lines(), l.Importances)
}
