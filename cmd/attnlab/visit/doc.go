// Package visit drives the built lab in headless Chromium, as a visitor does, and compares what the page shows with what the
// command line prints. It has tests only, behind the build tag visit:
//
//	go test -tags=desktop,visit -run TestVisit ./cmd/attnlab/visit
//
// A page waits for half of its time, so visits that measure no time run two at once, after those that do.
package visit
