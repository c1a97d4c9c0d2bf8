//go:build !amd64

package simd

// wideners reports that there are no vector instructions for widening.
func wideners() bool { return false }

const noWideners = "simd: this machine has no vector instructions for widening"

func widenBF16(dst *float32, words *uint32, n int)                    { panic(noWideners) }
func widenF16(dst *float32, words *uint32, n int, factor float32)     { panic(noWideners) }
func widenQ8(dst *float32, words *uint32, blocks int)                 { panic(noWideners) }
func widenQ4(dst *float32, words *uint32, blocks int, factor float32) { panic(noWideners) }
