package main

import (
	"runtime/debug"
	"syscall/js"

	"attnlab/app/lab"
	"attnlab/app/panels"
	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// garbage is by how many percent the page's heap of some 15 MB may grow before it is collected. Collecting takes the page's thread some 20 ms,
// and drawing it makes megabytes of garbage.
const garbage = 300

func main() {
	debug.SetGCPercent(garbage)
	loader := js.Global().Get("attnlab")
	hash := js.Global().Get("location").Get("hash").String()
	link := lab.Link{
		Session: loader.Get("session").String(),
		Joined:  loader.Get("joined").Bool(),
		Port:    session.Join(loader.Get("session").String()),
		Backend: loader.Get("backend").String(),
		Native:  loader.Get("native").Bool(),
		Offered: loader.Get("offered").Bool(),
		Version: loader.Get("version").String(),
		Folder:  loader.Get("folder").String(),
	}
	page := panels.NewPage(link, hash, lab.ReadExample([]byte(loader.Get("example").String())))
	// The site has one page, at whatever path it is served from.
	app.RouteWithRegexp("^.*$", func() app.Composer { return page })
	app.RunWhenOnBrowser()
}
