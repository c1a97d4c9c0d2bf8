package bpe

import (
	"encoding/json"
	"fmt"
)

// scanner walks JSON that json.Valid has accepted, without reflection: a vocabulary of 150,000 tokens takes encoding/json seconds in a
// browser. A value of the wrong type is passed over and noted in err.
type scanner struct {
	data []byte
	i    int
	err  error
}

// peek returns the first byte of the next value or mark.
func (s *scanner) peek() byte {
	for s.data[s.i] == ' ' || s.data[s.i] == '\n' || s.data[s.i] == '\t' || s.data[s.i] == '\r' {
		s.i++
	}
	return s.data[s.i]
}

func (s *scanner) wrong(want string) {
	value := s.skip()
	if s.err == nil {
		s.err = fmt.Errorf("bpe: %.40q should be %s", value, want)
	}
}

// text reads a string. Its bytes may be shared with the data.
func (s *scanner) text() []byte {
	if s.peek() != '"' {
		s.wrong("a string")
		return nil
	}
	quoted := s.skip()
	for _, b := range quoted {
		if b == '\\' {
			var text string
			if err := json.Unmarshal(quoted, &text); err != nil && s.err == nil {
				s.err = err
			}
			return []byte(text)
		}
	}
	return quoted[1 : len(quoted)-1]
}

// number reads a whole number from 0 to 999,999,999.
func (s *scanner) number() (n int) {
	s.peek()
	at := s.i
	value := s.skip()
	for _, b := range value {
		if b < '0' || b > '9' || len(value) > 9 {
			s.i = at
			s.wrong("a whole number from 0 on")
			return 0
		}
		n = 10*n + int(b-'0')
	}
	return n
}

// skip passes over a value and returns its bytes.
func (s *scanner) skip() []byte {
	s.peek()
	start, depth := s.i, 0
	for {
		switch s.data[s.i] {
		case '"':
			for s.i++; s.data[s.i] != '"'; s.i++ {
				if s.data[s.i] == '\\' {
					s.i++
				}
			}
			s.i++
		case '{', '[':
			depth++
			s.i++
		case '}', ']':
			depth--
			s.i++
		case ',', ':', ' ', '\n', '\t', '\r': // inside of an object or a list
			s.i++
			continue
		default: // a number, true, false, null
			for s.i < len(s.data) && !mark(s.data[s.i]) {
				s.i++
			}
		}
		if depth == 0 {
			return s.data[start:s.i]
		}
	}
}

func mark(b byte) bool {
	return b == ',' || b == '}' || b == ']' || b == ' ' || b == '\n' || b == '\t' || b == '\r'
}

// object calls field for each key; field must read or skip the value.
func (s *scanner) object(field func(key []byte)) {
	if s.peek() != '{' {
		s.wrong("an object")
		return
	}
	for s.i++; s.peek() != '}'; {
		key := s.text()
		s.peek()
		s.i++ // the colon
		field(key)
		if s.peek() == ',' {
			s.i++
		}
	}
	s.i++
}

// list calls item for each item, which must read or skip it.
func (s *scanner) list(item func()) {
	if s.peek() != '[' {
		s.wrong("a list")
		return
	}
	for s.i++; s.peek() != ']'; {
		item()
		if s.peek() == ',' {
			s.i++
		}
	}
	s.i++
}
