package runs

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"strconv"
	"strings"
)

// readWandBTable reads a CSV of Weights & Biases: the history of a run with a column _step, or the export of a chart with a column Step and
// columns such as "run - loss", beside which there are "run - loss__MIN" and "__MAX".
func readWandBTable(data []byte) (*foreign, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, errors.New("it is no table of comma-separated values; export it again")
	}
	step := -1
	for i, name := range head {
		if name == "_step" || name == "Step" || name == "trainer/global_step" && step < 0 {
			step = i
		}
	}
	if step < 0 {
		return nil, errors.New("it has no column _step or Step, as exports of Weights & Biases have; choose such an export, or a metrics.jsonl")
	}
	f := &foreign{from: fromWandB, names: namesOfWandB}
	for n := 2; ; n++ {
		row, err := r.Read()
		if row == nil && err != nil && errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, fmt.Errorf("line %d cannot be read as comma-separated values; export it again", n)
		}
		values := map[string]float64{}
		for i, text := range row {
			if i >= len(head) || i == step || strings.HasSuffix(head[i], "__MIN") || strings.HasSuffix(head[i], "__MAX") {
				continue
			}
			if x, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
				values[head[i]] = x
			}
		}
		if step >= len(row) {
			return nil, fmt.Errorf("line %d has no step", n)
		}
		at, err := strconv.ParseFloat(row[step], 64)
		if err != nil || math.IsNaN(at) {
			return nil, fmt.Errorf("line %d has the step %.20q, which is no number", n, row[step])
		}
		if err := f.add(at, values); err != nil {
			return nil, err
		}
	}
}

// readWandBLines reads a history as lines of JSON, and readWandBList one as a list.
func readWandBLines(data []byte) (*foreign, error) {
	f := &foreign{from: fromWandB, names: namesOfWandB}
	return f, f.eachLine(data, func(n int, line []byte) (bool, error) {
		var row map[string]json.RawMessage
		if json.Unmarshal(line, &row) != nil {
			return false, nil
		}
		return true, f.addWandB("line", n, row)
	})
}

func readWandBList(data []byte) (*foreign, error) {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(withoutNaN(data), &list); err != nil {
		return nil, fmt.Errorf("it is a history of Weights & Biases that cannot be read: %w; export it again", err)
	}
	f := &foreign{from: fromWandB, names: namesOfWandB}
	for i, row := range list {
		if err := f.addWandB("row", i+1, row); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// addWandB adds a row of a history, which the error names: "line 2", "row 2".
func (f *foreign) addWandB(what string, n int, row map[string]json.RawMessage) error {
	values := finiteOf(row)
	step, ok := values["_step"]
	if !ok {
		return fmt.Errorf("%s %d has no _step", what, n)
	}
	delete(values, "_step")
	return f.add(step, values)
}

// namesOfWandB takes the names of TRL, which are below train/, and of verl; an exported chart has the run's name first.
func namesOfWandB(name string) string {
	if i := strings.LastIndex(name, " - "); i >= 0 {
		name = name[i+3:]
	}
	name = strings.TrimPrefix(name, "train/")
	if own := namesOfTRL(name); own != "" {
		return own
	}
	if own := namesOfVerl(name); own != "" {
		return own
	}
	for _, m := range Metrics {
		if m.Name == name {
			return name
		}
	}
	return ""
}

// readEvents reads scalars from an event file of TensorBoard: records of a length, its checksum, an Event of protocol buffers, its checksum.
// A last record that broke off is left out.
func readEvents(data []byte) (*foreign, error) {
	f := &foreign{from: fromTensorBoard, names: namesOfWandB}
	dropped := 0 // values that are no finite numbers
	for n := 1; len(data) >= 12; n++ {
		size := binary.LittleEndian.Uint64(data)
		if masked(data[:8]) != binary.LittleEndian.Uint32(data[8:]) {
			if n == 1 {
				return nil, errors.New("it is no event file of TensorBoard, or damaged at record 1; copy it again")
			}
			return nil, fmt.Errorf("it is an event file of TensorBoard, damaged at record %d; copy it again", n)
		}
		if size > uint64(len(data)-12) || len(data)-12-int(size) < 4 {
			break
		}
		event := data[12 : 12+size]
		if masked(event) != binary.LittleEndian.Uint32(data[12+size:]) {
			return nil, fmt.Errorf("it is an event file of TensorBoard, damaged at record %d; copy it again", n)
		}
		data = data[16+size:]
		step, values, err := scalarsOf(event)
		if err != nil {
			return nil, fmt.Errorf("record %d of the event file cannot be read: %w", n, err)
		}
		all := len(values)
		maps.DeleteFunc(values, func(_ string, x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
		dropped += all - len(values)
		if len(values) > 0 {
			if err := f.add(float64(step), values); err != nil {
				return nil, err
			}
		}
	}
	if len(f.rows) == 0 && dropped > 0 {
		return nil, errors.New("it is an event file of TensorBoard whose values are all NaN or infinite; choose one of a run that has finite values")
	}
	return merged(f), nil
}

// merged joins rows of the same step: TensorBoard writes each value as an event of its own, and not always in order.
func merged(f *foreign) *foreign {
	at := map[float64]int{}
	var rows []foreignRow
	for _, row := range f.rows {
		i, seen := at[row.step]
		if !seen {
			at[row.step] = len(rows)
			rows = append(rows, row)
			continue
		}
		for name, value := range row.values {
			rows[i].values[name] = value
		}
	}
	f.rows = rows
	return f
}

// masked is the checksum of a record.
func masked(data []byte) uint32 {
	sum := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// scalarsOf are the step (field 2) of an Event and the scalars of its Summary (field 5): values (field 1) with a tag (1) and a number (2).
func scalarsOf(event []byte) (step int64, values map[string]float64, err error) {
	values = map[string]float64{}
	err = fields(event, func(field int, number uint64, bytes []byte) error {
		switch {
		case field == 2:
			step = int64(number)
		case field == 5 && bytes != nil:
			return fields(bytes, func(field int, _ uint64, value []byte) error {
				if field != 1 || value == nil {
					return nil
				}
				tag, x, has := "", 0.0, false
				err := fields(value, func(field int, number uint64, text []byte) error {
					if field == 1 {
						tag = string(text)
					}
					if field == 2 {
						x, has = float64(math.Float32frombits(uint32(number))), true
					}
					return nil
				})
				if has && tag != "" {
					values[tag] = x
				}
				return err
			})
		}
		return nil
	})
	return step, values, err
}

// fields calls with every field of a message of protocol buffers: its number, and its value as a number or as bytes.
func fields(message []byte, with func(field int, number uint64, bytes []byte) error) error {
	broken := errors.New("it is cut off")
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 {
			return broken
		}
		message = message[n:]
		var number uint64
		var bytes []byte
		switch key & 7 {
		case 0:
			if number, n = binary.Uvarint(message); n <= 0 {
				return broken
			}
		case 1:
			if n = 8; len(message) < n {
				return broken
			}
			number = binary.LittleEndian.Uint64(message)
		case 2:
			size, m := binary.Uvarint(message)
			if m <= 0 || size > uint64(len(message)-m) {
				return broken
			}
			n = m + int(size)
			bytes = message[m:n]
		case 5:
			if n = 4; len(message) < n {
				return broken
			}
			number = uint64(binary.LittleEndian.Uint32(message))
		default:
			return errors.New("it has a field of an unknown kind")
		}
		message = message[n:]
		if err := with(int(key>>3), number, bytes); err != nil {
			return err
		}
	}
	return nil
}
