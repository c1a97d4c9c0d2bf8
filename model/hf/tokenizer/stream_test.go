package tokenizer

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// pieces is a tokenizer whose tokens are any bytes. It cannot encode.
type pieces []string

func (p pieces) Len() int                       { return len(p) }
func (p pieces) Token(id int) string            { return p[id] }
func (p pieces) ID(token string) (int, bool)    { i := slices.Index(p, token); return i, i >= 0 }
func (p pieces) Special(int) bool               { return false }
func (p pieces) Start() []int                   { return nil }
func (p pieces) Encode(string) ([]int, error)   { panic("not used") }
func (p pieces) Piece(_, id int) string         { return p[id] }
func (p pieces) Decode(ids []int) (text string) { text, _ = Text(p, ids); return text }

func (p pieces) all() []int {
	ids := make([]int, len(p))
	for i := range ids {
		ids[i] = i
	}
	return ids
}

func TestTextReplacesWhatIsNoUTF8(t *testing.T) {
	for _, c := range []struct {
		tokens pieces
		want   []string // the text of each token
	}{
		{pieces{"a", "b"}, []string{"a", "b"}},
		{pieces{"h\xc3", "\xa9!"}, []string{"h", "é!"}},
		{pieces{"\xf0", "\x9f", "\x98", "\x80", "."}, []string{"", "", "", "😀", "."}},
		{pieces{"\xf0\x9f", "x"}, []string{"", "\uFFFDx"}},       // one longest start, one U+FFFD
		{pieces{"\xf0\x80", "x"}, []string{"\uFFFD\uFFFD", "x"}}, // 80 cannot follow F0: two
		{pieces{"\xff\xc0\xaf", ""}, []string{"\uFFFD\uFFFD\uFFFD", ""}},
		{pieces{"\xed\xa0\x80", "y"}, []string{"\uFFFD\uFFFD\uFFFD", "y"}}, // a surrogate
		{pieces{"a\xe2\x82"}, []string{"a\uFFFD"}},                         // ends inside a character
		{pieces{"a", "\xe2", "\x82"}, []string{"a", "", "\uFFFD"}},
		{pieces{"", ""}, []string{"", ""}},
		{pieces{"\uFFFD", "\xef\xbf", "\xbd"}, []string{"\uFFFD", "", "\uFFFD"}}, // U+FFFD itself
	} {
		text, ends := Text(c.tokens, c.tokens.all())
		var got []string
		start := 0
		for _, end := range ends {
			got = append(got, text[start:end])
			start = end
		}
		if !slices.Equal(got, c.want) || start != len(text) {
			t.Errorf("%q: got %q of %q, want %q", c.tokens, got, text, c.want)
		}
	}
	if text, ends := Text(pieces{}, nil); text != "" || len(ends) != 0 {
		t.Errorf("no tokens: %q, %v", text, ends)
	}
}

// However bytes are cut into tokens, the text is the same and valid, and a text that was valid is unchanged.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"plain", "h\xc3\xa9", "😀\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xe0\x9f\x80\xed\xa0\x80"} {
		f.Add(seed, uint64(0x5a5a))
	}
	f.Fuzz(func(t *testing.T, bytes string, cuts uint64) {
		var p pieces
		for start, i := 0, 1; i <= len(bytes); i++ {
			if i == len(bytes) || cuts>>(i%64)&1 == 1 {
				p = append(p, bytes[start:i])
				start = i
			}
		}
		whole, _ := Text(pieces{bytes}, []int{0})
		text, ends := Text(p, p.all())
		if text != whole || !utf8.ValidString(text) || utf8.ValidString(bytes) && text != bytes {
			t.Errorf("%q in pieces %q: %q, as one %q", bytes, p, text, whole)
		}
		if !slices.IsSorted(ends) || len(ends) > 0 && ends[len(ends)-1] != len(text) {
			t.Errorf("ends %v of %d bytes", ends, len(text))
		}
		if strings.ToValidUTF8(text, "") != text {
			t.Errorf("%q is no text", text)
		}
	})
}

func TestStreamOfWords(t *testing.T) {
	words := wordTokenizer(t)
	text := "a 0\nwait &a\n</think>"
	ids, err := words.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	s := NewStream(words)
	for range 2 { // End begins a new text
		var got string
		for _, id := range ids {
			got += s.Next(id)
		}
		if got += s.End(); got != text {
			t.Errorf("streamed %q, want %q", got, text)
		}
	}
	if words.Token(words.Len()) != "" || words.Decode([]int{8, words.Len(), -1, 10}) != "a 0" {
		t.Errorf("ids without a token: %q", words.Decode([]int{8, words.Len(), -1, 10}))
	}
	if !words.Special(0) || words.Special(5) || words.Special(99) {
		t.Error("<pad> is special, <think> and no token are not")
	}
}
