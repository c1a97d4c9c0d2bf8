//go:build !js && visit

package visit

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"attnlab/app/server"
)

// onNative runs every visit against an engine in this process, over the line, in place of the browser's:
//
//	ATTNLAB_VISIT_ENGINE=native go test -tags=desktop,visit -run TestVisitTrain ./cmd/attnlab/visit
var onNative = os.Getenv("ATTNLAB_VISIT_ENGINE") == "native"

// homes are the engines by the address of the server that pages come from.
var homes sync.Map

// withEngine adds an engine in this process to the files that a server hands out below a path.
func withEngine(t testing.TB, files http.Handler) (handler http.Handler, home *server.Home) {
	t.Helper()
	built, err := builtFiles()
	if err != nil {
		t.Fatal(err)
	}
	home, err = server.Start(context.Background(), server.Options{Site: built, Runs: t.TempDir(), Under: under})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { home.Close() })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == under+"line" {
			home.Handler().ServeHTTP(w, r)
			return
		}
		files.ServeHTTP(w, r)
	}), home
}

// toEngine adds to an address of a page what the link of its engine has, where there is one.
func toEngine(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	home, ok := homes.Load(u.Scheme + "://" + u.Host)
	if !ok {
		return address
	}
	query := "engine=native&token=" + home.(*server.Home).Token()
	u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+query, "&")
	return u.String()
}
