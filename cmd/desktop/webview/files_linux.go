package webview

import "net/url"

// What a dialog asks for, GtkFileChooserAction.
const openFile, saveFile, selectFolder = 0, 1, 2

// accepted is GTK_RESPONSE_ACCEPT.
const accepted = -3

// AskFile lets the user choose a file, and AskFolder a folder. Both return "" if the user chose none.
func (w *Window) AskFile(title string, filters ...Filter) string {
	return w.ask(title, openFile, "", filters)
}

// AskFolder lets the user choose a folder.
func (w *Window) AskFolder(title string) string { return w.ask(title, selectFolder, "", nil) }

// AskSave lets the user choose where to save a file, with a name to begin with.
func (w *Window) AskSave(title, name string) string { return w.ask(title, saveFile, name, nil) }

func (w *Window) ask(title string, action int32, name string, filters []Filter) string {
	accept := "_Open"
	if action == saveFile {
		accept = "_Save"
	}
	dialog := gtkChooserNew(title, w.gtk, action, accept, "_Cancel")
	defer gObjectUnref(dialog)
	if action == saveFile {
		gtkChooserSetCurrentName(dialog, name)
		gtkChooserSetOverwrite(dialog, 1)
	}
	for _, f := range filters {
		filter := gtkFilterNew()
		gtkFilterSetName(filter, f.Name)
		for _, pattern := range f.Patterns {
			gtkFilterAddPattern(filter, pattern)
		}
		gtkChooserAddFilter(dialog, filter)
	}
	if gtkDialogRun(dialog) != accepted {
		return ""
	}
	return owned(gtkChooserFilename(dialog))
}

// atDownload and what follows save a file that a page offers where the user wants it.
func atDownload(_, download, _ uintptr) uintptr {
	connect(download, "decide-destination", onDestination, 0)
	connect(download, "failed", onDownloadFailed, 0)
	return 0
}

func atDestination(download, suggested, _ uintptr) uintptr {
	var from *Window // any window: WebKit does not always know which
	for _, w := range current.windows {
		from = w
	}
	name := text(suggested)
	path := ""
	if save := current.options.Save; save != nil {
		path = save(from, name)
	} else if from != nil {
		path = from.AskSave("Save", name)
	}
	if path == "" {
		downloadCancel(download)
		return 1
	}
	downloadAllowOverwrite(download, 1) // the dialog has asked
	downloadSetDestination(download, (&url.URL{Scheme: "file", Path: path}).String())
	return 1
}

// cancelled is WEBKIT_DOWNLOAD_ERROR_CANCELLED_BY_USER.
const cancelled = 400

func atDownloadFailed(_, failure, _ uintptr) uintptr {
	// struct GError: domain and code, both of 4 bytes, then the message.
	if code := *(*int32)(at(failure + 4)); code != cancelled {
		current.report("A file could not be saved: " + text(*(*uintptr)(at(failure + 8))) + ". Save it elsewhere.")
	}
	return 0
}
