package engine

import (
	"image/color"
	"testing"

	"attnlab/app/session"
	"attnlab/app/theme"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

// The page gets what it shows of a method from the method's value: a new one needs no line here.
func TestCatalogue(t *testing.T) {
	gain := hyper.Param{Name: "gain", Meaning: "reward of a token", Source: "a test", Min: 0, Max: 1, Step: 0.01}.With(0.5, 0.1)
	toy := rl.Method{Name: "toy", Title: "Toy", Summary: "Pays long right responses.", Source: "a test", Steps: 7, Params: hyper.Table{gain}}
	c := catalogueOf(append(knownMethods(), toy))
	if len(c.Methods) != len(rl.Methods)+2 {
		t.Fatalf("%d methods", len(c.Methods))
	}
	if m, ok := c.Of("toy"); !ok || m.Title != "Toy" || m.Summary != toy.Summary || m.Source != "a test" || m.Steps != 7 || m.Teacher || m.Params[0].Lab != hyper.Number(0.1) {
		t.Errorf("%+v", m)
	}
	for _, m := range c.Methods {
		if m.Title == "" || m.Summary == "" || m.Source == "" || m.Steps == 0 || len(m.Params) == 0 {
			t.Errorf("%s lacks something that the page shows: %+v", m.Name, m)
		}
	}
	if _, ok := c.Of(session.FirstMethod); !ok {
		t.Errorf("the page's first plan is of %s, which is no method", session.FirstMethod)
	}
	data, err := session.Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	back, err := session.Decode(data)
	if m, ok := back.(session.Methods).Of(runs.Pretrain); err != nil || !ok || m.Params[0].Lab != pretraining.Params[0].Lab {
		t.Errorf("pretraining arrives as %+v, %v", m, err)
	}
}

// Each method that can be chosen has a colour of its own.
func TestMethodsHaveColours(t *testing.T) {
	for _, p := range []theme.Palette{theme.Light, theme.Dark} {
		seen := map[color.RGBA]string{p.Muted: "no method"}
		for _, name := range rl.Names(knownMethods()) {
			c := p.Method(name)
			if other, ok := seen[c]; ok {
				t.Errorf("%s has the colour of %s", name, other)
			}
			seen[c] = name
		}
	}
}
