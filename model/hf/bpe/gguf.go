package bpe

import (
	"attnlab/model/hf/tokenizer"
	"encoding/json"
	"fmt"
	"strings"
)

// GGUF is what the metadata of a GGUF file say about a tokenizer of the model "gpt2".
type GGUF struct {
	Tokens []string // tokenizer.ggml.tokens
	Merges []string // tokenizer.ggml.merges, "a b" each
	Types  []int32  // tokenizer.ggml.token_type, one for each token, or none
	Pre    string   // tokenizer.ggml.pre
	BOS    int      // tokenizer.ggml.bos_token_id, or -1
	AddBOS *bool    // tokenizer.ggml.add_bos_token, nil where the file does not say
}

// The types of tokens in a GGUF file. Others have none of our concern.
const (
	ggufControl = 3 // special
	ggufUser    = 4 // added, and not special
	ggufUnused  = 5 // a row of a padded vocabulary
)

// family is what the name of a pre-tokenizer stands for, since a GGUF file does not write it out.
type family struct {
	patterns []string
	only     bool // what no pattern matches is dropped
	nfc      bool
	ignore   bool // ignore_merges
	bos      bool // a text begins with the token BOS unless the file says otherwise
}

var families = map[string]family{
	"gpt-2":            {patterns: []string{gpt2}},
	"default":          {patterns: []string{gpt2}}, // written by converters that did not know the tokenizer
	"olmo":             {patterns: []string{gpt2}},
	"smollm":           {patterns: []string{digit, gpt2}},
	"starcoder":        {patterns: []string{digit, gpt2}},
	"refact":           {patterns: []string{digit, gpt2}},
	"llama-bpe":        {patterns: []string{llama3}, ignore: true, bos: true},
	"llama3":           {patterns: []string{llama3}, ignore: true, bos: true},
	"llama-v3":         {patterns: []string{llama3}, ignore: true, bos: true},
	"dbrx":             {patterns: []string{llama3}},
	"smaug-bpe":        {patterns: []string{llama3}},
	"qwen2":            {patterns: []string{qwen2}, nfc: true},
	"deepseek-r1-qwen": {patterns: []string{qwen2}, nfc: true},
	"qwen35":           {patterns: []string{qwen35}, nfc: true},
	"deepseek-v3":      {patterns: []string{three, han, deepseek}},
	"gpt-4o":           {patterns: []string{gpt4o}, only: true},
	"llama4":           {patterns: []string{gpt4o}},
	"tekken":           {patterns: []string{tekken}, ignore: true, bos: true},
	"seed-coder":       {patterns: []string{seed}},
}

// FromGGUF makes the tokenizer of a GGUF file. It returns an error for a pre-tokenizer that it does not know.
func FromGGUF(g GGUF) (*Tokenizer, error) {
	f, ok := families[g.Pre]
	if !ok {
		return nil, fmt.Errorf("bpe: a GGUF file with the pre-tokenizer %.40q is not supported", g.Pre)
	}
	if len(g.Types) != 0 && len(g.Types) != len(g.Tokens) {
		return nil, fmt.Errorf("bpe: the GGUF file has %d tokens and %d token types", len(g.Tokens), len(g.Types))
	}
	if len(g.Tokens) > maxTokens {
		return nil, fmt.Errorf("bpe: the GGUF file has %d tokens, at most %d are supported", len(g.Tokens), maxTokens)
	}
	h := head{Version: "1.0", Added: []tokenizer.AddedToken{}, Decoder: &rule{Type: "ByteLevel"}}
	h.Model.Type, h.Model.IgnoreMerges = "BPE", f.ignore
	if f.nfc {
		h.Normalizer = &rule{Type: "NFC"}
	}
	h.PreTokenizer = &rule{Type: "Sequence"}
	for _, p := range f.patterns {
		split := rule{Type: "Split", Pattern: &pattern{Regex: &p}, Behavior: "Isolated"}
		if f.only {
			split.Behavior, split.Invert = "Removed", true
		}
		h.PreTokenizer.PreTokenizers = append(h.PreTokenizer.PreTokenizers, split)
	}
	no := false
	h.PreTokenizer.PreTokenizers = append(h.PreTokenizer.PreTokenizers, rule{Type: "ByteLevel", UseRegex: &no})
	for id, kind := range g.Types {
		if kind == ggufControl || kind == ggufUser {
			h.Added = append(h.Added, tokenizer.AddedToken{ID: id, Content: g.Tokens[id], Special: kind == ggufControl})
		}
	}
	if g.AddBOS != nil {
		f.bos = *g.AddBOS
	}
	if f.bos {
		if g.BOS < 0 || g.BOS >= len(g.Tokens) {
			return nil, fmt.Errorf("bpe: the GGUF file puts the token %d before a text and has %d tokens", g.BOS, len(g.Tokens))
		}
		token := g.Tokens[g.BOS]
		h.PostProcess = &rule{Type: "TemplateProcessing",
			Single:  []templatePart{{SpecialToken: &templateToken{ID: token}}, {Sequence: &templateToken{ID: "A"}}},
			Special: map[string]templateIDs{token: {token, []int{g.BOS}, []string{token}}},
		}
	}
	data, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("bpe: %w", err)
	}
	t, err := newTokenizer(data)
	if err != nil {
		return nil, err
	}
	if err := t.fill(g); err != nil {
		return nil, err
	}
	return t, nil
}

// fill reads the vocabulary and the merges.
func (t *Tokenizer) fill(g GGUF) error {
	var token []byte
	for id, written := range g.Tokens {
		if len(g.Types) > 0 && g.Types[id] == ggufUnused {
			continue
		}
		var inAlphabet bool
		token, inAlphabet = fromAlphabet(token[:0], []byte(written))
		if err := t.put(id, token, written, inAlphabet); err != nil {
			return err
		}
	}
	t.merges = make(map[uint64]merge, min(len(g.Merges), maxMerges))
	for rank, m := range g.Merges {
		left, right, ok := strings.Cut(m, " ")
		if !ok {
			return fmt.Errorf("bpe: merge %d is not two tokens", rank)
		}
		if err := t.putMerge(rank, []byte(left), []byte(right)); err != nil {
			return err
		}
	}
	return t.finish()
}
