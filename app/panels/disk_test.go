package panels

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/session"
)

// TestDiskDialog lists a folder of the engine's machine.
func TestDiskDialog(t *testing.T) {
	p := NewPage(lab.Link{Native: true}, "", lab.Example{})
	p.Dialog, p.Connection.Machine = lab.DiskDialog, "lab1"
	p.Listing = session.Listing{Path: "models/all", Entries: []session.Entry{{Name: "tiny", Folder: true, Model: true}, {Name: "one", Folder: true, Run: true}, {Name: "x.gguf", Model: true, Bytes: 3 << 20}}}
	html := app.HTMLString(p.diskDialog())
	for _, want := range []string{"On lab1", "/models/all", `data-do="disk:models"`, `data-do="disk:models/all/tiny"`, `data-do="disk-model:models/all/tiny"`, `data-do="disk-run:models/all/one"`, `data-do="disk-model:models/all/x.gguf"`, "3 MB"} {
		if !strings.Contains(html, want) {
			t.Errorf("the dialog has no %s", want)
		}
	}
	if strings.Contains(html, `data-do="disk:models/all/x.gguf"`) || strings.Contains(html, `data-do="disk-run:models/all/tiny"`) {
		t.Error("what cannot be opened is offered")
	}
}
