package session

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Densities, Scores and HeadOf are long lists of numbers. They make up most of a [Trace], which every screen reads again while it grows.
// Densities and Scores travel with five digits. A list of more than mostWritten numbers travels packed, as a screen reads packed numbers
// some ten times faster: base64 of little-endian bytes behind the name of a format. A square matrix in which no row has anything right
// of its diagonal travels without those zeros.
type (
	Densities []float32
	Scores    []float64
	HeadOf    []int // heads, layer·H + head
)

// mostWritten is how many numbers travel as text at most.
const mostWritten = 1024

// The formats of packed numbers.
const (
	packedList   = "f32:"       // all numbers
	packedLower  = "f32-lower:" // a square matrix up to its diagonal
	packedHeads  = "u16:"       // all numbers
	packedLowers = "u16-lower:" // a square matrix up to its diagonal
)

// MarshalJSON writes five significant digits of each, or packs them.
func (d Densities) MarshalJSON() ([]byte, error) {
	if len(d) <= mostWritten {
		return fiveDigits(d)
	}
	return pack(d, packedList, packedLower, func(to []byte, v float32) []byte { return binary.LittleEndian.AppendUint32(to, math.Float32bits(v)) })
}

// MarshalJSON writes five significant digits of each.
func (s Scores) MarshalJSON() ([]byte, error) { return fiveDigits(s) }

// MarshalJSON writes the numbers, or packs them.
func (h HeadOf) MarshalJSON() ([]byte, error) {
	if len(h) <= mostWritten {
		return json.Marshal([]int(h))
	}
	for i, v := range h {
		if v < 0 || v > math.MaxUint16 {
			return nil, fmt.Errorf("session: number %d is %d, which is no head", i, v)
		}
	}
	return pack(h, packedHeads, packedLowers, func(to []byte, v int) []byte { return binary.LittleEndian.AppendUint16(to, uint16(v)) })
}

// pack writes numbers as a JSON string.
func pack[X float32 | int](all []X, list, lower string, put func(to []byte, v X) []byte) ([]byte, error) {
	var data []byte
	format := list
	if n, ok := isLower(all); ok {
		format = lower
		for j := range n {
			for _, v := range all[j*n : j*n+j+1] {
				data = put(data, v)
			}
		}
	} else {
		for _, v := range all {
			data = put(data, v)
		}
	}
	return []byte(`"` + format + base64.StdEncoding.EncodeToString(data) + `"`), nil
}

// isLower returns the side of a square matrix that is zero above its diagonal.
func isLower[X float32 | int](all []X) (n int, ok bool) {
	n = int(math.Round(math.Sqrt(float64(len(all)))))
	if n*n != len(all) {
		return 0, false
	}
	for j := range n {
		for _, v := range all[j*n+j+1 : (j+1)*n] {
			if v != 0 {
				return 0, false
			}
		}
	}
	return n, true
}

// unpack reads what pack wrote, without the quotation marks. It returns false for a text of another format.
func unpack[X float32 | int](text, list, lower string, size int, get func(from []byte) X) (all []X, ok bool, err error) {
	code, isList := strings.CutPrefix(text, list)
	if !isList {
		if code, ok = strings.CutPrefix(text, lower); !ok {
			return nil, false, nil
		}
	}
	data, err := base64.StdEncoding.DecodeString(code)
	if err != nil || len(data)%size != 0 {
		return nil, true, fmt.Errorf("session: packed numbers are damaged")
	}
	count := len(data) / size
	if isList {
		all = make([]X, count)
		for i := range all {
			all[i] = get(data[i*size:])
		}
		return all, true, nil
	}
	n := int(math.Sqrt(2 * float64(count))) // n(n+1)/2 numbers
	if n*(n+1)/2 != count {
		return nil, true, fmt.Errorf("session: %d packed numbers are no triangle", count)
	}
	all = make([]X, n*n)
	for j := range n {
		for k := range j + 1 {
			all[j*n+k] = get(data)
			data = data[size:]
		}
	}
	return all, true, nil
}

func fiveDigits[X float32 | float64](all []X) ([]byte, error) {
	text := make([]byte, 0, 9*len(all)+2)
	for i, v := range all {
		if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("session: number %d is %v", i, v)
		}
		text = append(text, ',')
		text = strconv.AppendFloat(text, float64(v), 'g', 5, 32)
	}
	if len(all) == 0 {
		text = append(text, ',')
	}
	text[0] = '['
	return append(text, ']'), nil
}

// UnmarshalJSON reads an array of numbers, or packed ones. It returns an error for a number that is not finite.
func (d *Densities) UnmarshalJSON(text []byte) error {
	if inner, quoted := bytes.CutPrefix(text, []byte(`"`)); quoted {
		values, ok, err := unpack(string(bytes.TrimSuffix(inner, []byte(`"`))), packedList, packedLower, 4, func(from []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(from)) })
		if !ok {
			return fmt.Errorf("session: %.40q is not an array of numbers", text)
		}
		for i, v := range values {
			if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("session: number %d is %v", i, v)
			}
		}
		*d = values
		return err
	}
	inner, opened := bytes.CutPrefix(text, []byte("["))
	inner, closed := bytes.CutSuffix(inner, []byte("]"))
	if !opened || !closed {
		*d = nil
		if string(text) == "null" {
			return nil
		}
		return fmt.Errorf("session: %.40q is not an array of numbers", text)
	}
	values := make(Densities, 0, bytes.Count(inner, []byte(","))+1)
	for number := range bytes.SplitSeq(inner, []byte(",")) {
		if number = bytes.TrimSpace(number); len(number) == 0 && len(values) == 0 {
			continue // an empty array
		}
		v, err := strconv.ParseFloat(string(number), 32)
		if err != nil {
			return fmt.Errorf("session: %.40q is not a number", number)
		}
		values = append(values, float32(v))
	}
	*d = values
	return nil
}

// UnmarshalJSON reads an array of whole numbers, or packed ones.
func (h *HeadOf) UnmarshalJSON(text []byte) error {
	inner, quoted := bytes.CutPrefix(text, []byte(`"`))
	if !quoted {
		return json.Unmarshal(text, (*[]int)(h))
	}
	values, ok, err := unpack(string(bytes.TrimSuffix(inner, []byte(`"`))), packedHeads, packedLowers, 2, func(from []byte) int { return int(binary.LittleEndian.Uint16(from)) })
	if !ok {
		return fmt.Errorf("session: %.40q is not an array of heads", text)
	}
	*h = values
	return err
}
