package main

import (
	"syscall/js"

	"attnlab/app/lab"
	"attnlab/app/panels"
	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func main() {
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
