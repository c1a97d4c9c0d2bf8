// Package site builds the lab as a static site and serves it.
//
// A site is three WebAssembly programs, their scripts and styles, the shipped bases and runs, and one page whose first
// screen is already drawn. Any plain file server can hand it out, under any path: all addresses in it are relative.
//
//	index.html         the page
//	sw.js              the Service Worker: it stores one whole version for use without a network
//	web/VERSION/...    everything else
//
// VERSION is a checksum of all files, so a program never runs with the scripts of another release, whatever a cache on
// the way still holds.
package site

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
)

// Site is a built site.
type Site struct {
	Version string // 20 hexadecimal digits
	Hub     string // that its pages download models from, empty for none
	Files   []File // sorted by path
}

// File is one file of a site.
type File struct {
	Path  string // below the site's root, with slashes
	Data  []byte
	First bool // a first visit needs it before it is of use
	Drawn bool // the figures of the first screen need it, which load once the page is of use

	policy string // content security policy of a page, else empty
}

// Folder is the path of the files of this version, with a slash at its end: all but index.html and sw.js.
func (s *Site) Folder() string { return folderOf(s.Version) }

func folderOf(version string) string { return "web/" + version + "/" }

// File returns the data of the file at a path below the site's root; false if the site has no such file.
func (s *Site) File(path string) ([]byte, bool) {
	for _, f := range s.Files {
		if f.Path == path {
			return f.Data, true
		}
	}
	return nil, false
}

// Write writes all files below a folder, which it creates if needed. The files of another version that are already there
// stay, so that pages that are still open can load the rest of theirs. It returns an error if a file cannot be written.
func (s *Site) Write(folder string) error {
	for _, f := range s.Files {
		name := filepath.Join(folder, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("write the site: %w", err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return fmt.Errorf("write the site: %w", err)
		}
	}
	return nil
}

// Gzip is the size of a file in bytes as most servers send it, compressed by gzip.
func (f File) Gzip() int {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(f.Data) // writing to a bytes.Buffer cannot fail
	_ = z.Close()
	return packed.Len()
}
