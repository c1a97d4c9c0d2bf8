package examine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"attnlab/model"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// ResampleStep is the [model.Sampling] step of continuations that resample steps: other random numbers than those of responses (0) and of
// cuts (1).
const ResampleStep = 2

// mostForced is how many tokens a forced answer may have.
const mostForced = 32

// Resampling resamples every step of one trace, as Thought Anchors (arXiv 2506.19143) does: from the beginning of each of its K steps, and from
// the end of the last, a policy continues the response a number of times, once freely and once with the answer forced at once.
//
// It needs no model: [Resampling.Next] says what to sample, [Resampling.Add] takes what was sampled, in that order, and
// [Resampling.Steps] says what it shows so far.
type Resampling struct {
	kind    task.Task
	problem task.Problem
	trace   task.Trace
	samples int
	given   []beginning
	from    []origin // of each request
}

// beginning is the response up to a step, and how its continuations end.
type beginning struct {
	forced       []int // tokens that ask for the answer
	room         int   // tokens that fit after it; below 1 nothing is sampled
	free, answer []ending
}

// ending is a continuation: whether it succeeds, and whether the step that it writes next is the trace's own.
type ending struct{ right, same bool }

// origin is where a request continues.
type origin struct {
	beginning int
	forced    bool
}

// NewResampling prepares the steps of a trace for a number of continuations from each beginning. context is the model's, longest limits a
// response as in [Attempts]. A continuation succeeds where the task judges it right. Where nobody knows the right answer it succeeds
// where it gives the answer that the trace gives.
//
// It returns an error where the trace has no steps, or neither a known answer nor one of its own.
func NewResampling(kind task.Task, p task.Problem, t task.Trace, samples, context, longest int) (*Resampling, error) {
	if len(t.Steps) == 0 {
		return nil, errors.New("the response has no steps to resample")
	}
	if p.Gold == "" {
		if p.Gold = t.Answer; p.Gold == "" {
			return nil, errors.New("nobody knows the right answer, and the response gives none to compare with; generate it to its end")
		}
	}
	r := &Resampling{kind: kind, problem: p, trace: t, samples: samples}
	most := capacity(context, longest, t.PromptLength)
	for k := range len(t.Steps) + 1 {
		response := t.Tokens[t.PromptLength:r.end(k)]
		ask, err := task.AskAnswer(kind, p, response)
		if err != nil {
			return nil, err
		}
		b := beginning{forced: ask, room: most - len(response)}
		for _, forced := range b.wanted() {
			for range samples {
				r.from = append(r.from, origin{k, forced})
			}
		}
		r.given = append(r.given, b)
	}
	return r, nil
}

// end is the position before step k; len(Steps) is after the last one.
func (r *Resampling) end(k int) int {
	if k < len(r.trace.Steps) {
		return r.trace.Steps[k].Start
	}
	return r.trace.Steps[k-1].End
}

// Of counts the continuations of all beginnings after which something fits.
func (r *Resampling) Of() int { return len(r.from) }

// Done counts the continuations that were added.
func (r *Resampling) Done() (n int) {
	for _, b := range r.given {
		n += len(b.free) + len(b.answer)
	}
	return n
}

// wanted says which kinds of continuation a beginning has: free ones, and forced answers.
func (b beginning) wanted() (forced []bool) {
	if b.room > 0 {
		forced = append(forced, false)
	}
	if b.room > len(b.forced) {
		forced = append(forced, true)
	}
	return forced
}

// Next returns n or fewer of the requests whose rollouts were not added yet, in order; none where nothing is missing. The random numbers of
// request i of a trace follow from first+i: no two continuations share any.
func (r *Resampling) Next(n int, first uint32) []model.Request {
	done := r.Done()
	var requests []model.Request
	for i := done; i < min(done+n, len(r.from)); i++ {
		at := r.from[i]
		b, request := r.given[at.beginning], model.Request{Tokens: r.tokens(at), ID: first + uint32(i)}
		if request.Max = b.room; at.forced {
			request.Max = min(b.room-len(b.forced), mostForced)
		}
		requests = append(requests, request)
	}
	return requests
}

func (r *Resampling) tokens(at origin) []int {
	tokens := r.trace.Tokens[:r.end(at.beginning):r.end(at.beginning)]
	if at.forced {
		tokens = slices.Concat(tokens, r.given[at.beginning].forced)
	}
	return tokens
}

// Add takes the rollouts of requests of [Resampling.Next], the first ones first. It panics where there are more than requests.
func (r *Resampling) Add(rollouts []model.Rollout) {
	done := r.Done()
	if done+len(rollouts) > len(r.from) {
		panic(fmt.Sprintf("examine: Resampling: %d rollouts after %d of %d", len(rollouts), done, len(r.from)))
	}
	for i, rollout := range rollouts {
		at := r.from[done+i]
		b, start := &r.given[at.beginning], r.trace.PromptLength
		response := slices.Concat(r.tokens(at)[start:], rollout.Tokens)
		if at.forced {
			if last := response[len(response)-1]; !task.Ends(r.kind, last) {
				response = append(response, task.End(r.kind)) // an answer that is cut off is judged as it is
			}
			b.answer = append(b.answer, ending{right: r.kind.Judge(r.problem, response).Correct})
			continue
		}
		t := r.kind.Judge(r.problem, response)
		b.free = append(b.free, ending{right: t.Correct, same: r.same(at.beginning, t)})
	}
}

// same reports whether another response writes step k of the trace, as [task.SameStep] compares them.
func (r *Resampling) same(k int, other task.Trace) bool {
	if k == len(r.trace.Steps) {
		return false
	}
	own := r.trace.Steps[k]
	for _, s := range other.Steps {
		if s.End > own.Start { // of free text, a step may begin earlier
			return task.SameStep(r.kind, r.trace.Tokens[own.Start:own.End], other.Tokens[max(own.Start, s.Start):s.End])
		}
	}
	return false
}

// Share is how many continuations succeed.
type Share struct {
	Right, N int
}

// Of is the share, NaN of none.
func (s Share) Of() float64 { return float64(s.Right) / float64(s.N) }

func share(endings []ending, of func(ending) bool) (s Share) {
	for _, e := range endings {
		if of(e) {
			s.N++
			if e.right {
				s.Right++
			}
		}
	}
	return s
}

func (s Share) plus(o Share) Share { return Share{s.Right + o.Right, s.N + o.N} }

// less is the difference of two shares of independent continuations.
func (s Share) less(o Share) Effect {
	if s.N == 0 || o.N == 0 {
		return noEffect
	}
	p, q := s.Of(), o.Of()
	return Effect{p - q, stat.DifferenceError(stat.ShareError(p, s.N), stat.ShareError(q, o.N)), stat.ShareDifference(p, s.N, q, o.N)}
}

// Resample samples all continuations of some traces with a policy, a batch at a time. progress, where not nil, is called with how many are
// done. If ctx ends, it returns its error; the traces whose continuations are all there are the first ones.
func Resample(ctx context.Context, d Generator, all []*Resampling, s model.Sampling, progress func(done, of int)) error {
	const batch = 2048
	s.Step = ResampleStep
	done, first := 0, make([]uint32, len(all)+1) // random numbers of each trace
	for i, r := range all {
		first[i+1] = first[i] + uint32(r.Of())
	}
	for at := 0; at < len(all); {
		var requests []model.Request
		var parts []int // requests of each trace from at on
		for len(requests) < batch && at+len(parts) < len(all) {
			some := all[at+len(parts)].Next(batch-len(requests), first[at+len(parts)])
			requests, parts = append(requests, some...), append(parts, len(some))
		}
		ended := 0
		rollouts, err := d.Generate(ctx, requests, s, func(int, model.Rollout) {
			if ended++; progress != nil {
				progress(done+ended, int(first[len(all)]))
			}
		})
		if err != nil {
			return err
		}
		done += len(rollouts)
		for _, n := range parts {
			if all[at].Add(rollouts[:n]); all[at].Done() == all[at].Of() {
				at++
			}
			rollouts = rollouts[n:]
		}
	}
	return nil
}

// Generator samples continuations: a [model.Decoder] does.
type Generator interface {
	Generate(ctx context.Context, requests []model.Request, s model.Sampling, onDone func(i int, r model.Rollout)) ([]model.Rollout, error)
}
