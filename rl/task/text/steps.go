package text

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"attnlab/rl/task"
)

// Rule says what ends a step of free text.
type Rule string

// The rules. Each later one makes longer steps.
const (
	Sentence  Rule = "sentence"  // a line end, or a mark such as "." where the sentence really ends
	Line      Rule = "line"      // a line end
	Paragraph Rule = "paragraph" // a blank line
)

// Rules lists the rules, the default first.
func Rules() []Rule { return []Rule{Sentence, Line, Paragraph} }

// ParseRule returns the rule with a name, or an error that lists the names. An empty name is the default.
func ParseRule(name string) (Rule, error) {
	if name == "" {
		return Sentence, nil
	}
	if r := Rule(name); slices.Contains(Rules(), r) {
		return r, nil
	}
	return "", fmt.Errorf("task: there is no step rule %.20q: choose sentence, line or paragraph", name)
}

// Cut cuts a text into steps by a rule. pieces are the bytes that each token adds to the text; a step is a range of whole tokens and
// never ends inside a character. White space belongs to the step that it ends. A step without a letter or digit joins the one before, or
// the next one if it is the first. The steps cover all tokens without gaps.
func Cut(pieces []string, rule Rule) []task.Span {
	if len(pieces) == 0 {
		return nil
	}
	u := unitsOf(pieces)
	var protected []task.Span
	if rule == Sentence {
		protected = protectedIn(u.text)
	}
	var steps []task.Span
	from, wait := 0, 0 // the first unit of this step; the first of the leading ones without a word
	add := func(to int) {
		switch word := hasWord(u.text[u.start(from):u.end[to-1]]); {
		case !word && len(steps) > 0:
			steps[len(steps)-1].End = u.token[to-1]
		case word:
			steps = append(steps, task.Span{Start: u.firstToken(wait), End: u.token[to-1]})
		}
		if from = to; len(steps) > 0 {
			wait = from
		}
	}
	for i := range len(u.end) - 1 {
		next := u.text[u.end[i]:u.end[i+1]]
		if !isSpace(next) && ends(u.text, u.end[i], next, rule, protected) {
			add(i + 1)
		}
	}
	add(len(u.end))
	if len(steps) == 0 { // no letter at all
		return []task.Span{{Start: 0, End: len(pieces)}}
	}
	return steps
}

// units are tokens joined so that each ends at the end of a character.
type units struct {
	text  string
	end   []int // of each unit, in bytes of text
	token []int // the token after the last of each unit
}

func unitsOf(pieces []string) units {
	u := units{text: strings.Join(pieces, "")}
	at := 0
	for i, piece := range pieces {
		at += len(piece)
		last := i == len(pieces)-1
		switch {
		case !last && (at == len(u.text) || !utf8.RuneStart(u.text[at]) || piece == "" && len(u.end) == 0):
			continue // the rest of the character, or tokens without text, come after it
		case piece == "" && len(u.end) > 0 && u.end[len(u.end)-1] == at:
			u.token[len(u.token)-1] = i + 1
		default:
			u.end, u.token = append(u.end, at), append(u.token, i+1)
		}
	}
	return u
}

func (u units) start(i int) int {
	if i == 0 {
		return 0
	}
	return u.end[i-1]
}

func (u units) firstToken(i int) int {
	if i == 0 {
		return 0
	}
	return u.token[i-1]
}

func isSpace(s string) bool { return strings.TrimSpace(s) == "" }

func hasWord(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// ends reports whether a step ends at a byte of the text, where next, which is not only white space, follows.
func ends(text string, at int, next string, rule Rule, protected []task.Span) bool {
	body := strings.TrimRightFunc(text[:at], unicode.IsSpace)
	leading := next[:len(next)-len(strings.TrimLeftFunc(next, unicode.IsSpace))]
	lines := strings.Count(text[len(body):at], "\n") + strings.Count(leading, "\n")
	switch {
	case rule == Paragraph:
		return lines >= 2
	case rule == Line || lines >= 1:
		return lines >= 1
	}
	return sentenceEnds(body, len(body) < at, next, protected)
}

const (
	marks   = ".!?…。！？｡．؟۔।"
	wide    = "。！？｡．" // need no white space after them
	closers = "\"'”’»)]}）］」』】〉》*_"
	openers = "\"'“‘«([{（［「『【〈《*_#>-"
)

// abbreviations end in a full stop that ends no sentence.
var abbreviations = []string{"e.g", "i.e", "etc", "vs", "cf", "Mr", "Mrs", "Ms", "Dr", "Fig", "Figs", "Eq", "Eqs", "approx", "No", "St", "Prof", "resp", "viz"}

// sentenceEnds reports whether a sentence ends where body ends. space says that white space follows before next.
func sentenceEnds(body string, space bool, next string, protected []task.Span) bool {
	first, _ := utf8.DecodeRuneInString(next)
	if !space && strings.ContainsRune(marks+closers, first) {
		return false // the rest of the mark comes
	}
	bare := strings.TrimRight(body, closers)
	head := strings.TrimRight(bare, marks)
	mark := bare[len(head):]
	if mark == "" || lies(len(head), protected) {
		return false
	}
	opening, _ := utf8.DecodeRuneInString(mark)
	if !space && !unicode.IsSpace(first) && !strings.ContainsRune(wide, opening) {
		return false
	}
	start := wordStart(head)
	word := strings.TrimLeft(head[start:], openers)
	if mark != "." {
		return !slices.Contains(abbreviations, word)
	}
	single := len(word) == 1 && unicode.IsLetter(rune(word[0]))
	return !single && !slices.Contains(abbreviations, word) && !(isListed(word) && beginsLine(head[:start]))
}

// beginsLine reports whether what follows text is the first word of a line, after a bullet and signs of bold type at most.
func beginsLine(text string) bool {
	near := text[max(0, len(text)-64):]
	bare := strings.TrimRight(near, " \t"+openers)
	return strings.HasSuffix(bare, "\n") || bare == "" && len(near) == len(text)
}

// lies reports whether a byte lies in one of the parts, which are in order.
func lies(at int, parts []task.Span) bool {
	i := sort.Search(len(parts), func(i int) bool { return at < parts[i].End })
	return i < len(parts) && parts[i].Start <= at
}

// wordStart is where the last word of text starts. A word of more than 64 bytes is cut there: it is no abbreviation.
func wordStart(text string) int {
	least := max(0, len(text)-64)
	return least + strings.LastIndexFunc(text[least:], unicode.IsSpace) + 1
}

// isListed reports whether a word at the start of a line numbers an item: 1., 12., iv., 2.3.
func isListed(word string) bool {
	if word == "" || len(word) > 6 {
		return false
	}
	digits := strings.Trim(word, "0123456789.") == ""
	return digits && len(word) <= 4 || strings.Trim(word, "ivx") == "" || strings.Trim(word, "IVX") == ""
}
