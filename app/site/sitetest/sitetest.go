// Package sitetest serves a folder as file servers of several kinds do, for tests of a built site.
package sitetest

import (
	"io/fs"
	"net/http"
	"strings"
)

// Host is a kind of file server.
type Host struct {
	Name  string
	Serve func(files fs.FS) http.Handler
}

// Hosts are the kinds that differ for a static site. [Under] puts one below a path.
var Hosts = []Host{
	{"plain", plain},
	{"names without .html", func(files fs.FS) http.Handler { return cleanNames(files, "") }},
	{"names without .html, with a slash", func(files fs.FS) http.Handler { return cleanNames(files, "/") }},
	{"the page for everything that is missing", fallback},
	{"everything may be stored for a year", storing},
}

// Named returns the host of a name. It panics if there is none.
func Named(name string) Host {
	for _, h := range Hosts {
		if h.Name == name {
			return h
		}
	}
	panic("sitetest: no host is called " + name)
}

// Under serves a handler below a path such as /lab/. Without its last slash the path is answered with status 200 and the
// page, as some servers do: addresses in the page then miss the last folder.
func Under(path string, h http.Handler) http.Handler {
	mux := http.NewServeMux()
	without := strings.TrimSuffix(path, "/")
	mux.Handle(path, http.StripPrefix(without, h))
	if without != "" {
		mux.HandleFunc(without, func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/"
			h.ServeHTTP(w, r)
		})
	}
	return mux
}

func plain(files fs.FS) http.Handler { return http.FileServerFS(files) }

// cleanNames leads NAME.html to NAME, with end at its end, and serves the file there.
func cleanNames(files fs.FS, end string) http.Handler {
	next := plain(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		if name, is := strings.CutSuffix(path, ".html"); is && !strings.HasSuffix(name, "/index") {
			w.Header().Set("Location", name[strings.LastIndex(name, "/")+1:]+end)
			w.WriteHeader(http.StatusPermanentRedirect)
			return
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "/"), end) + ".html"
		if info, err := fs.Stat(files, name); err == nil && !info.IsDir() {
			http.ServeFileFS(w, r, files, name)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// fallback answers with the page where there is no file, as servers of single-page programs do.
func fallback(files fs.FS) http.Handler {
	next := plain(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := fs.Stat(files, strings.TrimPrefix(r.URL.Path, "/")); err != nil {
			r.URL.Path = "/"
		}
		next.ServeHTTP(w, r)
	})
}

// storing lets browsers use all files for a year without asking again, but not the page and the Service Worker. Its answers
// depend on a header of the request, as those of servers that compress do.
func storing(files fs.FS) http.Handler {
	next := plain(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept, Accept-Encoding")
		if r.URL.Path != "/" && r.URL.Path != "/sw.js" {
			w.Header().Set("Cache-Control", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
