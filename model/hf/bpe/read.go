package bpe

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// KindError says that a tokenizer.json is of a kind that this package does not read.
type KindError struct{ Kind string }

func (e *KindError) Error() string {
	return fmt.Sprintf("a tokenizer of type %.40q is not supported, only byte-level BPE and WordLevel are", e.Kind)
}

// Read reads a tokenizer.json. It returns a [KindError] if the model in it is no BPE.
func Read(data []byte) (*Tokenizer, error) {
	if !json.Valid(data) {
		var all json.RawMessage
		return nil, json.Unmarshal(data, &all) // says where
	}
	// The file without the two tables of its model, and with the model last.
	var vocab, merges []byte
	rest, model := fields{'{'}, fields{'{'}
	s := &scanner{data: data}
	s.object(func(key []byte) {
		if string(key) != "model" {
			rest.add(string(key), s.skip())
			return
		}
		s.object(func(key []byte) {
			switch value := s.skip(); string(key) {
			case "vocab":
				vocab = value
			case "merges":
				merges = value
			default:
				model.add(string(key), value)
			}
		})
	})
	rest.add("model", append(model, '}'))
	if s.err != nil {
		return nil, s.err
	}
	t, err := newTokenizer(append(rest, '}'))
	if err != nil {
		return nil, err
	}
	if vocab == nil || merges == nil {
		return nil, fmt.Errorf("bpe: the model has no vocab or no merges")
	}
	if err := t.readVocab(vocab); err != nil {
		return nil, err
	}
	if err := t.readMerges(merges); err != nil {
		return nil, err
	}
	if err := t.finish(); err != nil {
		return nil, err
	}
	return t, nil
}

// fields is the text of an object that is being written.
type fields []byte

func (f *fields) add(key string, value []byte) {
	if b := *f; b[len(b)-1] != '{' {
		*f = append(b, ',')
	}
	*f = append(append(append(*f, quote(key)...), ':'), value...)
}

// readVocab fills tokens and ids from the object of a tokenizer.json.
func (t *Tokenizer) readVocab(data []byte) error {
	s := &scanner{data: data}
	t.ids = make(map[string]int32, min(len(data)/16, maxTokens))
	var buffer []byte
	var bad error
	s.object(func(key []byte) {
		written := string(key)
		id := s.number()
		var inAlphabet bool
		buffer, inAlphabet = fromAlphabet(buffer[:0], key)
		if s.err == nil && bad == nil {
			bad = t.put(id, buffer, written, inAlphabet)
		}
	})
	if s.err != nil {
		return s.err
	}
	return bad
}

// readMerges fills merges from the list of a tokenizer.json: each is "a b" or ["a", "b"].
func (t *Tokenizer) readMerges(data []byte) error {
	s := &scanner{data: data}
	t.merges = make(map[uint64]merge, min(len(data)/16, maxMerges))
	var left, right []byte
	var bad error
	rank := 0
	s.list(func() {
		var ok bool
		if s.peek() == '"' {
			left, right, ok = bytes.Cut(s.text(), []byte{' '})
			ok = ok && !bytes.Contains(right, []byte{' '})
		} else {
			n := 0
			s.list(func() {
				text := s.text()
				if n == 0 {
					left = append(left[:0:0], text...)
				} else {
					right = text
				}
				n++
			})
			ok = n == 2
		}
		if s.err != nil || bad != nil {
			return
		}
		if !ok {
			bad = fmt.Errorf("bpe: merge %d is not two tokens", rank)
			return
		}
		bad = t.putMerge(rank, left, right)
		rank++
	})
	if s.err != nil {
		return s.err
	}
	return bad
}
