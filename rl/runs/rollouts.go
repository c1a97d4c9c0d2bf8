package runs

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
)

// RolloutsFile holds the rollouts of a run: lines of JSON, each a [Rollout], in the order of the steps. Every training step is a gzip
// member of its own, so that the file grows as the run goes and any reader of gzip reads it while it does.
const RolloutsFile = "rollouts.jsonl.gz"

// Rollout is one response of a training step and what the step learned from it. Lengths count tokens of the response.
type Rollout struct {
	Step     int    `json:"step"`           // from 1
	Problem  string `json:"problem"`        // stream, seed and number, such as "rollout-1-17"; empty where a log does not say
	Sample   int    `json:"sample"`         // number among the problem's responses in this step, from 0
	Kind     string `json:"kind,omitempty"` // "" written from the start, "branch" or "revision"
	Prompt   string `json:"prompt"`
	Gold     string `json:"gold,omitempty"` // the right answer, where somebody knows it
	Response string `json:"response"`

	Correct    *bool `json:"correct"`               // nil where a log does not say
	WellFormed *bool `json:"well_formed,omitempty"` // nil likewise
	Cut        bool  `json:"cut,omitempty"`         // it reached the longest response before its end
	Tokens     int   `json:"tokens"`                // 0 where a log does not say
	Think      int   `json:"think_tokens"`          // of the part before the answer

	Reward    float64            `json:"reward"`
	Parts     map[string]float64 `json:"parts,omitempty"` // from the reward to the advantage, by the symbols of [rl.Explanation]
	Advantage *float64           `json:"advantage"`       // mean over its tokens, as trained on; nil where a log does not say
	Trained   bool               `json:"trained"`         // some token of it has an advantage

	Reflections int        `json:"reflections,omitempty"` // words of reflection
	Scores      []*float64 `json:"scores,omitempty"`      // of each step, where the method has a score
	Scales      []float64  `json:"scales,omitempty"`      // factor of each step's advantage, where the method has one
}

// Keeps reports whether a run that saves this share of its problems, from 0 to 1, saves the responses to one. The prompt decides, so
// that a group is saved whole and a problem that comes again is saved each time.
func Keeps(share float64, prompt string) bool {
	h := fnv.New64a()
	_, _ = io.WriteString(h, prompt) // a hash has no error
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd // FNV's low bits spread over all
	x ^= x >> 33
	return float64(x>>11) < share*(1<<53)
}

// Rollouts are the saved rollouts of a run in parts, a training step each. In a store that cannot append they are divided into pages
// as the log is: the newest is in memory, older ones are in the store alone.
type Rollouts struct {
	first int      // pages before those in memory
	pages [][]part // in memory
	stale int      // from this page on, the store differs
	had   int      // pages that the store has
	left  error    // why what comes after them was left out, nil where nothing was
}

// part is a training step as a gzip member.
type part struct {
	step int
	data []byte
}

// pageBytes is when a page of rollouts is full. Tests set it to fewer.
var pageBytes = 1 << 18

// mostRollouts bounds the text of a file that may come from anywhere, in bytes.
const mostRollouts = 1 << 28

// packRollouts is a training step's rollouts as a part. Their numbers have six digits.
func packRollouts(of []Rollout) (part, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	e := json.NewEncoder(z)
	e.SetEscapeHTML(false)
	for _, r := range of {
		if err := e.Encode(r.rounded()); err != nil {
			return part{}, fmt.Errorf("the rollouts of step %d: %w", r.Step, err)
		}
	}
	err := z.Close()
	return part{of[0].Step, b.Bytes()}, err
}

func (r Rollout) rounded() Rollout {
	round := func(x *float64) *float64 {
		if x == nil {
			return nil
		}
		return To(SixDigits(*x))
	}
	r.Reward, r.Advantage = SixDigits(r.Reward), round(r.Advantage)
	parts := map[string]float64{}
	for name, x := range r.Parts {
		parts[name] = SixDigits(x)
	}
	r.Parts, r.Scores, r.Scales = parts, slices.Clone(r.Scores), slices.Clone(r.Scales)
	for i, x := range r.Scores {
		r.Scores[i] = round(x)
	}
	for i, x := range r.Scales {
		r.Scales[i] = SixDigits(x)
	}
	return r
}

// Add appends the rollouts of a training step; of no rollouts it does nothing.
func (r *Rollouts) Add(of []Rollout) error {
	if len(of) == 0 {
		return nil
	}
	p, err := packRollouts(of)
	if err == nil {
		r.add(p)
	}
	return err
}

func (r *Rollouts) add(p part) {
	n := len(r.pages)
	if n == 0 || size(r.pages[n-1]) >= pageBytes {
		r.pages, n = append(slices.Clip(r.pages), nil), n+1
	}
	r.pages[n-1] = append(slices.Clip(r.pages[n-1]), p)
	r.stale = min(r.stale, r.first+n-1)
}

func size(page []part) (bytes int) {
	for _, p := range page {
		bytes += len(p.data)
	}
	return bytes
}

// UpTo is r without the steps after step, which are taken again. That is not before the pages in memory, as for [Log.UpTo].
func (r Rollouts) UpTo(step int) Rollouts {
	cut := r
	cut.pages = nil
	for i, page := range r.pages {
		kept := slices.DeleteFunc(slices.Clone(page), func(p part) bool { return p.step > step })
		if len(kept) < len(page) {
			cut.stale = min(cut.stale, r.first+i)
		}
		cut.pages = append(cut.pages, kept)
	}
	cut.pages = withoutEmptyEnd(cut.pages)
	return cut
}

func withoutEmptyEnd(pages [][]part) [][]part {
	for len(pages) > 0 && len(pages[len(pages)-1]) == 0 {
		pages = pages[:len(pages)-1]
	}
	return pages
}

// files are the pages that the store does not have as they are; nil data removes one.
func (r *Rollouts) files() map[string][]byte {
	files := map[string][]byte{}
	for page := r.stale; page < max(r.had, r.first+len(r.pages)); page++ {
		files[pageFile(RolloutsFile, page)] = nil
		if i := page - r.first; i < len(r.pages) && len(r.pages[i]) > 0 {
			files[pageFile(RolloutsFile, page)] = bytesOf(r.pages[i])
		}
	}
	return files
}

func bytesOf(page []part) (data []byte) {
	for _, p := range page {
		data = append(data, p.data...)
	}
	return data
}

// Elsewhere is r for another store than that which it was read from: it has none of the pages.
func (r Rollouts) Elsewhere() Rollouts { return Rollouts{pages: r.pages} }

// last is the last step in memory, 0 for none.
func (r Rollouts) last() (step int) {
	for _, page := range r.pages {
		for _, p := range page {
			step = p.step
		}
	}
	return step
}

// damagedBefore is why rollouts of steps up to one cannot be read, nil where nothing is lost: a run that is killed may break off the step
// after its checkpoint.
func (r Rollouts) damagedBefore(step int) error {
	if r.last() >= step {
		return nil
	}
	return r.left
}

// saved leaves the newest page alone in memory, once the store has all.
func (r *Rollouts) saved() {
	end := r.first + len(r.pages)
	if n := len(r.pages); n > 1 {
		r.first, r.pages = end-1, slices.Clone(r.pages[n-1:])
	}
	r.stale, r.had = end, end
}

// RolloutFiles are the files with the rollouts of a run: its pages in memory, and of a store, which may be nil, those before.
func RolloutFiles(ctx context.Context, store Store, id string, r Run) (map[string][]byte, error) {
	files := map[string][]byte{}
	if store != nil {
		names, err := store.Names(ctx, id)
		if err != nil {
			return nil, err
		}
		if names = slices.DeleteFunc(names, func(name string) bool { return !IsRollouts(name) }); len(names) > 0 {
			if files, err = store.Load(ctx, id, names...); err != nil {
				return nil, err
			}
		}
	}
	if of := &r.Rollouts; len(of.pages) > 0 || of.had > 0 {
		for page := of.first; page < max(of.had, of.first+len(of.pages)); page++ {
			delete(files, pageFile(RolloutsFile, page))
		}
		for i, page := range of.pages {
			files[pageFile(RolloutsFile, of.first+i)] = bytesOf(page)
		}
	}
	return files, nil
}

// OneRolloutFile joins the pages among files to the one file that a folder has; it has no file where there is no page.
func OneRolloutFile(files map[string][]byte) map[string][]byte {
	var data []byte
	for page := 0; files[pageFile(RolloutsFile, page)] != nil; page++ {
		data = append(data, files[pageFile(RolloutsFile, page)]...)
	}
	if len(data) == 0 {
		return nil
	}
	return map[string][]byte{RolloutsFile: data}
}

// text is what is in memory, as one file.
func (r *Rollouts) text() (data []byte) {
	for _, page := range r.pages {
		data = append(data, bytesOf(page)...)
	}
	return data
}

// readRollouts reads the pages among the files of a run. What comes after damage, or after a step that comes a second time, is left out.
func readRollouts(files map[string][]byte) (r Rollouts) {
	for page := 0; files[pageFile(RolloutsFile, page)] != nil; page++ {
		r.had++
	}
	r.stale = r.had
	last, left := 0, mostRollouts
	for page := range r.had {
		parts := []part{}
		data := files[pageFile(RolloutsFile, page)]
		for r.left == nil && len(data) > 0 {
			text, length, err := firstMember(data, left)
			var first struct{ Step int }
			if err == nil {
				line, _, _ := bytes.Cut(text, []byte("\n"))
				err = json.Unmarshal(line, &first)
			}
			if err == nil && first.Step <= last {
				err = fmt.Errorf("step %d comes after step %d", first.Step, last)
			}
			if err != nil {
				r.left = fmt.Errorf("%s is damaged after step %d (%w); the rollouts after it are left out", RolloutsFile, last, err)
				break
			}
			parts, last, left = append(parts, part{first.Step, data[:length]}), first.Step, left-len(text)
			data = data[length:]
		}
		if len(data) > 0 {
			r.stale = min(r.stale, page)
		}
		r.pages = append(r.pages, parts)
	}
	r.pages = withoutEmptyEnd(r.pages)
	return r
}

// firstMember is the text of the first gzip member, of at most so many bytes, and the member's own length.
func firstMember(data []byte, most int) (text []byte, length int, err error) {
	from := bytes.NewReader(data)
	z, err := gzip.NewReader(from)
	if err != nil {
		return nil, 0, cutOff(err)
	}
	z.Multistream(false)
	text, err = io.ReadAll(io.LimitReader(z, int64(most)+1))
	if err == nil && len(text) > most {
		err = errors.New("it holds more text than is read here")
	}
	return text, len(data) - from.Len(), cutOff(err)
}

func cutOff(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("it is cut off")
	}
	return err
}

// ReadRollouts reads every rollout among the files of a run by name, in the order of the steps. With an error it returns those before the
// damage. It returns none where the run saved none.
func ReadRollouts(files map[string][]byte) (all []Rollout, err error) {
	r := readRollouts(files)
	for _, page := range r.pages {
		for _, p := range page {
			text, _, err := firstMember(p.data, mostRollouts)
			if err != nil {
				return all, err
			}
			of, err := rolloutLines(text)
			if all = append(all, of...); err != nil {
				return all, fmt.Errorf("%s cannot be read after step %d: %w", RolloutsFile, p.step, err)
			}
		}
	}
	return all, r.left
}

// rolloutLines reads lines of JSON.
func rolloutLines(text []byte) (all []Rollout, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		var r Rollout
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, err
		}
		all = append(all, r)
	}
}
