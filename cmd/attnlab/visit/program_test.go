//go:build !js && visit

package visit

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"attnlab/app/site"
	"attnlab/model/hf/hub"
	"attnlab/web"
)

// builtFiles builds the site once for all tests.
var builtFiles = sync.OnceValues(func() (*site.Site, error) {
	from := siteHub().URL
	return site.Build(context.Background(), site.Options{Base: under, Hub: from, Hosts: hub.Hosts(from)})
})

// builtSite writes the site into a folder of the test, which may change it, and returns the folder and the site.
func builtSite(t *testing.T) (dir string, s *site.Site) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: builds the site and visits it in Chromium")
	}
	if why, alone := browserAlone[t.Name()]; alone && onNative {
		t.Skip("not with the native engine: " + why)
	}
	if len(web.Models()) == 0 {
		t.Fatal("no base is shipped in web/models, so a visitor finds no model")
	}
	s, err := builtFiles()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := s.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir, s
}

// program is the path of the command line, which is built once for all tests. They run it on the host, so it needs no C compiler; with the native
// engine they run it on that engine's adapter too.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programFolder, "attnlab")
	build := exec.Command("go", "build", "-o", path, "attnlab/cmd/attnlab")
	if !onNative {
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	build.Stderr = os.Stderr
	return path, build.Run()
})

var programFolder string // removed when the tests are done

func TestMain(m *testing.M) {
	var err error
	if programFolder, err = os.MkdirTemp("", "attnlab-visit-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(programFolder)
	os.Exit(code)
}

// attnlab runs the command line, which must succeed, and returns what it prints.
func attnlab(t *testing.T, args ...string) (stdout string) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatalf("build attnlab: %v", err)
	}
	var errs strings.Builder
	command := exec.CommandContext(t.Context(), path, args...)
	command.Stderr = &errs
	out, err := command.Output()
	if err != nil {
		t.Fatalf("attnlab %s: %v, %s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

// document runs the command line on the host and decodes the one JSON document that it prints into v.
func document(t *testing.T, v any, args ...string) {
	t.Helper()
	stdout := attnlab(t, append(args, "--json", "--backend", "host")...)
	d := json.NewDecoder(strings.NewReader(stdout))
	if err := d.Decode(v); err != nil {
		t.Fatalf("attnlab %s: %v in %.200s", strings.Join(args, " "), err, stdout)
	}
	if d.More() {
		t.Fatalf("attnlab %s prints more than one document", strings.Join(args, " "))
	}
}

// traceOutput is what "attnlab trace --attention --json" prints, as far as the page shows it too.
type traceOutput struct {
	Tokens        []int           `json:"tokens"`
	Text          []string        `json:"text"`
	LogProbs      []float32       `json:"logprobs"`
	Entropy       []float32       `json:"entropy"`
	Steps         []struct{}      `json:"steps"`
	FCI           []float64       `json:"fci"`
	FCIHeads      [][][]float64   `json:"fci_heads"`      // [L,H,K]
	Focus         [][][]float64   `json:"focus"`          // [L,H,K]
	StepAttention [][][][]float64 `json:"step_attention"` // [L,H,K,K]
}

// treeOutput is what "attnlab tree --json" prints, as far as the page shows it too.
type treeOutput struct {
	Nodes []struct {
		Parent    int     `json:"parent"`
		Start     int     `json:"start"`
		End       int     `json:"end"`
		Text      string  `json:"text"`
		Leaves    int     `json:"leaves"`
		Value     float64 `json:"value"`
		Advantage float64 `json:"advantage"`
	} `json:"nodes"`
}
