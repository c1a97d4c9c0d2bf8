package tokenizer

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

var words = []string{"<pad>", "<bos>", "<eos>", "\n", ";", "<think>", "</think>", "wait", "a", "&a", "0", "+", "<"}

func wordTokenizer(t testing.TB) *Words {
	t.Helper()
	tok, err := NewWords(words)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestEncodeDecode(t *testing.T) {
	tok := wordTokenizer(t)
	for _, test := range []struct {
		text    string
		ids     []int
		decoded string // the usual form, where text is not
	}{
		{"", nil, ""},
		{"<bos> a 0 ; <think>", []int{1, 8, 10, 4, 5}, ""},
		{"a 0\nwait &a\n</think>", []int{8, 10, 3, 7, 9, 3, 6}, ""},
		{"a \n wait", []int{8, 3, 7}, "a\nwait"},
		{"\n\na", []int{3, 3, 8}, ""},
		{"  a\t0\r\n", []int{8, 10, 3}, "a 0\n"},
	} {
		ids, err := tok.Encode(test.text)
		if err != nil || !slices.Equal(ids, test.ids) {
			t.Errorf("Encode(%q) = %v, %v; want %v", test.text, ids, err, test.ids)
		}
		want := test.decoded
		if want == "" {
			want = test.text
		}
		if got := tok.Decode(test.ids); got != want {
			t.Errorf("Decode(%v) = %q, want %q", test.ids, got, want)
		}
	}
	_, err := tok.Encode("a 0\nwait zebra")
	if err == nil || !strings.Contains(err.Error(), `"zebra" (token 4, on line 2)`) {
		t.Errorf("unknown token: %v", err)
	}
}

func TestWordsWithoutLineEnd(t *testing.T) {
	tok, err := NewWords([]string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := tok.Encode("a\nb"); err != nil || !slices.Equal(ids, []int{0, 1}) {
		t.Errorf("Encode = %v, %v", ids, err)
	}
}

func TestNewWordsRefuses(t *testing.T) {
	for want, tokens := range map[string][]string{
		"at least one": {},
		`""`:           {"a", ""},
		`"a b"`:        {"a b"},
		`"\n\n"`:       {"\n\n"},
		"0 and 2":      {"a", "b", "a"},
	} {
		if _, err := NewWords(tokens); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one about %s", tokens, err, want)
		}
	}
}

func TestWordsJSON(t *testing.T) {
	tok := wordTokenizer(t)
	data, err := json.Marshal(tok)
	if err != nil {
		t.Fatal(err)
	}
	var back Words
	if err := json.Unmarshal(data, &back); err != nil || !slices.Equal(back.tokens, words) {
		t.Errorf("read back %q, %v", back.tokens, err)
	}
	var file struct {
		Added []struct {
			Content string
			Special bool
		} `json:"added_tokens"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var added, skipped []string
	for _, a := range file.Added {
		added = append(added, a.Content)
		if a.Special {
			skipped = append(skipped, a.Content)
		}
	}
	if want := []string{"<pad>", "<bos>", "<eos>", "\n", "<think>", "</think>"}; !slices.Equal(added, want) || !slices.Equal(skipped, want[:3]) {
		t.Errorf("added tokens %q, special %q", added, skipped)
	}
}

func TestWordsJSONRefuses(t *testing.T) {
	file := func(pre, added, vocab string) string {
		return `{"pre_tokenizer":` + pre + `,"added_tokens":[` + added + `],"model":{"type":"WordLevel","vocab":{` + vocab + `}}}`
	}
	const split = `{"type":"WhitespaceSplit"}`
	for _, test := range []struct{ json, want string }{
		{`{}`, "WordLevel"},
		{`{"model":{"type":"BPE"}}`, "BPE"},
		{file("null", "", `"a":0`), "WhitespaceSplit"},
		{file(`{"type":"ByteLevel"}`, "", `"a":0`), "WhitespaceSplit"},
		{file(split, "", ``), "at least one"},
		{file(split, "", `"a":0,"b":2`), "id 2"},
		{file(split, "", `"a":-1`), "id -1"},
		{file(split, "", `"a":0,"b":0`), "same id 0"},
		{file(split, `{"id":1,"content":"a"}`, `"a":0,"b":1`), "0 and 1"},
		{file(split, `{"id":9000000000,"content":"c"}`, `"a":0`), "id 9000000000"},
		{file(split, "", `"a c":0`), "white space"},
		{file(split, "", `"a":"0"`), "int"},
		{`{"normalizer":{},` + file(split, "", `"a":0`)[1:], "normalizer"},
		{`{"post_processor":{},` + file(split, "", `"a":0`)[1:], "post_processor"},
	} {
		var tok Words
		if err := json.Unmarshal([]byte(test.json), &tok); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one about %q", test.json, err, test.want)
		}
	}
	var tok Words
	if err := json.Unmarshal([]byte(file(split, `{"id":1,"content":"<x>"}`, `"a":0`)), &tok); err != nil || tok.Len() != 2 {
		t.Errorf("an added token beside the vocabulary: %d tokens, %v", tok.Len(), err)
	}
}
