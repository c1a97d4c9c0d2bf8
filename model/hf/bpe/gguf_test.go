package bpe

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// gguf writes the tokenizer of a golden as the metadata of a GGUF file have it, with rows to spare.
func gguf(t *testing.T, g golden, pre string) GGUF {
	var f struct {
		head
		Model struct {
			Vocab  map[string]int
			Merges []any
		} `json:"model"`
	}
	if err := json.Unmarshal(g.Tokenizer, &f); err != nil {
		t.Fatal(err)
	}
	out := GGUF{Pre: pre, BOS: -1}
	set := func(id int, token string, kind int32) {
		for id >= len(out.Tokens) {
			out.Tokens, out.Types = append(out.Tokens, "[PAD]"), append(out.Types, ggufUnused)
		}
		out.Tokens[id], out.Types[id] = token, kind
	}
	for token, id := range f.Model.Vocab {
		set(id, token, 1)
	}
	for _, a := range f.Added {
		set(a.ID, a.Content, map[bool]int32{true: ggufControl, false: ggufUser}[a.Special])
		if a.Content == "<|begin_of_text|>" {
			out.BOS = a.ID
		}
	}
	for range 3 {
		out.Tokens, out.Types = append(out.Tokens, "[PAD]"), append(out.Types, ggufUnused)
	}
	for _, m := range f.Model.Merges {
		if two, ok := m.([]any); ok {
			m = two[0].(string) + " " + two[1].(string)
		}
		out.Merges = append(out.Merges, m.(string))
	}
	return out
}

func TestGGUFGivesTheSameIDs(t *testing.T) {
	for name, pre := range map[string]string{"qwen": "qwen2", "llama3": "llama-bpe", "gpt4o": "gpt-4o", "deepseek": "deepseek-v3", "smollm": "smollm"} {
		tok, g := load(t, name)
		got, err := FromGGUF(gguf(t, g, pre))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		compare(t, name+" by GGUF", got, g)
		if got.Len() != tok.Len() || !slices.Equal(got.Start(), g.Start) {
			t.Errorf("%s: %d tokens, start %v; want %d, %v", name, got.Len(), got.Start(), tok.Len(), g.Start)
		}
		for id := range tok.Len() {
			if got.Token(id) != tok.Token(id) || got.Special(id) != tok.Special(id) {
				t.Errorf("%s: token %d is %q, special %v; want %q, %v", name, id, got.Token(id), got.Special(id), tok.Token(id), tok.Special(id))
			}
		}
	}
}

func TestGGUFStart(t *testing.T) {
	_, g := load(t, "llama3")
	file := gguf(t, g, "qwen2")
	yes, no := true, false
	for _, c := range []struct {
		pre  string
		add  *bool
		want []int
	}{{"qwen2", nil, nil}, {"qwen2", &yes, []int{file.BOS}}, {"llama-bpe", nil, []int{file.BOS}}, {"llama-bpe", &no, nil}} {
		file.Pre, file.AddBOS = c.pre, c.add
		tok, err := FromGGUF(file)
		if err != nil || !slices.Equal(tok.Start(), c.want) {
			t.Errorf("%s: starts with %v, %v, want %v", c.pre, tok.Start(), err, c.want)
		}
	}
}

func TestGGUFRefuses(t *testing.T) {
	_, g := load(t, "smollm")
	yes := true
	for want, edit := range map[string]func(*GGUF){
		`the pre-tokenizer "poro-chat" is not supported`: func(f *GGUF) { f.Pre = "poro-chat" },
		"tokens and 2 token types":                       func(f *GGUF) { f.Types = f.Types[:2] },
		"1048577 tokens, at most 1048576":                func(f *GGUF) { f.Tokens, f.Types = make([]string, maxTokens+1), nil },
		"merge 1 is not two tokens":                      func(f *GGUF) { f.Merges[1] = "ab" },
		"names a token that the vocabulary lacks":        func(f *GGUF) { f.Merges[1] = "a 漢" },
		"has the ids":                        func(f *GGUF) { f.Tokens[300] = f.Tokens[301] },
		"token 300 is empty":                 func(f *GGUF) { f.Tokens[300] = "" },
		"puts the token -1 before a text":    func(f *GGUF) { f.AddBOS = &yes },
		"the vocabulary lacks the token 622": func(f *GGUF) { f.AddBOS, f.BOS = &yes, 622 },
	} {
		file := gguf(t, g, "smollm")
		edit(&file)
		if tok, err := FromGGUF(file); err == nil || !strings.Contains(err.Error(), want) || tok != nil {
			t.Errorf("error %v, want one about %q", err, want)
		}
	}
}
