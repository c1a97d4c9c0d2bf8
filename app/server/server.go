// Package server serves the lab together with an engine that runs in this process, on this machine's adapters and memory. Pages
// reach it over a WebSocket, by a script that stands where the engine's Worker stands otherwise (web/remote.js): pages and
// figures are the same.
//
// [Start] is all that a program needs:
//
//	home, err := server.Start(ctx, server.Options{Site: site, Runs: "runs", Listener: listener})
//	fmt.Println(home.Link()) // open this in a browser or a web view
//	defer home.Close()       // saves the run that trains
//
// [Home.Join] and [Join] are ends of the session for programs that are not a page. Files by what they hold: home.go starts and
// stops, guard.go lets in, seat.go is one page, outbox.go what waits for it, library.go what the engine reads and where it saves.
package server
