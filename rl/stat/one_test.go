package stat

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// statistic matches the names of functions that compute what this package computes.
var statistic = regexp.MustCompile(`(?i)^(mean|average|median|std|stddev|sd|spread|deviation|variance|standardError|stdErr|shareError|meanError|meanStd|quantile|percentile|auc|spearman|kurtosis|wilson|bootstrap|student|trend)$`)

// roots are the square roots and lengths (math.Sqrt, math.Hypot) outside this package, by file, and why they are no statistic.
var roots = map[string]string{
	"rl/tree.go":                    "TreeRL divides a node's advantage by √|L|, of its leaves",
	"rl/score/node.go":              "shows that root as a term",
	"app/engine/inside.go":          "the root of a head's width, by which attention divides q·k",
	"rl/handover/trl.go":            "says by how much TRL's deviation, over G-1, differs from that over G",
	"app/figures/tree_draw.go":      "the height of a node with leaves",
	"app/figures/multiples.go":      "a root scale of colours",
	"app/figures/roofline.go":       "the radius of a dot whose area is a time",
	"app/figures/groups.go":         "the length of a piece of a line",
	"app/figures/scatter.go":        "the length of a piece of a line, and the distance of a name from its dot",
	"app/figures/draw/scene.go":     "the distance of a point from a line",
	"app/figures/window/painter.go": "the length of a line",
	"app/figures/window/window.go":  "the distance of two fingers, or of a drag",
	"cmd/figure/plain_js.go":        "the length of a drag",
	"app/theme/theme.go":            "the distance of two colours",
	"app/lab/labtest/snapshots.go":  "makes a tree as rl/tree.go does",
	"app/session/numbers.go":        "the side of a square or a triangle of numbers",
	"rl/rltest/rltest.go":           "undoes a model's norm",
}

// names are the functions that may have a statistic's name, and why.
var names = map[string]string{
	"app/engine/disrupt.go shareError": "calls ShareError and replaces a missing error by 0",
	"rl/examine/evaluate.go meanError": "calls MeanError and converts its result",
	"app/figures/clusters.go spread":   "calls Mean and StdDev; a single value has the spread 0",
}

// Two functions for one statistic have two conventions sooner or later.
func TestOnlyThisPackageHasStatistics(t *testing.T) {
	const root = "../.."
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if slices.Contains([]string{"model", "gpu", "shaders", "rl/stat", ".git", "testdata"}, name) { // kernels, and here
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		seen++
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && statistic.MatchString(n.Name.Name) && names[name+" "+n.Name.Name] == "" {
					t.Errorf("%s defines %s: call package stat, or say in names why not", name, n.Name.Name)
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "math" && (n.Sel.Name == "Sqrt" || n.Sel.Name == "Hypot") && roots[name] == "" {
					t.Errorf("%s takes a square root: call package stat, or say in roots why not", name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 100 {
		t.Errorf("only %d files were read", seen)
	}
}
