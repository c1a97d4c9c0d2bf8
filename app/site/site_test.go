package site

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"attnlab/app/site/sitetest"
)

var smallTemplates = map[string]string{
	"index.html":       `<meta content="{{.Policy}}"><link href="{{.Folder}}lab.css"><script type="application/json">{{.Site}}</script><script>{{.Inline}}</script>{{.Page}}`,
	"sw.js":            `version = "{{.Version}}"; first = {{.First}}; rest = {{.Rest}};`,
	"figure.html":      `<meta content="{{.Policy}}"><script>{{.Inline}}</script>`,
	"inline.js":        "start()",
	"figure-inline.js": "figure()",
}

// smallSite is a site with two programs, whose first screen names the folder.
func smallSite(t *testing.T, page, base string) *Site {
	t.Helper()
	s, err := assemble([]File{
		{Path: "figure.wasm", Data: []byte("figure")},
		{Path: "app.wasm", Data: []byte(page), First: true},
	}, smallTemplates, Options{Base: base, Origin: "https://example.org"}, func(folder string) (string, error) { return "<div>first screen of " + folder + "</div>", nil })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func text(t *testing.T, s *Site, path string) string {
	t.Helper()
	data, ok := s.File(path)
	if !ok {
		t.Fatalf("the site has no %s", path)
	}
	return string(data)
}

func TestSiteIsOneVersion(t *testing.T) {
	s := smallSite(t, "program", "")
	index, worker := text(t, s, "index.html"), text(t, s, "sw.js")
	m := regexp.MustCompile(`>(\{.*\})<`).FindStringSubmatch(index)
	var site struct {
		Version, Folder string
		Page            int
	}
	if m == nil || json.Unmarshal([]byte(m[1]), &site) != nil || site.Page != len("program") || site.Version != s.Version || len(s.Version) < 16 ||
		site.Folder != "web/"+s.Version+"/" {
		t.Fatalf("index.html is %s", index)
	}
	if !strings.Contains(index, "first screen of "+site.Folder) || !strings.Contains(index, `href="`+site.Folder+`lab.css"`) {
		t.Errorf("index.html is %s", index)
	}
	for _, want := range []string{
		site.Version, `first = ["` + site.Folder + `app.wasm","` + site.Folder + `figure.html","` + site.Folder + `manifest.webmanifest"]`,
		`rest = ["` + site.Folder + `figure.wasm"]`,
	} {
		if !strings.Contains(worker, want) {
			t.Errorf("sw.js has no %s: %s", want, worker)
		}
	}
	if again := smallSite(t, "program", ""); again.Version != s.Version {
		t.Error("the same site has two versions")
	}
	if other := smallSite(t, "Program", ""); other.Version == s.Version {
		t.Error("two sites have one version")
	}
}

// The policy of the engine's Worker is opened for the hub of the site and for nothing else; that of the page is not.
func TestPolicyOfHub(t *testing.T) {
	versions := map[string]bool{}
	for from, connects := range map[string]string{"": "connect-src 'self'", "http://127.0.0.1:9/hub": "connect-src 'self' http://127.0.0.1:9/hub", "https://hub.example.org": "connect-src 'self' https://hub.example.org https://*.example.net"} {
		s, err := assemble([]File{{Path: "worker.js", Data: []byte("engine()")}}, smallTemplates, Options{Hub: from, Hosts: strings.Fields(connects)[2:]}, func(string) (string, error) { return "", nil })
		if err != nil {
			t.Fatal(err)
		}
		versions[s.Version] = true
		server := httptest.NewServer(s.Handler())
		defer server.Close()
		for path, want := range map[string]string{s.Folder() + "worker.js": connects, "index.html": "connect-src 'self'"} {
			answer, err := http.Get(server.URL + "/" + path)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if !slices.Contains(strings.Split(answer.Header.Get("Content-Security-Policy"), "; "), want) {
				t.Errorf("hub %q: the policy of %s is %q, want %q", from, path, answer.Header.Get("Content-Security-Policy"), want)
			}
		}
		if !strings.Contains(text(t, s, "index.html"), `"hub":"`+from+`"`) {
			t.Errorf("index.html is %s", text(t, s, "index.html"))
		}
	}
	if len(versions) != 3 {
		t.Error("sites with different hubs have one version")
	}
}

// The one script in the text of a page is allowed by its checksum.
func TestPolicyAllowsInlineScript(t *testing.T) {
	s := smallSite(t, "program", "")
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	for path, script := range map[string]string{"index.html": "start()", s.Folder() + "figure.html": "figure()"} {
		sum := sha256.Sum256([]byte(script))
		want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if page := text(t, s, path); !strings.Contains(page, want) || !strings.Contains(page, "<script>"+script+"</script>") || strings.Contains(page, "unsafe-inline") {
			t.Errorf("%s: %s", path, page)
		}
		r, err := http.Get(server.URL + "/" + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if got := r.Header.Get("Content-Security-Policy"); !strings.Contains(got, want) {
			t.Errorf("%s is served with the policy %q", path, got)
		}
	}
}

func TestMissingTemplate(t *testing.T) {
	for _, name := range templateNames {
		templates := map[string]string{}
		for n, text := range smallTemplates {
			if n != name {
				templates[n] = text
			}
		}
		if _, err := assemble(nil, templates, Options{}, func(string) (string, error) { return "", nil }); err == nil || !strings.Contains(err.Error(), "web/"+name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// Two copies on one origin are two apps, so their manifests must not name one identity.
func TestManifestIdentity(t *testing.T) {
	for _, c := range []struct{ base, start string }{{"", "../../"}, {"/lab/", "/lab/"}} {
		s := smallSite(t, "program", c.base)
		var m struct {
			ID       *string `json:"id"`
			StartURL string  `json:"start_url"`
			Scope    string  `json:"scope"`
		}
		if err := json.Unmarshal([]byte(text(t, s, s.Folder()+"manifest.webmanifest")), &m); err != nil {
			t.Fatal(err)
		}
		if m.StartURL != c.start || m.Scope != c.start || (m.ID == nil) != (c.base == "") || m.ID != nil && *m.ID != c.base {
			t.Errorf("base %q: %+v", c.base, m)
		}
	}
}

func TestHandler(t *testing.T) {
	s := smallSite(t, "program", "")
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	for _, c := range []struct {
		path, kind, body string
		code             int
	}{
		{"/", "text/html; charset=utf-8", "first screen", 200},
		{"/index.html", "text/html; charset=utf-8", "first screen", 200},
		{"/" + s.Folder() + "app.wasm", "application/wasm", "program", 200},
		{"/web/app.wasm", "", "", 404},
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
	}
}

// Every file of a site arrives whole from every kind of host, under a path, after the redirects of that host.
func TestEveryHostServesEveryFile(t *testing.T) {
	s := smallSite(t, "program", "")
	folder := t.TempDir()
	if err := s.Write(folder); err != nil {
		t.Fatal(err)
	}
	for _, host := range sitetest.Hosts {
		server := httptest.NewServer(sitetest.Under("/a/b/", host.Serve(os.DirFS(folder))))
		for _, path := range append([]string{"/a/b", "/a/b/"}, paths(s, "/a/b/")...) {
			r, err := http.Get(server.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(r.Body)
			r.Body.Close()
			name := strings.TrimPrefix(path+"/", "/a/b/")
			if name = strings.TrimSuffix(name, "/"); name == "" {
				name = "index.html"
			}
			if r.StatusCode != 200 || string(body) != text(t, s, name) {
				t.Errorf("%s: %s: %d, %.80q", host.Name, path, r.StatusCode, body)
			}
		}
		server.Close()
	}
}

func paths(s *Site, under string) (paths []string) {
	for _, f := range s.Files {
		paths = append(paths, under+f.Path)
	}
	return paths
}

func TestLater(t *testing.T) {
	for name, want := range map[string]bool{
		"app.wasm": false, "engine.wasm": false, "figure.wasm": true, "figure.html": false, "lab.css": false, "models/bases.json": false,
		"runs/runs.json": true, "models/chain-small/model.safetensors": false, "models/chain-tiny/model.safetensors": true,
		"models/chain-small/reflection/model.safetensors": true,
	} {
		if got := later(name, "chain-small"); got != want {
			t.Errorf("later(%s) = %v", name, got)
		}
	}
}

func TestSplitAddress(t *testing.T) {
	for address, want := range map[string][2]string{
		"https://example.org/lab": {"https://example.org", "/lab/"}, "http://localhost:8080": {"http://localhost:8080", "/"},
		"example.org": {}, "/lab/": {}, "ftp://example.org/": {}, "https://example.org/?a": {},
	} {
		origin, base, err := SplitAddress(address)
		if (err != nil) != (want == [2]string{}) || err == nil && [2]string{origin, base} != want {
			t.Errorf("%q: %q, %q, %v", address, origin, base, err)
		}
	}
}

// Programs that preview a link need the whole address of the picture, and find it only where the build was told the site's.
func TestLinkPreview(t *testing.T) {
	page, err := os.ReadFile("../../web/index.html")
	if err != nil {
		t.Fatal(err)
	}
	templates := map[string]string{}
	for n, text := range smallTemplates {
		templates[n] = text
	}
	templates["index.html"] = string(page)
	s, err := assemble([]File{{Path: "preview.png"}}, templates, Options{Base: "/lab/", Origin: "https://example.org"}, func(string) (string, error) { return "", nil })
	if err != nil {
		t.Fatal(err)
	}
	index := text(t, s, "index.html")
	if want := `<meta property="og:image" content="https://example.org/lab/` + s.Folder() + `preview.png">`; !strings.Contains(index, want) {
		t.Errorf("no %s in %s", want, index)
	}
	if _, ok := s.File(s.Folder() + "preview.png"); !ok {
		t.Error("the site has no preview.png")
	}
}

func TestCheckBase(t *testing.T) {
	for base, want := range map[string]string{"": "", "/": "/", "/lab": "/lab/", "/a/b/": "/a/b/", "lab": "error", "/a/../": "error", "//": "error", "/a//b": "error"} {
		got, err := CheckBase(base)
		if (err != nil) != (want == "error") || err == nil && got != want {
			t.Errorf("%q: %q, %v", base, got, err)
		}
	}
}
