package main

import (
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

var buildCommand = command{
	name: "build",
	does: "writes the lab as a static site",
	about: `
The site works from any plain file server, under any path: all addresses in it are relative. Let the server
compress what it sends. Sizes are printed raw and as gzip makes them; files of the first load are marked.

  attnlab build --out site
  attnlab build --out site --base /lab/
`,
	flags: func(o *options, f *flag.FlagSet) action {
		out := f.String("out", "", "`DIR` to write the site to")
		base := f.String("base", "", "`PATH` that the site will be at, such as /lab/, for installing it as an app")
		return func(ctx context.Context, c *console) error { return c.build(ctx, *out, *base) }
	},
}

// builtFile is one row of what build prints.
type builtFile struct {
	Path  string `json:"path"`
	Bytes int    `json:"bytes"`
	Gzip  int    `json:"gzip"`
	First bool   `json:"first_load"`
}

func (c *console) build(ctx context.Context, out, base string) error {
	if out == "" {
		return wrongUsage("--out is missing: the folder to write the site to")
	}
	if base != "" && (!strings.HasPrefix(base, "/") || path.Clean(base) != strings.TrimSuffix(base, "/") && base != "/") {
		return wrongUsage("--base is %q, it must be a path such as /lab/", base)
	}
	if base != "" && !strings.HasSuffix(base, "/") {
		base += "/"
	}
	files, err := c.site(ctx, base)
	if err != nil {
		return err
	}
	document := struct {
		Files     []builtFile `json:"files"`
		Bytes     int         `json:"bytes"`
		Gzip      int         `json:"gzip"`
		FirstLoad struct {
			Bytes int `json:"bytes"`
			Gzip  int `json:"gzip"`
		} `json:"first_load"`
	}{}
	for _, f := range files {
		name := filepath.Join(out, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("write the site: %w", err)
		}
		if err := os.WriteFile(name, f.data, 0o644); err != nil {
			return fmt.Errorf("write the site: %w", err)
		}
		row := builtFile{f.path, len(f.data), gzipSize(f.data), f.first}
		document.Files = append(document.Files, row)
		document.Bytes += row.Bytes
		document.Gzip += row.Gzip
		if row.First {
			document.FirstLoad.Bytes += row.Bytes
			document.FirstLoad.Gzip += row.Gzip
		}
	}
	return c.print(document, func(w io.Writer) {
		size := func(bytes int) string { return fmt.Sprintf("%.1f kB", float64(bytes)/1e3) }
		fmt.Fprintln(w, "file\traw\tgzip\tfirst load")
		for _, row := range document.Files {
			first := ""
			if row.First {
				first = "yes"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", row.Path, size(row.Bytes), size(row.Gzip), first)
		}
		fmt.Fprintf(w, "all\t%s\t%s\n", size(document.Bytes), size(document.Gzip))
		fmt.Fprintf(w, "first load\t%s\t%s\n", size(document.FirstLoad.Bytes), size(document.FirstLoad.Gzip))
	})
}

// gzipSize is what a server sends that compresses as most do.
func gzipSize(data []byte) int {
	var n counter
	z := gzip.NewWriter(&n)
	z.Write(data)
	z.Close()
	return int(n)
}

// counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
