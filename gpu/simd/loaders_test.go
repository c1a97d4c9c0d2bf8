//go:build !js

package simd_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestLoadersKnowTheImports holds the two loaders to the names that the program imports: it would not start with one missing.
func TestLoadersKnowTheImports(t *testing.T) {
	read := func(path string) string {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	imports := regexp.MustCompile(`//go:wasmimport simd (\w+)`).FindAllStringSubmatch(read("simd_js.go"), -1)
	if len(imports) == 0 {
		t.Fatal("simd_js.go imports nothing")
	}
	const any = `go.importObject.simd = new Proxy({}, { get: (_, name) => (...args) => simd.functions[name](...args) });`
	for _, path := range []string{"../../web/worker.js", "../../cmd/dev/browser/worker.js"} {
		if !strings.Contains(read(path), any) {
			t.Errorf("%s does not give the program every function of the module", path)
		}
	}
	module := read("module.go") + read("module_rows.go") + read("module_exp.go")
	for _, name := range imports {
		if !strings.Contains(module, `NewFunc("`+name[1]+`"`) {
			t.Errorf("the module has no function %s", name[1])
		}
	}
}
