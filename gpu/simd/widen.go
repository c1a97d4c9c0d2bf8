package simd

// The functions of this file widen numbers of storages that take less than a word a value, whole vectors or blocks at a time. Each returns
// how many words it has taken, none without vector instructions for it: the caller widens the rest.

// WidenBF16 writes two values a word: the lower and the upper half of a word are the upper halves of float32s.
func WidenBF16(dst []float32, words []uint32) (taken int) {
	if taken = len(words) / 4 * 4; taken == 0 || !wideners() {
		return 0
	}
	_ = dst[2*taken-1]
	widenBF16(&dst[0], &words[0], taken)
	return taken
}

// WidenF16 writes two values a word: its halves are numbers in half precision, times factor.
func WidenF16(dst []float32, words []uint32, factor float32) (taken int) {
	if taken = len(words) / 4 * 4; taken == 0 || !wideners() {
		return 0
	}
	_ = dst[2*taken-1]
	widenF16(&dst[0], &words[0], taken, factor)
	return taken
}

// WidenQ8 writes blocks of 32 values: nine words, of which the first is a scale and the others hold signed bytes.
func WidenQ8(dst []float32, words []uint32) (taken int) {
	blocks := len(words) / 9
	if blocks == 0 || !wideners() {
		return 0
	}
	_ = dst[32*blocks-1]
	widenQ8(&dst[0], &words[0], blocks)
	return 9 * blocks
}

// WidenQ4 writes blocks of 32 values: five words, of which the first holds scale and minimum in half precision, times factor, and byte j of
// the others holds value j in its lower half and value 16+j in its upper half.
func WidenQ4(dst []float32, words []uint32, factor float32) (taken int) {
	blocks := len(words) / 5
	if blocks == 0 || !wideners() {
		return 0
	}
	_ = dst[32*blocks-1]
	widenQ4(&dst[0], &words[0], blocks, factor)
	return 5 * blocks
}
