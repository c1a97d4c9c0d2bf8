package text

import (
	"math/big"
	"slices"
	"strings"
	"testing"
)

// say writes the equations of a text: the name, "=", the value, and + for right, - for wrong, ? for not judged.
func say(found []Equation) string {
	var parts []string
	for _, e := range found {
		value, sign := "", "?"
		if e.Value != nil {
			value = e.Value.RatString()
		}
		if e.Judged {
			sign = map[bool]string{true: "+", false: "-"}[e.Right]
		}
		parts = append(parts, e.Name+"="+value+sign)
	}
	return strings.Join(parts, " ")
}

func TestEquations(t *testing.T) {
	known := map[string]*big.Rat{"k": big.NewRat(4, 1)}
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"3 + 4 = 7", "=7+"},
		{"3 + 4 = 8", "=8-"},
		{"3+4=7", "=7+"},
		{"So 3 + 4 = 7 apples, and 7 - 2 = 5.", "=7+ =5+"},
		{"12 − 5 = 7", "=7+"},
		{"12 – 5 = 8", "=8-"},
		{"3 × 4 = 12 and 3 · 4 = 12 and 3 x 4 = 12 and 3*4 = 12", "=12+ =12+ =12+ =12+"},
		{"12 ÷ 4 = 3; 12 / 4 = 4", "=3+ =4-"},
		{`\(3 \times 4 = 12\), $12 \div 4 = 3$, \[2 \cdot 5 = 11\]`, "=12+ =3+ =11-"},
		{`\frac{6}{2} + 1 = 4`, "=4+"},
		{"3 + 4 = 7 = 7", "=7+"},
		{"3 + 4 = 5 + 2 = 7", "=7+"},
		{"8 - 3 = 5 + 2 = 7", "=7-"}, // the sides are not equal, whatever was meant
		{"b = 4 + 3 = 7", "b=7+"},
		{"b = 4 + 3 = 8", "b=8-"},
		{"b = 4 + 3", "b=7?"},
		{"k = 4", "k=4?"},
		{"b = k + 3", ""}, // says nothing new: a definition
		{"b = k + 3 = 7", "b=7+"},
		{"b = k + 3 = 4 + 3 = 8", "b=8-"},
		{"b = z + 3 = 7", "b=7?"}, // nobody knows z
		{"2x + 3 = 7", ""},
		{"3 + 4 = b", "b=7?"},
		{"b = ?", ""},
		{"total = 3 + 4 = 7", "=7+"},
		{"(3 + 4) * 2 = 14, 3 + 4 * 2 = 11, 2(3 + 4) = 14", "=14+ =11+ =14+"},
		{"-3 + 5 = 2", "=2+"},
		{"3 - -5 = 8", "=8+"},
		{"- 3 + 4 = 7", "=7+"}, // a bullet
		{"1. 3 + 4 = 7", "=7+"},
		{"(2) 3 + 4 = 7", "=7+"},
		{"Step 1: 3 + 4 = 7", "=7+"},
		{"**3 + 4 = 7**", "=7+"},
		{"2**3 = 8, 2^3 = 8, 5! = 120, 50% * 2 = 1, √4 = 2", ""}, // not known, so not judged
		{"5 apples + 3 apples = 8 apples", "=8+"},
		{"5 red apples - 3 red apples = 1", "=1-"},
		{"$5 + $3 = $8", "=8+"},
		{"1,250 + 50 = 1,300", "=1300+"},
		{"0.1 + 0.2 = 0.3", "=3/10+"},
		{"10 / 3 = 3.33, 10 / 3 = 3.34, 10 / 3 = 3", "=333/100+ =167/50- =3-"},
		{"10 / 3 ≈ 3", "=3+"},
		{"3 = 3", ""}, // no operation
		{"3 + 4 => 7; 3 + 4 -> 7; 3 + 4 >= 7", ""},
		{"5 / 0 = 0", ""},
		{"3 + = 7; = 7; + 3 = 3; 3 + 4 =", ""},
		{"==3 + 4 == 7", "=7+"},
		{"7 = 3 + 4", "=7+"},
		{"f(3) = 5", ""},
		{"3 + 4\n= 7", ""}, // an equation lies in one line
		{"我有 3 + 4 = 7 个苹果", "=7+"},
		{strings.Repeat("(", 150) + "1" + strings.Repeat(")", 150), ""},
		{strings.Repeat("1+", 500) + "1 = 501", ""}, // too long to be one
		{"1 + " + strings.Repeat("9", 300) + " = 2", ""},
	} {
		if got := say(Equations(c.text, known)); got != c.want {
			t.Errorf("%.80q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestAnswer(t *testing.T) {
	for _, c := range []struct {
		text, answer string
		marked       bool
	}{
		{"7", "7", false},
		{"b = 7\nAnswer: 7", "7", true},
		{"**Answer:** 7 apples.", "7 apples.", true},
		{"The final answer is: $7$.", "$7$.", true},
		{"Answer:\n12", "12", true},
		{"Answer: 3\nso\nANSWER: 5\nmore", "5", true},
		{`so \boxed{\frac{1}{2}} it is`, `\frac{1}{2}`, true},
		{`Answer: \boxed{42}.`, "42", true},
		{"work\n#### 1,250", "1,250", true},
		{"<think>Answer: 3</think>\nIt is 4", "It is 4", false},
		{`\boxed{open`, "open", true},
	} {
		if answer, marked := Answer(c.text); answer != c.answer || marked != c.marked {
			t.Errorf("%q: %q %v, want %q %v", c.text, answer, marked, c.answer, c.marked)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		expected   string
		right, not []string
	}{
		{"1250", []string{"1250", "1,250", "$1,250.00", "1250 dollars.", "It is 1,250.", "= 1250", "**1250**", `\$1{,}250`}, []string{"1251", "12 50", "-1250", "", "none", "1250 of 2"}},
		{"$1,250", []string{"1250", "1250.0"}, []string{"125"}},
		{"-3", []string{"-3", "−3", "x = -3."}, []string{"3", "8-3"}},
		{"5", []string{"9-4 = 5", "4+5"}, []string{"9-4"}},
		{"0.5", []string{"1/2", ".5", `\frac{1}{2}`, "0.50"}, []string{"5", "2"}},
		{"3/4", []string{"0.75", "3/4"}, []string{"3", "4"}},
		{"12 apples", []string{"12", "She has 12 apples"}, []string{"13 apples"}},
		{"50%", []string{"50", "50%", "50 %"}, []string{"0.5"}},
		{"Paris", []string{"paris", " Paris. ", "**Paris**", `\text{Paris}`}, []string{"London", "Paris, France", ""}},
		{"x = 3", []string{"x = 3", "X  =  3."}, []string{"3"}},
		{"3x", []string{"3x"}, []string{"3"}},
		{"7:30", []string{"7:30"}, []string{"30"}},
		{"Room 12", []string{"room 12"}, []string{"12"}},
	} {
		for _, a := range c.right {
			if !Match(a, c.expected) {
				t.Errorf("%q is not %q", a, c.expected)
			}
		}
		for _, a := range c.not {
			if Match(a, c.expected) {
				t.Errorf("%q is %q", a, c.expected)
			}
		}
	}
}

func FuzzEquations(f *testing.F) {
	for _, s := range []string{"3 + 4 = 7", "b = (k+3)*2 ≈ 1.5", `\frac{1}{2} = .5`, "Answer: **7**", "$1,2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			return
		}
		found := Equations(text, map[string]*big.Rat{"k": big.NewRat(4, 1)})
		if again := Equations(text, map[string]*big.Rat{"k": big.NewRat(4, 1)}); say(found) != say(again) {
			t.Fatalf("%q: %s, then %s", text, say(found), say(again))
		}
		if slices.ContainsFunc(found, func(e Equation) bool {
			return e.Right && !e.Judged || e.Judged && e.Value == nil && e.Name == "" && e.Text == ""
		}) {
			t.Fatalf("%q: %+v", text, found)
		}
		answer, _ := Answer(text)
		Match(answer, text)
		Match(text, answer)
	})
}
