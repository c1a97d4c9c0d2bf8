package task

import "testing"

func TestLineWords(t *testing.T) {
	for _, c := range []struct{ task, line, want string }{
		{"countdown", "8 + 3 = 11", "8 plus 3 is 11."},
		{"countdown", "13 * 4 = 40", "13 times 4 is 40; it should be 52."},
		{"countdown", "3 - 8 = 5", "3 minus 8 is 5; it should be −5."},
		{"countdown", "back", "Starts again with the given numbers."},
		{"countdown", "so what", ""},
		{"countdown", "8 / 3 = 2", ""},
		{"chain", "b &k 7 * &f 8 = b 6", "B is k times f: 7 × 8 = 56, last digit 6."},
		{"chain", "b &k 6 - &f 9 = b 7", "B is k minus f: 6 − 9 = −3, which is 7 modulo 10."},
		{"chain", "b &k 2 + &f 3 = b 5", "B is k plus f: 2 + 3 = 5."},
		{"chain", "b &k 2 + &f 3 = b 4", "B is k plus f: 2 + 3 = 5; the line says 4."},
		{"chain", "wait b &k 8 * &f 0 ok", "Checks that b is k times f: 8 × 0 = 0. It agrees."},
		{"chain", "wait b &k 8 * &f 0 = b 3", "Computes b again: k times f: 8 × 0 = 0; the line says 3."},
		{"chain", "so b 0", "Says again that b is 0."},
		{"chain", "b b b", ""},
		{"relay", "hum w5", "Idles; no other line needs this one."},
		{"relay", "try 1", "Chooses the digit 1."},
		{"relay", "a 5 2 = 7", "A adds 5: 2 + 5 = 7."},
		{"relay", "b 5 7 = 2", "B adds 5: 7 + 5 = 12, last digit 2."},
		{"relay", "b 5 7 = 3", "B adds 5: 7 + 5 = 12, last digit 2; the line says 3."},
		{"relay", "d * 1 = 2", "D adds the chosen digit to 1 and gets 2."},
		{"relay", "d + 1 = 2", ""},
		{"", "8 + 3 = 11", ""},
	} {
		if got := WordsOf(c.task).Line(c.line); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.task, c.line, got, c.want)
		}
	}
}

func TestProblemWords(t *testing.T) {
	for _, c := range []struct{ task, problem, want string }{
		{"countdown", "6 3 3 ? 12", "Reach 12 from 6, 3 and 3."},
		{"chain", "k 8 ; f 0 ; b &k * &f ; ? b", "K is 8; f is 0; b is k times f; what is b?"},
		{"chain", "k 8", ""},
		{"countdown", "", ""},
		{"relay", "; 2 # 1 9 ; 2 ; a 5 b 6 c * d * e * ?", "Choose one of 2, 1 and 9, where 1 is right; start with 2; add 5 and 6; add the chosen digit 3 times; what is the last digit?"},
		{"relay", "; 2 # 1 ; 2 ; a 5 ?", "Start with 2; add 5; what is the last digit?"},
		{"relay", "; 2 1 ; 2 ; a 5 ?", ""},
	} {
		if got := WordsOf(c.task).Ask(c.problem); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.task, c.problem, got, c.want)
		}
	}
}
