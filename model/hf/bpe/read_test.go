package bpe

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// small is a tokenizer.json of a few tokens. Tests replace parts of it.
const small = `{
	"added_tokens": [{"id": 7, "content": "<end>", "special": true}],
	"normalizer": {"type": "NFC"},
	"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
		{"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}]},
	"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<end>"}}, {"Sequence": {"id": "A"}}],
		"special_tokens": {"<end>": {"id": "<end>", "ids": [7], "tokens": ["<end>"]}}},
	"decoder": {"type": "ByteLevel"},
	"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "\u0120": 2, "ab": 3, "\u0120ab": 4, "1": 5}, "merges": ["a b", ["\u0120", "ab"]]}
}`

func TestReadSmall(t *testing.T) {
	tok, err := Read([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := tok.Encode("ab ab<end>11ba")
	if want := []int{3, 4, 7, 5, 5, 1, 0}; err != nil || !slices.Equal(ids, want) || tok.Decode(ids) != "ab ab<end>11ba" {
		t.Errorf("got %v, %v, want %v", ids, err, want)
	}
	if tok.Len() != 8 || tok.Token(6) != "" || !slices.Equal(tok.Start(), []int{7}) {
		t.Errorf("%d ids, token 6 %q, start %v", tok.Len(), tok.Token(6), tok.Start())
	}
	// The tables may come first, and the model may.
	var parts map[string]json.RawMessage
	if err := json.Unmarshal([]byte(small), &parts); err != nil {
		t.Fatal(err)
	}
	model := `{"merges": [["a", "b"], "Ġ ab"], "vocab": {"1": 5, "Ġab": 4, "ab": 3, "Ġ": 2, "b": 1, "a": 0}, "type": "BPE"}`
	first := `{"model": ` + model + `, ` + strings.Replace(small[1:], `"model"`, `"other"`, 1)
	if tok, err = Read([]byte(first)); err != nil {
		t.Fatal(err)
	}
	if again, err := tok.Encode("ab ab<end>11ba"); err != nil || !slices.Equal(again, ids) {
		t.Errorf("the model first: %v, %v", again, err)
	}
}

func TestReadRefuses(t *testing.T) {
	pre := `{"type": "Digits", "individual_digits": true}`
	for _, c := range []struct{ old, new, want string }{
		{`"BPE"`, `"Unigram"`, `type "Unigram" is not supported, only byte-level BPE and WordLevel are`},
		{`"BPE"`, `"WordPiece"`, `type "WordPiece" is not supported`},
		{`"BPE"`, `"BPE", "byte_fallback": true`, "byte_fallback is not supported"},
		{`"BPE"`, `"BPE", "dropout": 0.1`, "dropout is not supported"},
		{`"BPE"`, `"BPE", "continuing_subword_prefix": "##"`, "continuing_subword_prefix is not supported"},
		{`"BPE"`, `"BPE", "end_of_word_suffix": "</w>"`, "end_of_word_suffix is not supported"},
		{`"NFC"`, `"Lowercase"`, `normalizer of type "Lowercase" is not supported`},
		{`{"type": "NFC"}`, `{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "NFKC"}]}`, `normalizer of type "NFKC"`},
		{`"add_prefix_space": false`, `"add_prefix_space": true`, "add_prefix_space is not supported"},
		{pre, `{"type": "Metaspace"}`, `pre_tokenizer of type "Metaspace" is not supported`},
		{pre, `{"type": "Split", "pattern": {"String": " "}, "behavior": "Isolated"}`, "splits at a string"},
		{pre, `{"type": "Split", "pattern": {"Regex": "(a+)+b"}, "behavior": "Isolated"}`, `a pattern that is not supported: "(a+)+b"`},
		{pre, `{"type": "Split", "pattern": {"Regex": "\\p{N}"}, "behavior": "MergedWithNext"}`, `behavior "MergedWithNext"`},
		{pre, `{"type": "Split", "pattern": {"Regex": "\\p{N}"}, "behavior": "Removed"}`, `behavior "Removed" (invert: false)`},
		{pre, `{"type": "ByteLevel", "use_regex": false}`, "after ByteLevel"},
		{pre, strings.Repeat(pre+",", 8) + pre, "more than 8 pre_tokenizers"},
		{`"pre_tokenizer"`, `"before"`, "must both end in ByteLevel"},
		{`"decoder": {"type": "ByteLevel"}`, `"decoder": {"type": "Metaspace"}`, "must both end in ByteLevel"},
		{`"decoder": {"type": "ByteLevel"}`, `"decoder": null`, "must both end in ByteLevel"},
		{`"TemplateProcessing"`, `"BertProcessing"`, `post_processor of type "BertProcessing"`},
		{`{"Sequence": {"id": "A"}}]`, `{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "<end>"}}]`, `puts "<end>" after the text`},
		{`"ids": [7]`, `"ids": [6]`, "lacks the token 6"},
		{`[{"SpecialToken": {"id": "<end>"}},`, `[` + strings.Repeat(`{"SpecialToken": {"id": "<end>"}},`, 65), "more than 64 tokens before the text"},
		{`"special": true`, `"lstrip": true`, `"<end>" has lstrip or rstrip`},
		{`"special": true`, `"rstrip": true`, `"<end>" has lstrip or rstrip`},
		{`"special": true`, `"single_word": true`, `"<end>" has single_word`},
		{`"content": "<end>"`, `"content": ""`, "token 7 is empty"},
		{`"content": "<end>"`, `"content": "ab"`, "has the ids 3 and 7"},
		{`"id": 7, "content"`, `"id": -1, "content"`, "id -1"},
		{`"id": 7, "content"`, `"id": 0, "content"`, `the tokens "a" and "<end>" have the same id 0`},
		{`[{"id": 7, "content": "<end>"`, `[{"id": 8, "content": "<end>"}, {"id": 7, "content": "<end>"`, "the ids 8 and 7"},
		{`"id": 7, "content"`, `"id": 4000000000000, "content"`, "the largest that is supported"},
		{`"1": 5`, `"1": 1048576`, "the largest that is supported"},
		{`"1": 5`, `"1": 0`, "same id 0"},
		{`"1": 5`, `"a": 5`, "the ids 0 and 5"},
		{`"1": 5`, `"1": -5`, "whole number"},
		{`"1": 5`, `"1": 5.5`, "whole number"},
		{`"1": 5`, `"1": "5"`, "whole number"},
		{`"1": 5`, `"1": 12345678901234567890`, "whole number"},
		{`"1": 5`, `"": 5`, "token 5 is empty"},
		{`"a b"`, `"a c"`, "names a token that the vocabulary lacks"},
		{`"a b"`, `"b a"`, "names a token that the vocabulary lacks"},
		{`"a b"`, `"ab"`, "merge 0 is not two tokens"},
		{`"a b"`, `"a b b"`, "merge 0 is not two tokens"},
		{`"a b"`, `["a"]`, "merge 0 is not two tokens"},
		{`"a b"`, `["a", "b", "c"]`, "merge 0 is not two tokens"},
		{`"a b"`, `["a", 1]`, "should be a string"},
		{`"a b"`, `7`, "should be a list"},
		{`"vocab": {`, `"vocab": [], "other": {`, "should be an object"},
		{`"merges"`, `"other"`, "no vocab or no merges"},
		{`"model"`, `"other"`, `type "" is not supported`},
		{`{`, `[`, "invalid character"},
		{`"a": 0`, `"a": 00`, "invalid character"},
	} {
		if !strings.Contains(small, c.old) {
			t.Fatalf("%s is not in the file", c.old)
		}
		tok, err := Read([]byte(strings.Replace(small, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || tok != nil {
			t.Errorf("%s for %s: error %v, want one about %s", c.new, c.old, err, c.want)
		}
		var other *KindError
		if kind := strings.Contains(c.want, "is not supported") && strings.HasPrefix(c.want, "type"); errors.As(err, &other) != kind {
			t.Errorf("%s: a KindError is %v", c.new, !kind)
		}
	}
	for _, data := range []string{"", " ", "{", "null", "[]", "7", `"model"`, "{}", `{"model": 7}`, `{"model": null}`, "\ufeff{}"} {
		if tok, err := Read([]byte(data)); err == nil || tok != nil {
			t.Errorf("%q was read", data)
		}
	}
}

// FuzzRead damages tokenizer.json files. What is still read must work, and be the same when it is written and read again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	for _, edit := range []string{`"ids": []`, `"ids": [0, 7]`} {
		f.Add([]byte(strings.Replace(small, `"ids": [7]`, edit, 1)))
	}
	f.Add([]byte(strings.Replace(small, `"special": true`, `"normalized": true`, 1)))
	f.Add([]byte(strings.Replace(small, `"BPE"`, `"BPE", "ignore_merges": true`, 1)))
	f.Add([]byte(strings.Replace(small, `"1": 5`, `"\"\\ \u00e9": 5`, 1)))
	f.Add([]byte(strings.Replace(small, `{"type": "Digits", "individual_digits": true}`, `{"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}"}, "behavior": "Removed", "invert": true}`, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := Read(data)
		if err != nil {
			if tok != nil {
				t.Error("an error and a tokenizer")
			}
			return
		}
		written, err := tok.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Read(written)
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, written)
		}
		for _, text := range []string{"ab ab<end>11ba", "  a\n\n 1b<en<end>", string(data[:min(len(data), 200)])} {
			ids, err := tok.Encode(text)
			same, err2 := again.Encode(text)
			if !slices.Equal(ids, same) || (err == nil) != (err2 == nil) {
				t.Errorf("%q: %v, %v; written and read again %v, %v\n%s", text, ids, err, same, err2, written)
			}
			for _, id := range ids {
				if id < 0 || id >= tok.Len() || tok.Token(id) == "" {
					t.Errorf("%q: id %d of %d", text, id, tok.Len())
				}
			}
			if tok.Decode(ids) != again.Decode(ids) {
				t.Errorf("%q decodes as %q, written and read again as %q", text, tok.Decode(ids), again.Decode(ids))
			}
		}
	})
}
