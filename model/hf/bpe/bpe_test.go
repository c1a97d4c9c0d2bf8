package bpe

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"attnlab/model/hf/tokenizer"
)

// testdata is made by testdata/make.py.
//
//go:embed testdata/*.gz
var testdata embed.FS

var names = []string{"qwen", "llama3", "gpt4o", "deepseek", "smollm"}

// golden is what Hugging Face's tokenizers gives for the texts.
type golden struct {
	Tokenizer json.RawMessage
	IDs       [][]int
	Decoded   map[string]string // by number, where it is not the text
	Random    [][2]json.RawMessage
	Pieces    [][]int // the lengths in characters
	Start     []int
}

func read(t testing.TB, name string, v any) {
	t.Helper()
	data, err := testdata.ReadFile("testdata/" + name + ".json.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(v); err != nil {
		t.Fatal(name, err)
	}
}

func texts(t testing.TB) (texts []string) {
	read(t, "texts", &texts)
	return texts
}

func load(t testing.TB, name string) (*Tokenizer, golden) {
	t.Helper()
	var g golden
	read(t, name, &g)
	tok, err := Read(g.Tokenizer)
	if err != nil {
		t.Fatal(name, err)
	}
	return tok, g
}

// compare encodes and decodes the texts of a golden.
func compare(t *testing.T, name string, tok *Tokenizer, g golden) {
	t.Helper()
	texts := texts(t)
	if len(texts) != 500 || len(g.IDs) != 500 {
		t.Fatalf("%s: %d texts, %d lists of ids", name, len(texts), len(g.IDs))
	}
	wrong := 0
	for i, text := range texts {
		ids, err := tok.Encode(text)
		if err != nil || !slices.Equal(ids, g.IDs[i]) {
			if wrong++; wrong <= 5 {
				t.Errorf("%s, text %d: Encode(%q)\n got %v %q, %v\nwant %v %q", name, i, text, ids, tok.pieces(ids), err, g.IDs[i], tok.pieces(g.IDs[i]))
			}
		}
		want, differs := g.Decoded[strconv.Itoa(i)]
		if !differs {
			want = text
		}
		if got := tok.Decode(g.IDs[i]); got != want {
			t.Errorf("%s, text %d: Decode = %q, want %q", name, i, got, want)
		}
	}
	if wrong > 0 {
		t.Errorf("%s: %d of 500 texts have other ids", name, wrong)
	}
}

func (t *Tokenizer) pieces(ids []int) (pieces []string) {
	for _, id := range ids {
		pieces = append(pieces, t.Token(id))
	}
	return pieces
}

func TestIDsAndTextsAreThoseOfTokenizers(t *testing.T) {
	for _, name := range names {
		tok, g := load(t, name)
		compare(t, name, tok, g)
		if !slices.Equal(tok.Start(), g.Start) {
			t.Errorf("%s: Start %v, want %v", name, tok.Start(), g.Start)
		}
	}
}

// Other pieces could have the same ids by chance, so they are compared too.
func TestPiecesAreThoseOfTokenizers(t *testing.T) {
	for _, name := range names {
		tok, g := load(t, name)
		for i, text := range texts(t) {
			var got []int
			err := cut([]rune(text), tok.splits, func(piece []rune) error {
				got = append(got, len(piece))
				return nil
			})
			if text == "" {
				got = nil
			}
			if err != nil || !slices.Equal(got, g.Pieces[i]) {
				t.Errorf("%s, text %d, %q: pieces of %v characters, want %v (%v)", name, i, text, got, g.Pieces[i], err)
			}
		}
	}
}

// Ids at random end inside characters.
func TestRandomIDsDecodeAsInTokenizers(t *testing.T) {
	broken := 0
	for _, name := range names {
		tok, g := load(t, name)
		for _, pair := range g.Random {
			var ids []int
			var want string
			if json.Unmarshal(pair[0], &ids) != nil || json.Unmarshal(pair[1], &want) != nil {
				t.Fatal(name)
			}
			if got := tok.Decode(ids); got != want {
				t.Errorf("%s: Decode(%v) = %q, want %q", name, ids, got, want)
			}
			if strings.Contains(want, "\uFFFD") {
				broken++
			}
			streamed(t, name, tok, ids)
		}
	}
	if broken < 100 {
		t.Errorf("only %d lists end inside a character", broken)
	}
}

func TestStreamIsTheWholeText(t *testing.T) {
	for _, name := range names {
		tok, g := load(t, name)
		for _, ids := range g.IDs {
			streamed(t, name, tok, ids)
		}
	}
}

// streamed compares a stream and the ends of tokens with the text decoded at once.
func streamed(t *testing.T, name string, tok *Tokenizer, ids []int) {
	t.Helper()
	s, got := tokenizer.NewStream(tok), ""
	text, ends := tokenizer.Text(tok, ids)
	for i, id := range ids {
		got += s.Next(id)
		if !utf8.ValidString(got) || i < len(ids)-1 && got != text[:ends[i]] {
			t.Fatalf("%s: after %v the stream has %q, the text %q", name, ids[:i+1], got, text[:ends[i]])
		}
	}
	if got += s.End(); got != text || text != tok.Decode(ids) {
		t.Errorf("%s: %v streams as %q, decodes as %q", name, ids, got, text)
	}
}

func TestTokens(t *testing.T) {
	tok, _ := load(t, "qwen")
	for text, special := range map[string]bool{"<|im_end|>": true, "<think>": false, "e": false, "\xc3": false} {
		id, ok := tok.ID(text)
		if !ok || tok.Token(id) != text || tok.Special(id) != special {
			t.Errorf("%q: id %d, %v, %q, special %v", text, id, ok, tok.Token(id), tok.Special(id))
		}
	}
	if _, ok := tok.ID("<|no such token|>"); ok {
		t.Error("a token that is none has an id")
	}
	for _, id := range []int{-1, tok.Len(), 1 << 40} {
		if tok.Token(id) != "" || tok.Special(id) || tok.Decode([]int{id}) != "" {
			t.Errorf("id %d has a token", id)
		}
	}
	if tok.Len() != 628 { // 620 and eight added tokens
		t.Errorf("%d ids", tok.Len())
	}
}

func TestEncodeReplacesWhatIsNoUTF8(t *testing.T) {
	tok, _ := load(t, "llama3")
	got, err := tok.Encode("a\xf0\x9fb\xff")
	want, _ := tok.Encode("a\uFFFDb\uFFFD")
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	tok, _ := load(t, "qwen")
	if _, err := tok.Encode("x" + strings.Repeat("\u0301", 40)); err == nil || !strings.Contains(err.Error(), "30 combining marks") {
		t.Errorf("40 combining marks: %v", err)
	}
	if _, err := tok.Encode("x" + strings.Repeat("\u0301", 20) + "\u034f"); err != nil {
		t.Errorf("a joiner of the text's own: %v", err)
	}
	tok, _ = load(t, "smollm")
	tok.bytes['~'] = -1
	if _, err := tok.Encode("a ~"); err == nil || !strings.Contains(err.Error(), `0x7e`) {
		t.Errorf("a byte without a token: %v", err)
	}
}

// Time grows with the length: long runs are what a pattern that backtracks is slow on, and what merges by scanning again are slow on.
func TestLongRuns(t *testing.T) {
	length := 1 << 14
	if runtime.GOOS == "js" {
		length = 1 << 12
	}
	for _, name := range names {
		tok, _ := load(t, name)
		for _, run := range []string{" ", "a", "A", "汉", "\u0e01", "\u0304 ", "!", "7", "\n", " \n", "\t \u3000", "<", "<|", "'", "'l", "aA", "😀"} {
			text := strings.Repeat(run, length/len(run))
			ids, err := tok.Encode(text)
			if err != nil {
				t.Errorf("%s, %q: %v", name, run, err)
			} else if got := tok.Decode(ids); got != text && name != "qwen" {
				t.Errorf("%s, %q: decodes to another text of %d bytes", name, run, len(got))
			}
		}
	}
}

// Any text decodes from its ids as it was, but for what is no UTF-8.
func FuzzEncode(f *testing.F) {
	for _, text := range texts(f) {
		f.Add(text)
	}
	f.Add("\xf0\x9f\xff<|eot_id|>\xe2")
	tokenizers := map[string]*Tokenizer{}
	for _, name := range []string{"llama3", "gpt4o", "smollm"} {
		tokenizers[name], _ = load(f, name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, tok := range tokenizers {
			ids, err := tok.Encode(text)
			if err != nil {
				t.Errorf("%s: Encode(%q): %v", name, text, err)
			} else if got := tok.Decode(ids); got != tokenizer.Valid(text) {
				t.Errorf("%s: %q comes back as %q", name, text, got)
			}
		}
	})
}
