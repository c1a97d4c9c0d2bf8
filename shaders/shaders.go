// Package shaders holds the kernels: nn (the layers), attn (attention), loss
// (cross-entropy and policy loss), optim (gradient norm and AdamW) and decode
// (sampling). Each kernel is three siblings with one stem: x.wgsl, x.go (doc
// with the formula, parameters, bindings, workgroups, host twin) and x_test.go.
//
// This package assembles their WGSL. A line `#import shared/name` is replaced by
// shared/name.wgsl, once. A line `const NAME: T = value; // tunable` is replaced
// where the kernel's Go gives another value, because the binding has no override
// constants. A line `enable x;` moves to the top, where WGSL wants it.
package shaders

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

//go:embed shared/*.wgsl nn/*.wgsl attn/*.wgsl loss/*.wgsl optim/*.wgsl decode/*.wgsl
var files embed.FS

// Tune holds new values of tunable constants, by name.
type Tune map[string]uint32

var tunable = regexp.MustCompile(`(?m)^const (\w+): u32 = (\d+)u; // tunable.*$`)

// Swap holds imports that are replaced by others, by name.
type Swap map[string]string

// Load returns a function that assembles the kernel at path ("nn/rmsnorm_fwd"). It panics where the
// source does not exist, imports something unknown, or tune names a constant
// that it does not have: kernels are part of the program.
func Load(path string, tune Tune) func() string { return LoadSwapped(path, tune, nil) }

// RowSubgroups reduces a row by subgroups.
var RowSubgroups = Swap{"shared/row": "shared/row_subgroups"}

var enable = regexp.MustCompile(`(?m)^enable \w+;\n`)

// LoadSwapped is Load with other imports.
func LoadSwapped(path string, tune Tune, swap Swap) func() string {
	return func() string { return assemble(path, tune, swap) }
}

func assemble(path string, tune Tune, swap Swap) string {
	source := expand(path, &[]string{}, swap)
	used := map[string]bool{}
	source = tunable.ReplaceAllStringFunc(source, func(line string) string {
		name := tunable.FindStringSubmatch(line)[1]
		value, ok := tune[name]
		if !ok {
			return line
		}
		used[name] = true
		return fmt.Sprintf("const %s: u32 = %du; // tuned", name, value)
	})
	for name := range tune {
		if !used[name] {
			panic(fmt.Sprintf("shaders: %s has no tunable constant %s", path, name))
		}
	}
	return strings.Join(enable.FindAllString(source, -1), "") + enable.ReplaceAllString(source, "")
}

func expand(path string, seen *[]string, swap Swap) string {
	text, err := files.ReadFile(path + ".wgsl")
	if err != nil {
		panic(fmt.Sprintf("shaders: no source %s.wgsl", path))
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		name, isImport := strings.CutPrefix(strings.TrimSpace(line), "#import ")
		if other := swap[name]; other != "" {
			name = other
		}
		if !isImport {
			b.WriteString(line)
		} else if !slices.Contains(*seen, name) {
			*seen = append(*seen, name)
			b.WriteString(expand(name, seen, swap))
		}
	}
	return b.String()
}
