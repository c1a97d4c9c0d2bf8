package text

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"attnlab/rl/task"
)

// tokens cuts a text into words, single signs, and runs of spaces and of line ends; where joined, a word has the space before it, as in
// byte-level tokenizers.
func tokens(text string, joined bool) (pieces []string) {
	kind := func(r rune) int {
		switch {
		case r == '\n':
			return 1
		case r == ' ':
			return 2
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
			return 3
		}
		return 0
	}
	last := 0
	for _, r := range text {
		k := kind(r)
		switch {
		case len(pieces) > 0 && k != 0 && (k == last || joined && last == 2 && k == 3):
			pieces[len(pieces)-1] += string(r)
		default:
			pieces = append(pieces, string(r))
		}
		last = k
	}
	return pieces
}

func cutText(pieces []string, rule Rule) (steps []string) {
	for _, s := range Cut(pieces, rule) {
		steps = append(steps, strings.Join(pieces[s.Start:s.End], ""))
	}
	return steps
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		rule Rule
		want string // steps with | between them
	}{
		{Sentence, ""},
		{Sentence, "One sentence."},
		{Sentence, "One. |Two! |Three? |Four… |Five"},
		{Sentence, "One.\n|Two\n|Three\n\n|Four"},
		{Sentence, "He has 3.5 apples. |Then 1,000.25 more."},
		{Sentence, "Really?! |Yes... |No"},
		{Sentence, "He said \"Go.\" |Then (he went.) |“Well.” |She stayed."},
		{Sentence, "We use e.g. apples, i.e. fruit, etc. and so on. |Mr. Smith vs. Dr. Who, cf. Fig. 3."},
		{Sentence, "Take plan B. Then go. |Let x. And y."}, // a single letter ends none
		{Sentence, "1. First do this. |It works.\n|2. Then that.\n|12. Last."},
		{Sentence, "a. First.\n|iv. Fourth.\n|(1. odd) fine."},
		{Sentence, "- 1. A bullet. |Next.\n|**2. Bold.** |After."},
		{Sentence, "We count 1 to 12. |Then stop."}, // a number that begins no line
		{Sentence, "Let $x = 1. y = 2.$ be. |Then $z$. |End."},
		{Sentence, "Let $1. à$ be. |End."}, // the last byte of à is that of a space elsewhere
		{Sentence, "It costs $5. |Then $6. |So $11."},
		{Sentence, "Here \\(a. b.\\) holds. |And \\[c. d. \\] too. |Done."},
		{Sentence, "Open \\(a. b. c\n\n|Next. |Last."},
		{Sentence, "Display $$a. b. c$$ here. |Fine."},
		{Sentence, "Code:\n```\n|a. b. c\n```\n|After. |End."},
		{Sentence, "Escaped \\$5. |Next \\$6. |End."},
		{Sentence, "我有三个苹果。|他有两个！|一共几个？|五个"},
		{Sentence, "他说:「走。」|然后走了。|完"},
		{Sentence, "数は3.5です。|次は１です．|終わり"},
		{Sentence, "यह एक है। |वह दो है। |अंत"},
		{Sentence, "!!! One. |Two. |--- Three"}, // without a letter: with the one before, or the next
		{Sentence, "\n\nOne. |Two."},
		{Sentence, "One.\n---\n|Two"},
		{Sentence, "..."},
		{Sentence, "See www.example.com. |Or v1.2.3 now. |Bye."},
		{Sentence, "So 3 + 4 = 7. |Then 7 - 2 = 5."},
		{Sentence, "Wait.Now no space. |Then."},
		{Line, "One. Two.\n|Three. Four\n\n|Five"},
		{Line, "k = 4\n|b = 4 + 3 = 7\n|Answer: 7"},
		{Line, "One\r\n|Two\r\n|Three"},
		{Paragraph, "One.\nTwo.\n\n|Three.\n \n|Four.\n\n\n\n|Five\nSix"},
		{Paragraph, "One\n\n---\n\n|Two"},
		{Paragraph, "One\r\n\r\n|Two"},
	} {
		text := strings.ReplaceAll(c.want, "|", "")
		if got := strings.Join(cutText(tokens(text, false), c.rule), "|"); got != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.rule, got, c.want)
		}
		if got := strings.Join(cutText(tokens(text, true), c.rule), "|"); strings.ReplaceAll(got, "| ", " |") != c.want {
			t.Errorf("%s, with the spaces before words\n got %q\nwant %q", c.rule, got, c.want)
		}
		if c.rule == Sentence { // as many tokens as bytes: the place of a token's end does not matter, but for half characters
			var bytes []string
			for i := range len(text) {
				bytes = append(bytes, text[i:i+1])
			}
			if got := strings.Join(cutText(bytes, c.rule), "|"); got != c.want && !strings.Contains(c.want, "Wait.Now") {
				t.Errorf("bytes\n got %q\nwant %q", got, c.want)
			}
		}
	}
}

// A step is made of whole tokens, so a token that goes on after a full stop keeps both sentences together.
func TestCutWholeTokens(t *testing.T) {
	for _, c := range []struct {
		pieces []string
		rule   Rule
		want   string
	}{
		{[]string{"One", ". Two", ".", " Three"}, Sentence, "One. Two.| Three"},
		{[]string{"One", ".\n\n", "Two"}, Paragraph, "One.\n\n|Two"},
		{[]string{"One", "\n", "\n", "Two"}, Paragraph, "One\n\n|Two"},
		{[]string{"One", "\n\nTwo"}, Paragraph, "One|\n\nTwo"}, // the blank line has no token of its own
		{[]string{"", "One.", "", " ", "", "Two", ""}, Sentence, "One. |Two"},
		{[]string{"。"[:1], "。"[1:], "あ"[:2], "あ"[2:]}, Sentence, "。あ"},
		{[]string{"い", "。"[:1], "。"[1:], "あ"[:2], "あ"[2:]}, Sentence, "い。|あ"},
		{[]string{"a\xff", "\xff.", " b"}, Sentence, "a\xff\xff.| b"},
	} {
		if got := strings.Join(cutText(c.pieces, c.rule), "|"); got != c.want {
			t.Errorf("%q by %s: %q, want %q", c.pieces, c.rule, got, c.want)
		}
	}
}

// checkCut returns what is wrong with the steps of a text.
func checkCut(pieces []string, steps []task.Span) string {
	at, text := 0, strings.Join(pieces, "")
	valid, words := utf8.ValidString(text), hasWord(text)
	for k, s := range steps {
		part := strings.Join(pieces[s.Start:s.End], "")
		switch {
		case s.Start != at || s.End <= s.Start:
			return fmt.Sprintf("step %d is %v after %d", k, s, at)
		case !hasWord(part) && words:
			return fmt.Sprintf("step %d has no letter: %q", k, part)
		case valid && !utf8.ValidString(part):
			return fmt.Sprintf("step %d ends inside a character: %q", k, part)
		case k > 0 && valid && strings.TrimSpace(pieces[s.Start]) == "" && pieces[s.Start] != "":
			return fmt.Sprintf("step %d begins with white space: %q", k, part)
		}
		at = s.End
	}
	if at != len(pieces) {
		return fmt.Sprintf("the steps end at %d of %d", at, len(pieces))
	}
	return ""
}

func FuzzCut(f *testing.F) {
	for _, s := range []string{"One. Two!\n\nThree $x. y$ costs $5.", "1. a\n```x. y", "他说:「走。」然后。", "\\(a. \\[b\n\n.\\)", "a.)\"' b", "\xff\xfe. \xe3"} {
		f.Add(s, uint8(3))
	}
	f.Fuzz(func(t *testing.T, text string, width uint8) {
		if len(text) > 1<<12 {
			return
		}
		var pieces []string
		for rest, w := text, int(width%7)+1; rest != ""; w = w%5 + 1 {
			n := min(w, len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		var by [][]task.Span
		for _, rule := range Rules() {
			steps := Cut(pieces, rule)
			if fault := checkCut(pieces, steps); fault != "" {
				t.Fatalf("%q by %s: %s", pieces, rule, fault)
			}
			by = append(by, steps)
		}
		for i := 1; i < len(by); i++ { // a longer rule cuts nowhere where a shorter one does not
			for _, s := range by[i] {
				if !slices.ContainsFunc(by[i-1], func(short task.Span) bool { return short.End == s.End }) {
					t.Fatalf("%q: %s ends a step at %d, %s does not", pieces, Rules()[i], s.End, Rules()[i-1])
				}
			}
		}
	})
}

// Long texts without any end are cut in time that grows with their length alone.
func TestCutLong(t *testing.T) {
	for _, unit := range []string{"$a ", "\\( ", ". ", "\n", " ", "```", "a.", "$$"} {
		pieces := slices.Repeat([]string{unit}, 20_000)
		if fault := checkCut(pieces, Cut(pieces, Sentence)); fault != "" {
			t.Errorf("%q: %s", unit, fault)
		}
	}
}
