package bpe

import (
	"encoding/json"
	"fmt"
	"slices"
)

// newTokenizer returns a tokenizer without vocabulary from the rest of its file. It refuses by name what would give other ids.
func newTokenizer(data []byte) (*Tokenizer, error) {
	var h head
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, fmt.Errorf("bpe: %w", err)
	}
	switch m := h.Model; {
	case m.Type != "BPE":
		return nil, &KindError{m.Type}
	case m.ByteFallback:
		return nil, fmt.Errorf("bpe: byte_fallback is not supported: this is a SentencePiece model and not a byte-level BPE")
	case m.Dropout != 0:
		return nil, fmt.Errorf("bpe: dropout is not supported")
	case m.Prefix != "":
		return nil, fmt.Errorf("bpe: continuing_subword_prefix is not supported")
	case m.Suffix != "":
		return nil, fmt.Errorf("bpe: end_of_word_suffix is not supported")
	}
	t := &Tokenizer{ignore: h.Model.IgnoreMerges, special: map[int]bool{}, head: data, added: h.Added, ids: map[string]int32{}}
	if err := t.normalizer(h.Normalizer); err != nil {
		return nil, err
	}
	bytes, err := t.preTokenizer(h.PreTokenizer)
	if err != nil {
		return nil, err
	}
	if !bytes || !byteLevel(h.Decoder) {
		return nil, fmt.Errorf("bpe: pre_tokenizer and decoder must both end in ByteLevel: only byte-level BPE is supported")
	}
	return t, t.template(h.PostProcess)
}

func (t *Tokenizer) normalizer(r *rule) error {
	switch {
	case r == nil:
	case r.Type == "NFC":
		t.nfc = true
	case r.Type == "Sequence":
		for _, n := range r.Normalizers {
			if err := t.normalizer(&n); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("bpe: a normalizer of type %.40q is not supported, only NFC is", r.Type)
	}
	return nil
}

// preTokenizer adds the splits of a rule, and reports whether its last part turns text into bytes.
func (t *Tokenizer) preTokenizer(r *rule) (bytes bool, err error) {
	add := func(pattern string, only bool) error {
		if len(t.splits) == maxSplits {
			return fmt.Errorf("bpe: more than %d pre_tokenizers are not supported", maxSplits)
		}
		s, err := newSplit(pattern, only)
		t.splits = append(t.splits, s)
		return err
	}
	switch {
	case r == nil:
		return false, nil
	case r.Type == "Sequence":
		for _, p := range r.PreTokenizers {
			if bytes {
				return false, fmt.Errorf("bpe: a pre_tokenizer after ByteLevel is not supported")
			}
			if bytes, err = t.preTokenizer(&p); err != nil {
				return false, err
			}
		}
		return bytes, nil
	case r.Type == "Split" && (r.Pattern == nil || r.Pattern.Regex == nil):
		return false, fmt.Errorf("bpe: a pre_tokenizer that splits at a string is not supported")
	case r.Type == "Split" && r.Behavior == "Isolated": // inverted or not, the same pieces
		return false, add(*r.Pattern.Regex, false)
	case r.Type == "Split" && r.Behavior == "Removed" && r.Invert:
		return false, add(*r.Pattern.Regex, true)
	case r.Type == "Split":
		return false, fmt.Errorf("bpe: a pre_tokenizer that splits with the behavior %.40q (invert: %v) is not supported", r.Behavior, r.Invert)
	case r.Type == "Digits" && r.Individual:
		return false, add(digit, false)
	case r.Type == "Digits":
		return false, add(digits, false)
	case r.Type == "ByteLevel" && r.AddPrefix:
		return false, fmt.Errorf("bpe: add_prefix_space is not supported")
	case r.Type == "ByteLevel" && (r.UseRegex == nil || *r.UseRegex):
		return true, add(gpt2, false)
	case r.Type == "ByteLevel":
		return true, nil
	}
	return false, fmt.Errorf("bpe: a pre_tokenizer of type %.40q is not supported", r.Type)
}

// byteLevel reports whether a decoder joins the bytes of tokens and does nothing else.
func byteLevel(r *rule) bool {
	if r != nil && r.Type == "Sequence" {
		return len(r.Decoders) > 0 && r.Decoders[0].Type == "ByteLevel" &&
			!slices.ContainsFunc(r.Decoders[1:], func(d rule) bool { return d.Type != "Fuse" })
	}
	return r != nil && r.Type == "ByteLevel"
}

// template reads what a post_processor puts before a text.
func (t *Tokenizer) template(r *rule) error {
	switch {
	case r == nil, r.Type == "ByteLevel": // which only concerns offsets
		return nil
	case r.Type == "Sequence":
		for _, p := range r.Processors {
			if err := t.template(&p); err != nil {
				return err
			}
		}
		return nil
	case r.Type != "TemplateProcessing":
		return fmt.Errorf("bpe: a post_processor of type %.40q is not supported", r.Type)
	}
	text := false
	for _, part := range r.Single {
		switch {
		case part.Sequence != nil:
			text = true
		case part.SpecialToken != nil && text:
			return fmt.Errorf("bpe: a post_processor that puts %.40q after the text is not supported", part.SpecialToken.ID)
		case part.SpecialToken != nil:
			if t.start = append(t.start, r.Special[part.SpecialToken.ID].IDs...); len(t.start) > maxStart {
				return fmt.Errorf("bpe: a post_processor that puts more than %d tokens before the text is not supported", maxStart)
			}
		}
	}
	return nil
}
