package session

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"attnlab/rl/score"
)

// Recorded says where a recorded trace is from. A page shows it with the trace.
type Recorded struct {
	Name     string `json:"name"` // of its file, and in links
	Model    string `json:"model"`
	Revision string `json:"revision"`
	Licence  string `json:"licence"`
	Command  string `json:"command"` // that made the file
	Adapter  string `json:"adapter"` // that computed the numbers
}

// Recordings lists the shipped recorded traces by name: files of the folder recorded of the site.
var Recordings = []string{"smollm2-135m-instruct"}

// Recording is a trace that a model which need not be here wrote, with everything that the lab computed about it.
type Recording struct {
	Trace  Trace        // without Attention of all heads
	Heads  Densities    // [L,H,K+2,K+2], see [Trace.Attention]
	Losses AnswerLosses // of every step
}

// recordingFile is a Recording as it is stored. Shares are what the tokens of a range pay to those of another, as a share of 1/65535 in
// two bytes, the lower one first: for each head and each range j the ranges 0 to j. FCI and focus of heads follow from them.
type recordingFile struct {
	Recorded
	Trace  Trace      `json:"trace"`
	Shares []byte     `json:"shares"`
	Losses []*float64 `json:"answer_losses"`
}

// wholeShare is the sum of a row of shares.
const wholeShare = math.MaxUint16

// InHead returns the attention in one head, as the engine would send it.
func (r *Recording) InHead(s Selection) HeadAttention {
	h := HeadAttention{Trace: r.Trace.Number, Layer: -1, Head: -1, Attention: Densities{}}
	square := r.Trace.Ranges() * r.Trace.Ranges()
	if s.Layer >= 0 && s.Layer < r.Trace.Layers && s.Head >= 0 && s.Head < r.Trace.Heads {
		h.Layer, h.Head = s.Layer, s.Head
		h.Attention = r.Heads[(s.Layer*r.Trace.Heads+s.Head)*square:][:square]
	}
	return h
}

// ranges are the tokens of the prompt, the steps and the answer.
func (t *Trace) ranges() [][2]int {
	all := [][2]int{{0, t.PromptLength}}
	for _, s := range t.Steps {
		all = append(all, [2]int{s.Start, s.End})
	}
	return append(all, t.Answer)
}

// WriteRecording packs a recording. It returns an error if tokens lie outside of prompt, steps and answer, because then the attention
// between those does not sum to 1.
func WriteRecording(r Recording) ([]byte, error) {
	t := r.Trace
	if t.Recorded == nil {
		return nil, errors.New("the recording does not say where it is from")
	}
	at := 0
	for _, span := range t.ranges() {
		if span[0] != at || span[1] <= at {
			return nil, fmt.Errorf("the tokens %d to %d do not follow on %d", span[0], span[1], at)
		}
		at = span[1]
	}
	if at != len(t.Tokens) {
		return nil, fmt.Errorf("%d tokens lie after the answer", len(t.Tokens)-at)
	}
	file := recordingFile{Recorded: *t.Recorded, Losses: r.Losses.Values}
	for row, spans := 0, t.ranges(); row < t.Layers*t.Heads*len(spans); row++ {
		shares, err := packRow(r.Heads[row*len(spans):][:row%len(spans)+1], spans)
		if err != nil {
			return nil, err
		}
		for _, s := range shares {
			file.Shares = binary.LittleEndian.AppendUint16(file.Shares, s)
		}
	}
	t.Number, t.Recorded, t.Work, t.Chosen, t.Detail = 0, nil, Work{}, HeadAttention{}, StepDetail{Step: -1}
	t.FCIOf, t.HeadScores = nil, nil
	t.FCIHeads, t.Focus, t.Attention, t.Of, t.All = nil, nil, nil, nil, nil
	t.Top = slices.Clone(t.Top)
	for i, top := range t.Top {
		t.Top[i] = slices.Clone(top[:min(3, len(top))])
		for c := range t.Top[i] {
			t.Top[i][c].Prob = float32(math.Round(float64(t.Top[i][c].Prob)*1e4) / 1e4)
		}
	}
	file.Trace = t
	return json.Marshal(file)
}

// packRow turns a row of densities into shares that sum to wholeShare: what rounding leaves goes to the largest.
func packRow(row Densities, spans [][2]int) (shares []uint16, err error) {
	total, sum, largest := 0.0, 0, 0
	for k, v := range row {
		share := float64(v) * float64(spans[k][1]-spans[k][0])
		total += share
		shares = append(shares, uint16(math.Round(min(max(share, 0), 1)*wholeShare)))
		if sum += int(shares[k]); shares[k] > shares[largest] {
			largest = k
		}
	}
	if !(math.Abs(total-1) < 1e-3) {
		return nil, fmt.Errorf("the attention of a range sums to %.4f and not to 1", total)
	}
	shares[largest] = uint16(int(shares[largest]) + wholeShare - sum)
	return shares, nil
}

// ReadRecording reads what [WriteRecording] wrote. It returns an error for a file that a screen could not draw.
func ReadRecording(data []byte) (Recording, error) {
	var file recordingFile
	if err := json.Unmarshal(data, &file); err != nil {
		return Recording{}, fmt.Errorf("the file cannot be read: %w", err)
	}
	t := file.Trace
	t.Number, t.Recorded = 0, &file.Recorded
	t.Chosen, t.Detail, t.All, t.FCIHeads, t.Focus, t.Attention, t.Of = HeadAttention{Layer: -1, Head: -1}, StepDetail{Step: -1}, nil, nil, nil, nil, nil
	t.FCIOf, t.HeadScores = nil, nil
	if err := t.Check(); err != nil {
		return Recording{}, err
	}
	spans, heads := t.ranges(), t.Layers*t.Heads
	n := len(spans)
	if want := heads * n * (n + 1); len(file.Shares) != want || heads == 0 || len(file.Losses) != len(t.Steps) {
		return Recording{}, fmt.Errorf("the file has %d bytes of attention where %d belong, and %d losses of %d steps", len(file.Shares), want, len(file.Losses), len(t.Steps))
	}
	r := Recording{Heads: make(Densities, heads*n*n), Losses: AnswerLosses{Values: file.Losses}}
	at := 0
	for row := range heads * n {
		sum := 0
		for k := range row%n + 1 {
			share := int(binary.LittleEndian.Uint16(file.Shares[at:]))
			if tokens := spans[k][1] - spans[k][0]; tokens > 0 {
				r.Heads[row*n+k] = float32(share) / wholeShare / float32(tokens)
			}
			at, sum = at+2, sum+share
		}
		if sum != wholeShare {
			return Recording{}, fmt.Errorf("the attention of range %d in head %d sums to %.4f and not to 1", row%n, row/n, float64(sum)/wholeShare)
		}
	}
	t.Attention, t.Of = r.Heads.Largest(n)
	r.Trace = t
	r.Trace.FCIHeads, r.Trace.Focus = flatten(score.FCI.Of(r.Input()).Heads), flatten(score.Focus.Of(r.Input()).Heads)
	return r, nil
}

// Input returns what scores are computed from.
func (r *Recording) Input() score.Input {
	t := &r.Trace
	spans := t.ranges()
	return score.Input{Attention: score.StepAttention{Layers: t.Layers, Heads: t.Heads, Ranges: len(spans), Mean: r.Heads}, Delta: t.Delta, Steps: spans[1 : len(spans)-1],
		AnswerTokens: t.Answer[1] - t.Answer[0], AnswerStart: t.Answer[0], LogProbs: t.LogProbs, Entropy: t.Entropy, Received: t.Received}
}

// flatten lays [L][H][K] out in one slice.
func flatten(y [][][]float64) (all Scores) { return slices.Concat(slices.Concat(y...)...) }
