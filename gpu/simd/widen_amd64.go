package simd

// wideners reports whether the functions below may be called. Every processor with AVX2 has the conversion of half precision.
func wideners() bool { return vectors() }

//go:noescape
func widenBF16(dst *float32, words *uint32, n int)

//go:noescape
func widenF16(dst *float32, words *uint32, n int, factor float32)

//go:noescape
func widenQ8(dst *float32, words *uint32, blocks int)

//go:noescape
func widenQ4(dst *float32, words *uint32, blocks int, factor float32)
