package model

import (
	"fmt"
	"math"
	"slices"
	"time"

	"attnlab/gpu"
)

// Decoding is the path of a decoder, and why it is that one.
type Decoding struct {
	Path  Path
	Why   string
	Times int // tokens of all sequences a dispatch, 0 where a token takes several
	Tries []Try
}

// Try is what a path did in a race.
type Try struct {
	Path    Path
	Problem string        // why the path cannot be used, or ""
	Exact   bool          // the path gives the same bits as the path of most dispatches
	Token   time.Duration // of all sequences
}

// raceAfter is how many tokens a decoder samples before it compares paths: a few traces are not worth the compilation.
const raceAfter = 8192

// A path that takes longer than mostCompile to compile is not used, nor one whose log-probabilities differ by more than mostOff.
const (
	mostCompile = 3 * time.Second
	mostOff     = 1e-4
)

// decoderShape is what decides which paths a decoder of a model can use, and how fast they are.
type decoderShape struct {
	slots, chunk int
	oneBuffer    bool // the cache of all layers is one buffer, which PathTokens needs
}

// Choose compares the paths of the decoder, once, and returns the one that it uses from then on. Decoders of one model with the same
// shape share a choice; one that cannot compile the path then decodes by PathKernels. Choose returns an error if the device is lost.
func (d *Decoder) Choose() (Decoding, error) {
	f := d.fused
	if f.chosen != nil {
		return *f.chosen, nil
	}
	key := decoderShape{d.slots, d.chunk, d.kvs != nil}
	known, ok := d.decodings[key]
	if !ok {
		var err error
		if known, err = d.race(); err != nil {
			return Decoding{}, err
		}
		if d.decodings == nil {
			d.decodings = map[decoderShape]Decoding{}
		}
		d.decodings[key] = known
	} else if err := d.record(known.Path); err != nil {
		if lost := d.Device.Err(); lost != nil {
			return Decoding{}, lost
		}
		known = Decoding{Path: PathKernels, Why: fmt.Sprintf("path %s, which another decoder chose, cannot be used: %v", known.Path, err), Tries: known.Tries}
	}
	f.path, f.times, f.chosen = known.Path, max(1, known.Times), &known
	return known, nil
}

// ChooseForRun is [Decoder.Choose] on a GPU, and does nothing elsewhere. A path of few dispatches may give other last digits there, so a
// run chooses before its first token: a run that is paused and resumed would else change paths at another token than one that is not.
func (d *Decoder) ChooseForRun() error {
	if d.Device.Info.Backend == gpu.Host || d.Device.Info.Software {
		return nil
	}
	_, err := d.Choose()
	return err
}

// race tries every path.
func (d *Decoder) race() (Decoding, error) {
	switch info := d.Device.Info; {
	case info.Backend == gpu.Host:
		return Decoding{Path: PathKernels, Why: "on the host backend a dispatch costs nothing"}, nil
	case info.Software && info.Backend == gpu.WebGPU:
		return Decoding{Path: PathKernels, Why: "a browser's software adapter takes seconds to compile the other paths, and their last digits differ"}, nil
	}
	tries, usable := make([]Try, len(Paths)), 0
	for i, path := range Paths {
		tries[i] = Try{Path: path, Exact: path == PathKernels}
		if err := d.fits(path); err != nil {
			tries[i].Problem = err.Error()
		} else {
			usable++
		}
	}
	if usable == 1 { // such as a large model, of which a trial would take long
		return judge(tries, d.Device.Info.Software), nil
	}
	r := d.newTrial()
	defer r.end()
	for i := range tries {
		if tries[i].Problem != "" {
			continue
		}
		if err := r.check(&tries[i]); err != nil {
			return Decoding{}, err
		}
	}
	for range trialRounds {
		for i := range tries {
			if err := r.time(&tries[i]); err != nil {
				return Decoding{}, err
			}
		}
	}
	result := judge(tries, d.Device.Info.Software)
	if result.Path == PathTokens {
		result.Times = d.fused.times
	}
	return result, nil
}

// judge chooses among the paths that were tried; the first is the one of most dispatches. Only paths with the same bits race:
// otherwise the last digits of a run would depend on a clock. A path with other bits is taken on a GPU, where launches cost most, and
// not on a software adapter.
func judge(tries []Try, software bool) Decoding {
	base, best := tries[0], 0
	problems := ""
	exact := true
	for i, t := range tries[1:] {
		switch {
		case t.Problem != "":
			problems += "; not " + string(t.Path) + ": " + t.Problem
		case !t.Exact:
			exact = false
			if !software {
				best = i + 1
			}
		case exact && t.Token < tries[best].Token && 20*t.Token < 19*base.Token: // no change for less than a twentieth
			best = i + 1
		}
	}
	t := tries[best]
	why := "no path of fewer dispatches can be used" + problems
	switch {
	case best > 0 && !t.Exact:
		why = "it takes the fewest dispatches that can be used here; its last digits differ from those of path " + string(base.Path) + problems
	case best > 0:
		why = fmt.Sprintf("a token of all sequences takes %s, %s by path %s%s", short(t.Token), short(base.Token), base.Path, problems)
	case !exact:
		why = "on this software adapter the last digits of the other paths differ" + problems
	case slices.ContainsFunc(tries[1:], func(t Try) bool { return t.Problem == "" }):
		why = fmt.Sprintf("no path of fewer dispatches is faster than %s a token of all sequences%s", short(base.Token), problems)
	}
	return Decoding{Path: t.Path, Why: why, Tries: tries}
}

func short(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// trialRounds is how often each path is timed.
const trialRounds = 3

// trial is a short piece of decoding from the start of every sequence, in free rows of the cache.
type trial struct {
	*Decoder
	before    Sampling
	sequences int
	steps     int
	rows      []int32
	out       []uint32 // what the path of most dispatches drew
	stat      []float32
}

func (d *Decoder) newTrial() *trial {
	r := &trial{Decoder: d, before: d.sampling, steps: min(d.chunk, 16, d.MaxContext, len(d.cache.rows))}
	if len(d.cache.free) < r.steps*min(d.slots, 4) {
		d.cache.reset(d.version)
	}
	r.sequences = min(d.slots, len(d.cache.free)/r.steps)
	r.rows = d.cache.take(r.sequences * r.steps)
	table := make([]uint32, r.steps)
	for i := range r.sequences {
		for t := range table {
			table[t] = uint32(r.rows[i*r.steps+t])
		}
		d.table.WriteUints(i*d.MaxContext, table)
	}
	d.sampling = Sampling{Temperature: 1, TopP: 0.9, Seed: 1}
	return r
}

func (r *trial) end() {
	r.sampling = r.before
	r.cache.put(r.rows)
}

// begin puts every sequence at its first token. uneven sequences end at different places.
func (r *trial) begin(uneven bool) {
	n := r.sequences
	token, at, state := make([]uint32, n), make([]uint32, 4*n), make([]uint32, 4*n)
	for i := range n {
		token[i] = uint32(i % r.VocabSize)
		left := r.steps
		if uneven {
			left -= i % r.steps
		}
		at[4*i] = uint32(i)
		copy(state[4*i:], []uint32{uint32(left), 0, uint32(i), token[i]})
	}
	r.step.n = n
	r.step.token.WriteUints(0, token)
	r.step.at.WriteUints(0, at)
	r.state.WriteUints(0, state)
}

// check compiles a path and compares what it draws.
func (r *trial) check(t *Try) error {
	begun := time.Now()
	if err := r.record(t.Path); err != nil {
		t.Problem = err.Error()
		return r.Device.Err() // none, unless the device is lost
	}
	r.fused.path, r.fused.times = t.Path, 1
	r.begin(true)
	if err := r.advance(1); err != nil { // some drivers compile at the first dispatch
		return err
	}
	if err := r.Device.Wait(); err != nil {
		return err
	}
	if took := time.Since(begun); took > mostCompile && t.Path != PathKernels {
		t.Problem = fmt.Sprintf("it takes %.1f s to compile", took.Seconds())
		return nil
	}
	r.begin(true)
	if err := r.advance(r.steps); err != nil {
		return err
	}
	out, stat := make([]uint32, r.sequences*r.chunk), make([]float32, 2*r.sequences*r.chunk)
	state := make([]uint32, 4*r.sequences)
	if err := r.Device.Read(r.Decoder.out.IntoUints(0, out), r.Decoder.stat.Into(0, stat), r.state.IntoUints(0, state)); err != nil {
		return err
	}
	if t.Path == PathKernels {
		r.out, r.stat = out, stat
		return nil
	}
	t.Exact = true
	for i := range r.sequences {
		for k := i * r.chunk; k < i*r.chunk+int(state[4*i+1]); k++ {
			if out[k] != r.out[k] {
				t.Problem = "it draws other tokens"
				return nil
			}
			for _, j := range []int{2 * k, 2*k + 1} {
				t.Exact = t.Exact && stat[j] == r.stat[j]
				if !(math.Abs(float64(stat[j]-r.stat[j])) <= mostOff) {
					t.Problem = fmt.Sprintf("its log-probabilities differ by more than %g", mostOff)
					return nil
				}
			}
		}
	}
	return nil
}

// time times a path once and takes the shortest time.
func (r *trial) time(t *Try) error {
	if t.Problem != "" {
		return nil
	}
	run := func(tokens int) (time.Duration, error) {
		r.begin(false)
		if err := r.Device.Wait(); err != nil {
			return 0, err
		}
		begun := time.Now()
		if err := r.advance(tokens); err != nil {
			return 0, err
		}
		err := r.Device.Wait()
		return max(time.Since(begun)/time.Duration(tokens), 1), err
	}
	r.fused.path = t.Path
	if t.Path == PathTokens && t.Token == 0 { // how many tokens fit a dispatch?
		r.fused.times = 1
		one, err := run(1)
		if err != nil {
			return err
		}
		if one > 2*longestDispatch {
			t.Problem = fmt.Sprintf("a token of all sequences takes %s, too long for one dispatch", short(one))
			return nil
		}
		r.fused.times = max(1, min(int(r.fused.longest/one), r.fused.most))
	}
	took, err := run(r.steps)
	if t.Token == 0 || took < t.Token {
		t.Token = took
	}
	return err
}
