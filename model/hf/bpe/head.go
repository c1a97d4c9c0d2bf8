package bpe

import (
	"encoding/json"

	"attnlab/model/hf/tokenizer"
)

// head is tokenizer.json without the two tables of its model.
type head struct {
	Version      string                 `json:"version"`
	Truncation   any                    `json:"truncation"`
	Padding      any                    `json:"padding"`
	Added        []tokenizer.AddedToken `json:"added_tokens"`
	Normalizer   *rule                  `json:"normalizer"`
	PreTokenizer *rule                  `json:"pre_tokenizer"`
	PostProcess  *rule                  `json:"post_processor"`
	Decoder      *rule                  `json:"decoder"`
	Model        struct {
		Type         string  `json:"type"`
		Dropout      float64 `json:"dropout,omitempty"`
		Prefix       string  `json:"continuing_subword_prefix,omitempty"`
		Suffix       string  `json:"end_of_word_suffix,omitempty"`
		ByteFallback bool    `json:"byte_fallback"`
		IgnoreMerges bool    `json:"ignore_merges"`
	} `json:"model"`
}

// rule is a normalizer, a pre_tokenizer, a post_processor or a decoder: its type, and what one of the types has.
type rule struct {
	Type          string                 `json:"type"`
	Normalizers   []rule                 `json:"normalizers,omitempty"`
	PreTokenizers []rule                 `json:"pretokenizers,omitempty"`
	Processors    []rule                 `json:"processors,omitempty"`
	Decoders      []rule                 `json:"decoders,omitempty"`
	Pattern       *pattern               `json:"pattern,omitempty"`
	Behavior      string                 `json:"behavior,omitempty"`
	Invert        bool                   `json:"invert,omitempty"`
	Individual    bool                   `json:"individual_digits,omitempty"`
	AddPrefix     bool                   `json:"add_prefix_space,omitempty"`
	UseRegex      *bool                  `json:"use_regex,omitempty"`
	Single        []templatePart         `json:"single,omitempty"`
	Pair          json.RawMessage        `json:"pair,omitempty"`
	Special       map[string]templateIDs `json:"special_tokens,omitempty"`
}

type pattern struct {
	Regex  *string `json:",omitempty"`
	String *string `json:",omitempty"`
}

type templatePart struct {
	SpecialToken *templateToken `json:",omitempty"`
	Sequence     *templateToken `json:",omitempty"`
}

type templateToken struct {
	ID   string `json:"id"`
	Type int    `json:"type_id"`
}

type templateIDs struct {
	ID     string   `json:"id"`
	IDs    []int    `json:"ids"`
	Tokens []string `json:"tokens"`
}
