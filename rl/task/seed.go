package task

import "hash/fnv"

// Problems draws the first n problems of a stream: problem i has the seed
// [SeedOf](stream, seed, i). [EvalStream] and [ProbeStream] have none in common
// with [TrainStream], whatever the seeds.
func Problems(task Task, stream string, seed uint64, n int) []Problem {
	problems := make([]Problem, n)
	for i := range problems {
		problems[i] = task.Problem(SeedOf(stream, seed, uint64(i)))
	}
	return problems
}

// Streams of problems that never meet: what a model is trained on is not what it
// is measured on.
const (
	TrainStream = "train"
	EvalStream  = "eval"
	ProbeStream = "probe" // key-focus heads are found on these
)

// SeedOf is the seed of problem i of a stream. Equal arguments give equal seeds,
// on every machine.
func SeedOf(stream string, seed, i uint64) uint64 {
	h := fnv.New64a()
	h.Write([]byte(stream))
	x := h.Sum64() ^ mix64(seed)
	return mix64(x + i*0x9e3779b97f4a7c15)
}

// mix64 is the finaliser of SplitMix64 (Steele, Lea & Flood 2014): a bijection
// that spreads every bit over all.
func mix64(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// RolloutStream is the stream of problems that reinforcement learning trains on.
const RolloutStream = "rollout"
