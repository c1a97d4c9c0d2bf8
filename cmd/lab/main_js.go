package main

import "attnlab/app/lab"

import (
	"syscall/js"

	"attnlab/app/panels"
	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func main() {
	loader := js.Global().Get("attnlab")
	hash := js.Global().Get("location").Get("hash").String()
	link := lab.Link{
		Session: loader.Get("session").String(),
		Port:    session.Join(loader.Get("session").String()),
		Backend: loader.Get("backend").String(),
		Version: loader.Get("version").String(),
	}
	page := panels.NewPage(link, hash, lab.ReadExample([]byte(loader.Get("example").String())))
	// The one page is at whatever path the site is served from.
	app.RouteWithRegexp("^.*$", func() app.Composer { return page })
	app.RunWhenOnBrowser()
}
