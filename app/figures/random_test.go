package figures

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// FuzzSnapshots shows every figure snapshots in which numbers are negative, huge or NaN, and
// lists are cut, empty, repeated or out of order, with keys, pointer and options between
// them. No figure may panic, draw a broken number, or write outside of itself.
func FuzzSnapshots(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, e := range Figures {
			random := rand.New(rand.NewPCG(seed, 1))
			h := newHost(e)
			h.SetStill(random.IntN(2) == 0)
			h.Resize([]float64{366, 900, 300, 240, 1200}[random.IntN(5)], []float64{300, 700, 200, 160}[random.IntN(4)])
			now := start
			for i := range 12 {
				now = now.Add(time.Duration(random.IntN(300)-20) * time.Millisecond) // clocks can go back
				event := spoiled(random, random.IntN(12))
				h.Show(event, now)
				switch random.IntN(4) {
				case 0:
					h.Key(Key(random.IntN(int(Next)+1)), now)
				case 1:
					h.Press(random.Float64()*900, random.Float64()*700, now)
				case 2:
					option := options[random.IntN(len(options))]
					h.Set(option[0], option[1], now)
				case 3:
					h.Zoom(3*random.Float64(), 100, 100)
					h.Pan(200*random.Float64()-100, 200*random.Float64()-100)
				}
				h.Hover(random.Float64()*900, random.Float64()*700)
				scene, changed, _ := h.Scene(now)
				if text := broken(scene, changed); text != "" {
					t.Fatalf("%s, seed %d, after event %d, %T: %s", e.Name, seed, i, event, text)
				}
				h.Table()
				if caption := h.Caption(); strings.Contains(caption, "NaN") || strings.Contains(caption, "Inf") {
					t.Fatalf("%s, seed %d: the caption is %q", e.Name, seed, caption)
				}
			}
		}
	})
}

// broken says what is wrong with a scene, "" for nothing. Explanations are those of a scene
// that was just drawn.
func broken(s draw.Scene, explains bool) string {
	if len(s.Shapes) > 50_000 || len(s.Targets) > 50_000 {
		return fmt.Sprintf("%d shapes and %d targets", len(s.Shapes), len(s.Targets))
	}
	for _, shape := range s.Shapes {
		if !allFinite(reflect.ValueOf(shape)) {
			return fmt.Sprintf("a broken number in %T%+v", shape, shape)
		}
		if l, ok := shape.(draw.Label); ok && l.Text != "" {
			if strings.Contains(l.Text, "NaN") || strings.Contains(l.Text, "Inf") {
				return fmt.Sprintf("%q", l.Text)
			}
			w := draw.Width(l.Text, l.Mono, l.Size)
			if left := l.X - l.Align*w; left < -0.5 || left+w > s.Width+0.5 || l.Y > s.Height || l.Y < 0.7*l.Size {
				return fmt.Sprintf("%q is not within: %.1f to %.1f, baseline %.1f of %v × %v", l.Text, left, left+w, l.Y, s.Width, s.Height)
			}
		}
	}
	for _, t := range s.Targets {
		if t.Arc == nil && !allFinite(reflect.ValueOf(t.Box)) || t.Arc != nil && !allFinite(reflect.ValueOf(*t.Arc)) {
			return fmt.Sprintf("a broken number in the target %+v", t)
		}
		if explains && t.Tip != nil {
			if tip := strings.Join(t.Tip(), "; "); strings.Contains(tip, "NaN") || strings.Contains(tip, "Inf") {
				return fmt.Sprintf("the explanation %q", tip)
			}
		}
	}
	return ""
}

// allFinite reports whether all numbers in a value are finite.
func allFinite(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Float64:
		return !math.IsNaN(v.Float()) && !math.IsInf(v.Float(), 0)
	case reflect.Struct:
		for i := range v.NumField() {
			if !allFinite(v.Field(i)) {
				return false
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if !allFinite(v.Index(i)) {
				return false
			}
		}
	}
	return true
}

// spoiled is a good message of one of the kinds that figures follow, in which some values are
// replaced. One in five stays good.
func spoiled(random *rand.Rand, kind int) any {
	K := random.IntN(30)
	var v reflect.Value
	switch kind {
	case 0:
		tr := trace(K, 1+random.IntN(3), 1+random.IntN(4), random.IntN(2) == 0)
		if random.IntN(2) == 0 {
			tr.All = nil
		}
		v = reflect.ValueOf(&tr)
	case 1:
		p := probe(1+random.IntN(4), 1+random.IntN(4))
		v = reflect.ValueOf(&p)
	case 2:
		tree := branchTree(1+random.IntN(5), random.IntN(2), random.IntN(3))
		v = reflect.ValueOf(&tree)
	case 3:
		list := saved(someRun("a", "attnpo", 1, 1+K), someRun("b", "attnpo", 2, 5), someRun("p", "pretrain", 1, 2*K), someRun("c", "grpo", 3, 40))
		v = reflect.ValueOf(&list)
	case 4:
		run := someRun("a", "attnpo", 1, 1+K)
		v = reflect.ValueOf(&run)
	case 5:
		_, in := onDemand(uint64(random.IntN(2)), random.IntN(2), random.IntN(3))
		v = reflect.ValueOf(&in)
	case 7:
		speeds := labtest.Speeds(K)
		v = reflect.ValueOf(&speeds)
	case 8:
		f := labtest.Followed(K)
		v = reflect.ValueOf(&f)
	case 9:
		m := importancesOf(K)
		v = reflect.ValueOf(&m)
	case 10:
		m := labtest.Samples(K)
		v = reflect.ValueOf(&m)
	case 6:
		l := lossesOf(K)
		v = reflect.ValueOf(&l)
	default:
		s := session.Selection{Step: random.IntN(40) - 5, Token: -1, Layer: random.IntN(4) - 1, Head: random.IntN(5) - 1, Node: random.IntN(60) - 5}
		v = reflect.ValueOf(&s)
	}
	if random.IntN(5) > 0 {
		share := math.Pow(10, -1-3*random.Float64()) // of the values
		spoil(random, v.Elem(), share)
	}
	return v.Elem().Interface()
}

var (
	badFloats = []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, 1e-300, 1e300, -1e300, 1e17, 0.5}
	badInts   = []int64{-1, 0, 1, 7, -1000, 1 << 20, math.MaxInt64, math.MinInt64, math.MaxInt32}
	badTexts  = []string{"", "a", "ä", "\xff", strings.Repeat("long ", 200), "a\nb\tc", "essential"}
)

// spoil replaces a share of the values in v. Copies are made of lists, for others share them.
func spoil(random *rand.Rand, v reflect.Value, share float64) {
	hit := random.Float64() < share
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		if hit {
			v.SetFloat(badFloats[random.IntN(len(badFloats))])
		}
	case reflect.Int:
		if hit {
			v.SetInt(badInts[random.IntN(len(badInts))])
		}
	case reflect.String:
		if hit {
			v.SetString(badTexts[random.IntN(len(badTexts))])
		}
	case reflect.Pointer:
		switch {
		case hit:
			v.SetZero()
		case !v.IsNil():
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(v.Elem())
			spoil(random, p.Elem(), share)
			v.Set(p)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			spoil(random, v.Field(i), share)
		}
	case reflect.Array:
		for i := range v.Len() {
			spoil(random, v.Index(i), share)
		}
	case reflect.Slice:
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len()+1)
		reflect.Copy(c, v)
		for i := range c.Len() {
			spoil(random, c.Index(i), share)
		}
		if n := c.Len(); hit && n > 0 {
			at := random.IntN(n)
			switch random.IntN(4) {
			case 0:
				c = c.Slice(0, at)
			case 1:
				c = reflect.Append(c, c.Index(at))
			case 2:
				swap := reflect.Swapper(c.Interface())
				swap(at, random.IntN(n))
			case 3:
				c = reflect.Zero(v.Type())
			}
		}
		v.Set(c)
	}
}

// The test spoils what it says: without that a green run would mean nothing.
func TestSpoiled(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var nan, negative, empty int
	for range 4000 {
		if run, ok := spoiled(random, 4).(session.Run); ok {
			for _, m := range run.Metrics {
				if slices.ContainsFunc(m.Values, func(v *float64) bool { return v != nil && math.IsNaN(*v) }) {
					nan++
				}
				if len(m.Values) == 0 {
					empty++
				}
			}
			if run.Info.Step < 0 {
				negative++
			}
		}
	}
	if nan == 0 || negative == 0 || empty == 0 {
		t.Errorf("NaN %d, negative %d, empty %d times", nan, negative, empty)
	}
}
