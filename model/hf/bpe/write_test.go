package bpe

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestWrittenTokenizersAreTheSame(t *testing.T) {
	for _, name := range names {
		tok, g := load(t, name)
		fromGGUF, err := FromGGUF(gguf(t, g, map[string]string{"qwen": "qwen2", "llama3": "llama-bpe", "gpt4o": "gpt-4o", "deepseek": "deepseek-v3", "smollm": "smollm"}[name]))
		if err != nil {
			t.Fatal(name, err)
		}
		for _, tok := range []*Tokenizer{tok, fromGGUF} {
			data, err := json.Marshal(tok)
			if err != nil {
				t.Fatal(name, err)
			}
			again, err := Read(data)
			if err != nil {
				t.Fatal(name, err)
			}
			compare(t, name+" written", again, g)
			for id := range tok.Len() {
				if again.Token(id) != tok.Token(id) || again.Special(id) != tok.Special(id) {
					t.Errorf("%s: token %d is %q, was %q", name, id, again.Token(id), tok.Token(id))
				}
			}
			twice, err := json.Marshal(again)
			if err != nil || string(twice) != string(data) {
				t.Errorf("%s: written twice, the files differ (%v)", name, err)
			}
		}
	}
}

// What a file has beside the tables is written again, whether this package reads it or not.
func TestWriteKeepsTheRest(t *testing.T) {
	tok, g := load(t, "qwen")
	data, err := json.Marshal(tok)
	if err != nil {
		t.Fatal(err)
	}
	rest := func(data []byte) map[string]any {
		var all map[string]any
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		model := all["model"].(map[string]any)
		delete(model, "merges")
		return all
	}
	if got, want := rest(data), rest(g.Tokenizer); !reflect.DeepEqual(got, want) {
		t.Errorf("written %v", got)
	}
}
