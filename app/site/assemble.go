package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"attnlab/app/theme"
)

// templateNames are the files of the folder web that are filled in here. The scripts inline.js and figure-inline.js become
// part of the two pages: they must run even where no other file of the site can be loaded.
var templateNames = []string{"index.html", "sw.js", "figure.html", "inline.js", "figure-inline.js"}

// assemble puts a site together from the files of the versioned folder and the templates. draw draws the first screen of a
// page that finds its files in a folder. It returns an error if a template is missing or wrong.
func assemble(files []File, templates map[string]string, o Options, draw func(folder string) (html string, err error)) (*Site, error) {
	for _, name := range templateNames {
		if templates[name] == "" {
			return nil, fmt.Errorf("web/%s is missing or empty", name)
		}
	}
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	hash := sha256.New()
	for _, f := range files {
		fmt.Fprintf(hash, "%s %d\n", f.Path, len(f.Data))
		hash.Write(f.Data)
	}
	fmt.Fprint(hash, templates, o.Base, o.Hub, o.Hosts) // the first screen is drawn by a program that is in the sum already
	s := &Site{Hub: o.Hub, Version: fmt.Sprintf("%.10x", hash.Sum(nil))}
	html, err := draw(s.Folder())
	if err != nil {
		return nil, err
	}
	fill := func(name string, values map[string]any) ([]byte, error) {
		var out bytes.Buffer
		t, err := template.New(name).Option("missingkey=error").Parse(templates[name])
		if err == nil {
			err = t.Execute(&out, values)
		}
		if err != nil {
			return nil, fmt.Errorf("web/%s: %w", name, err)
		}
		return out.Bytes(), nil
	}
	inline, figureInline := templates["inline.js"], templates["figure-inline.js"]
	figure, err := fill("figure.html", map[string]any{"Policy": policy(figureInline), "Inline": figureInline})
	if err != nil {
		return nil, err
	}
	files = append(files, File{Path: "figure.html", Data: figure, First: true, policy: policy(figureInline)},
		File{Path: "manifest.webmanifest", Data: asJSON(manifest(o.Base)), First: true})

	var first, rest []string
	bytesOf := map[string]int{} // of programs: a compressed answer does not say how long it is
	for _, f := range files {
		bytesOf[f.Path] = len(f.Data)
		if f.Path == engineWorker {
			f.policy = workerPolicy(o.Hosts)
		}
		f.Path = s.Folder() + f.Path
		s.Files = append(s.Files, f)
	}
	slices.SortFunc(s.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	for _, f := range s.Files {
		if f.First {
			first = append(first, f.Path)
		} else {
			rest = append(rest, f.Path)
		}
	}
	index, err := fill("index.html", map[string]any{
		"Policy": policy(inline), "Inline": inline, "Page": html, "Folder": s.Folder(), "Preview": o.Origin + o.Base + s.Folder() + "preview.png",
		"Site":        string(asJSON(map[string]any{"version": s.Version, "folder": s.Folder(), "page": bytesOf["app.wasm"], "engine": bytesOf["engine.wasm"], "hub": o.Hub, "hosts": append([]string{}, o.Hosts...)})),
		"LightGround": theme.Hex(theme.Light.Ground), "DarkGround": theme.Hex(theme.Dark.Ground),
	})
	if err != nil {
		return nil, err
	}
	worker, err := fill("sw.js", map[string]any{"Version": s.Version, "First": string(asJSON(first)), "Rest": string(asJSON(rest))})
	if err != nil {
		return nil, err
	}
	s.Files = append([]File{
		{Path: "index.html", Data: index, First: true, policy: policy(inline)},
		{Path: "sw.js", Data: worker, First: true},
	}, s.Files...)
	return s, nil
}

// policy is the content security policy of a page: everything comes from the site itself, and no script is text in the page
// but the one given, which is named by its checksum.
func policy(inline string) string {
	sum := sha256.Sum256([]byte(inline))
	return "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
		"style-src 'self'; font-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; frame-src 'self'; manifest-src 'self'; " +
		"base-uri 'self'; form-action 'none'"
}

// engineWorker is the script of the engine's Worker. Only the engine asks a hub, so the policy of the page stays closed.
const engineWorker = "worker.js"

// workerPolicy is the content security policy of the engine's Worker, which is one of its own: it may connect to the site and to the hosts of the hub.
func workerPolicy(hosts []string) string {
	return "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src " + strings.Join(append([]string{"'self'"}, hosts...), " ")
}

// manifest is what a browser needs to install the site as an app at a path. Where the path is not known the addresses are
// relative to the versioned folder, and the browser takes the start address as the app's identity.
func manifest(base string) map[string]any {
	m := map[string]any{
		"name": "attnlab", "short_name": "attnlab", "display": "standalone",
		"description": "Which steps of a model’s reasoning mattered? Cut one and see. Then train on the answer.",
		"start_url":   "../../", "scope": "../../",
		"background_color": theme.Hex(theme.Light.Ground), "theme_color": theme.Hex(theme.Light.Ground),
		"icons": []map[string]any{
			{"src": "icon.svg", "type": "image/svg+xml", "sizes": "any"},
			{"src": "icon.png", "type": "image/png", "sizes": "512x512", "purpose": "any maskable"},
		},
	}
	if base != "" {
		m["start_url"], m["scope"], m["id"] = base, base, base
	}
	return m
}
