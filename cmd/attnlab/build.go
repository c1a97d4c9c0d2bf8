package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"attnlab/app/site"
	"attnlab/model/hf/hub"
)

var buildCommand = command{
	name: "build",
	does: "writes the lab as a static site",
	about: `
Any plain file server can serve the site, under any path, because all addresses in it are relative. Let the server
compress its answers. The list shows each file's size, raw and compressed by gzip, and whether a first visit needs it.
Files of a new version get new names; those of earlier versions stay in the folder, for pages that are still open.

  attnlab build --out site
  attnlab build --out site --address https://example.org/lab/
  attnlab build --out site --hub none
`,
	flags: func(o *options, f *flag.FlagSet) action {
		out := f.String("out", "", "`DIR` to write the site to")
		base := f.String("base", "", "`PATH` that the site will be at, such as /lab/, for installing it as an app")
		address := f.String("address", "", "`URL` that the site will have, such as https://example.org/lab/, for link previews; gives --base too")
		from := hubFlag(f)
		return func(ctx context.Context, c *console) error { return c.build(ctx, *out, *base, *address, *from) }
	},
}

// buildDocument is what build prints.
type buildDocument struct {
	Files     []builtFile `json:"files"`
	Bytes     int         `json:"bytes"`
	Gzip      int         `json:"gzip"`
	FirstLoad struct {
		Bytes int `json:"bytes"`
		Gzip  int `json:"gzip"`
	} `json:"first_load"`
}

type builtFile struct {
	Path   string `json:"path"`
	Bytes  int    `json:"bytes"`
	Gzip   int    `json:"gzip"`
	First  bool   `json:"first_load"` // the first screen loads it, its figures included
	Figure bool   `json:"figure"`     // it does so last, for its figures
}

// noHub in place of an address builds a lab that asks no hub.
const noHub = "none"

// hubFlag is the hub of the pages of a lab.
func hubFlag(f *flag.FlagSet) *string {
	return f.String("hub", hub.Default, "`URL` of the hub that visitors can download models from by name, or "+noHub+"; the lab asks it only when they say so")
}

// pageHub is the value of hubFlag as an address, empty for none.
func pageHub(given string) (string, error) {
	if given == noHub {
		return "", nil
	}
	base, err := hub.CheckBase(given)
	if err != nil {
		return "", wrongUsage("--hub: %w", err)
	}
	return base, nil
}

func (c *console) build(ctx context.Context, out, base, address, from string) error {
	if out == "" {
		return wrongUsage("--out is missing: the folder to write the site to")
	}
	base, err := site.CheckBase(base)
	if err != nil {
		return wrongUsage("--base: %w", err)
	}
	origin := ""
	if address != "" {
		if base != "" {
			return wrongUsage("--base and --address are given; --address has the path already")
		}
		if origin, base, err = site.SplitAddress(address); err != nil {
			return wrongUsage("--address: %w", err)
		}
	}
	if from, err = pageHub(from); err != nil {
		return err
	}
	if _, err := os.ReadDir(out); err != nil && !errors.Is(err, fs.ErrNotExist) { // before the work
		return wrapOut(err)
	}
	s, err := site.Build(ctx, site.Options{Base: base, Origin: origin, Hub: from, Hosts: hub.Hosts(from), Note: func(text string) { c.note("%s", text) }})
	if err != nil {
		return err
	}
	if err := s.Write(out); err != nil {
		return err
	}
	d := documentOf(s)
	return c.print(d, d.text)
}

func documentOf(s *site.Site) (d buildDocument) {
	for _, f := range s.Files {
		row := builtFile{f.Path, len(f.Data), f.Gzip(), f.First || f.Drawn, f.Drawn}
		d.Files = append(d.Files, row)
		d.Bytes += row.Bytes
		d.Gzip += row.Gzip
		if row.First {
			d.FirstLoad.Bytes += row.Bytes
			d.FirstLoad.Gzip += row.Gzip
		}
	}
	return d
}

func (d buildDocument) text(w io.Writer) {
	size := func(bytes int) string { return fmt.Sprintf("%.1f kB", float64(bytes)/1e3) }
	fmt.Fprintln(w, "file\traw\tgzip\tfirst load")
	for _, row := range d.Files {
		first := ""
		if row.First {
			first = "yes"
		}
		if row.Figure {
			first = "for figures"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", row.Path, size(row.Bytes), size(row.Gzip), first)
	}
	fmt.Fprintf(w, "all\t%s\t%s\n", size(d.Bytes), size(d.Gzip))
	fmt.Fprintf(w, "first load, with figures\t%s\t%s\n", size(d.FirstLoad.Bytes), size(d.FirstLoad.Gzip))
}
