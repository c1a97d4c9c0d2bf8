package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

var siteTemplates = map[string]string{
	"index.html": `<meta content="{{.Policy}}"><script type="application/json">{{.Site}}</script>{{.Page}}`,
	"sw.js":      `version = "{{.Version}}"; first = {{.First}}; rest = {{.Rest}};`,
}

func madeSite(t *testing.T, page string) []siteFile {
	t.Helper()
	files, err := finish([]siteFile{
		{path: "web/figure.wasm", data: []byte("figure")},
		{path: "web/app.wasm", data: []byte(page), first: true},
	}, siteTemplates, "<div>first screen</div>")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func find1(t *testing.T, files []siteFile, path string) string {
	t.Helper()
	for _, f := range files {
		if f.path == path {
			return string(f.data)
		}
	}
	t.Fatalf("the site has no %s", path)
	return ""
}

func TestSiteIsOneVersion(t *testing.T) {
	files := madeSite(t, "program")
	index, worker := find1(t, files, "index.html"), find1(t, files, "sw.js")
	m := regexp.MustCompile(`>(\{.*\})<`).FindStringSubmatch(index)
	var site struct {
		Version string
		Page    int
	}
	if m == nil || json.Unmarshal([]byte(m[1]), &site) != nil || site.Page != len("program") || len(site.Version) < 16 {
		t.Fatalf("index.html is %s", index)
	}
	if !strings.Contains(index, policy) || !strings.Contains(index, "first screen") {
		t.Errorf("index.html is %s", index)
	}
	for _, want := range []string{site.Version, `first = ["./","web/app.wasm"]`, `rest = ["web/figure.wasm"]`} {
		if !strings.Contains(worker, want) {
			t.Errorf("sw.js has no %s: %s", want, worker)
		}
	}
	if again := find1(t, madeSite(t, "program"), "sw.js"); again != worker {
		t.Error("the same site has two versions")
	}
	if other := find1(t, madeSite(t, "Program"), "sw.js"); other == worker {
		t.Error("two sites have one version")
	}
}

func TestSiteHandler(t *testing.T) {
	server := httptest.NewServer(siteHandler(madeSite(t, "program")))
	defer server.Close()
	for _, c := range []struct {
		path, kind, body string
		code             int
	}{
		{"/", "text/html; charset=utf-8", "first screen", 200},
		{"/index.html", "text/html; charset=utf-8", "first screen", 200},
		{"/web/app.wasm", "application/wasm", "program", 200},
		{"/web/../../etc/passwd", "", "", 404},
		{"/web/", "", "", 404},
	} {
		r, err := http.Get(server.URL + c.path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != c.code || c.code == 200 && (r.Header.Get("Content-Type") != c.kind || !strings.Contains(string(body), c.body)) {
			t.Errorf("%s: %d, %s, %.80q", c.path, r.StatusCode, r.Header.Get("Content-Type"), body)
		}
		if strings.HasPrefix(c.kind, "text/html") && r.Header.Get("Content-Security-Policy") != policy {
			t.Errorf("%s: policy %q", c.path, r.Header.Get("Content-Security-Policy"))
		}
	}
}

func TestLater(t *testing.T) {
	for name, want := range map[string]bool{
		"app.wasm": false, "engine.wasm": false, "figure.wasm": true, "figure.html": true, "lab.css": false, "models/bases.json": false,
		"runs/runs.json": true, "models/chain-small/model.safetensors": false, "models/chain-tiny/model.safetensors": true,
		"models/chain-small/reflection/model.safetensors": true,
	} {
		if got := later(name, "chain-small"); got != want {
			t.Errorf("later(%s) = %v", name, got)
		}
	}
}

func TestSiteFlags(t *testing.T) {
	for args, says := range map[string]string{
		"build":                       "--out is missing",
		"build --out x --base lab":    "--base",
		"build --out x --base /a/../": "--base",
		"serve --addr nowhere":        "HOST:PORT",
		"example":                     "--out is missing",
	} {
		var stdout, stderr strings.Builder
		if code := run(context.Background(), strings.Fields(args), strings.NewReader(""), &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), says) {
			t.Errorf("attnlab %s: %d, %s", args, code, stderr.String())
		}
	}
}
