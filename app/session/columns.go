package session

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"

	"attnlab/rl/runs"
)

// Columns are the metrics of a run in the list. The runs that are shipped have a hundred thousand numbers, which every screen reads. So more than
// mostPlain of them travel packed: little-endian bytes, column after column, NaN where a line has no value. They have four bytes, which hold the six
// digits that a screen gets, or eight where a whole number needs them.
type Columns []Metric

// mostPlain is how many numbers of a run travel as text at most.
const mostPlain = 256

// packedColumns is what Columns of one length are on the wire. One of F32 and F64 has [columns,rows] numbers.
type packedColumns struct {
	Names []string `json:"names"`
	Rows  int      `json:"rows"`
	F32   []byte   `json:"f32,omitempty"`
	F64   []byte   `json:"f64,omitempty"`
}

// MarshalJSON writes the columns, or packs them.
func (c Columns) MarshalJSON() ([]byte, error) {
	p := packedColumns{}
	if len(c) > 0 {
		p.Rows = len(c[0].Values)
	}
	short := true // every number fits four bytes
	for _, m := range c {
		if len(m.Values) != p.Rows {
			return json.Marshal([]Metric(c))
		}
		for _, x := range m.Values {
			short = short && (x == nil || *x != math.Trunc(*x) && math.Abs(*x) < math.MaxFloat32 || float64(float32(*x)) == *x)
		}
		p.Names = append(p.Names, m.Name)
	}
	if p.Rows*len(c) <= mostPlain {
		return json.Marshal([]Metric(c))
	}
	for _, m := range c {
		for _, x := range m.Values {
			v := math.NaN()
			if x != nil {
				v = *x
			}
			if short {
				p.F32 = binary.LittleEndian.AppendUint32(p.F32, math.Float32bits(float32(v)))
			} else {
				p.F64 = binary.LittleEndian.AppendUint64(p.F64, math.Float64bits(v))
			}
		}
	}
	return json.Marshal(p)
}

// UnmarshalJSON reads columns, or packed ones.
func (c *Columns) UnmarshalJSON(text []byte) error {
	if !bytes.HasPrefix(text, []byte("{")) {
		return json.Unmarshal(text, (*[]Metric)(c))
	}
	var p packedColumns
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	n := len(p.F32)/4 + len(p.F64)/8
	if p.Rows < 1 || n%p.Rows != 0 || n/p.Rows != len(p.Names) || len(p.F32)%4 != 0 || len(p.F64)%8 != 0 || len(p.F32) > 0 && len(p.F64) > 0 {
		return errors.New("session: packed metrics are damaged")
	}
	numbers, values := make([]float64, n), make([]*float64, n)
	for i := range numbers {
		if len(p.F32) > 0 {
			numbers[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(p.F32[4*i:])))
		} else {
			numbers[i] = math.Float64frombits(binary.LittleEndian.Uint64(p.F64[8*i:]))
		}
		if math.IsInf(numbers[i], 0) {
			return errors.New("session: packed metrics are not finite")
		}
		if !math.IsNaN(numbers[i]) {
			if len(p.F32) > 0 { // four bytes hold six digits, and then other ones
				numbers[i] = runs.SixDigits(numbers[i])
			}
			values[i] = &numbers[i]
		}
	}
	*c = make(Columns, len(p.Names))
	for i, name := range p.Names {
		(*c)[i] = Metric{Name: name, Values: values[i*p.Rows : (i+1)*p.Rows : (i+1)*p.Rows]}
	}
	return nil
}
