#include "textflag.h"

// Names of the tile's registers: two accumulators a row, Y4 to Y15.
#define ROW(src, low, high) \
	VBROADCASTSS src, Y2 \
	VFMADD231PS  Y0, Y2, low \
	VFMADD231PS  Y1, Y2, high

#define STORE(low, high) \
	VMOVUPS low, (DX) \
	VMOVUPS high, 32(DX) \
	ADDQ    R10, DX

#define ADDSTORE(low, high) \
	VADDPS  (DX), low, low \
	VADDPS  32(DX), high, high \
	STORE(low, high)

// func tile(k int, a *float32, row, col int, b, c *float32, ld int, add bool)
// C [6,16] = A [6,k] · B [k,16]; row, col and ld are in bytes, B is a panel.
TEXT ·tile(SB), NOSPLIT, $0-57
	MOVQ k+0(FP), CX
	MOVQ a+8(FP), SI
	MOVQ row+16(FP), R8
	MOVQ col+24(FP), R9
	MOVQ b+32(FP), DI
	MOVQ c+40(FP), DX
	MOVQ ld+48(FP), R10
	LEAQ (R8)(R8*2), R12
	ADDQ SI, R12                // row 3 of A
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11
	VXORPS Y12, Y12, Y12
	VXORPS Y13, Y13, Y13
	VXORPS Y14, Y14, Y14
	VXORPS Y15, Y15, Y15

loop:
	VMOVUPS (DI), Y0
	VMOVUPS 32(DI), Y1
	ROW((SI), Y4, Y5)
	ROW((SI)(R8*1), Y6, Y7)
	ROW((SI)(R8*2), Y8, Y9)
	ROW((R12), Y10, Y11)
	ROW((R12)(R8*1), Y12, Y13)
	ROW((R12)(R8*2), Y14, Y15)
	ADDQ R9, SI
	ADDQ R9, R12
	ADDQ $64, DI
	DECQ CX
	JNZ  loop

	MOVBLZX add+56(FP), AX
	TESTB   AL, AL
	JNZ     sum
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	STORE(Y8, Y9)
	STORE(Y10, Y11)
	STORE(Y12, Y13)
	STORE(Y14, Y15)
	VZEROUPPER
	RET

sum:
	ADDSTORE(Y4, Y5)
	ADDSTORE(Y6, Y7)
	ADDSTORE(Y8, Y9)
	ADDSTORE(Y10, Y11)
	ADDSTORE(Y12, Y13)
	ADDSTORE(Y14, Y15)
	VZEROUPPER
	RET

// func transpose8(k int, b *float32, ld int, to *float32)
// to[i][j] = b[j][i] for j < 8 and i < k, k a multiple of 8: rows of b are ld bytes apart, rows of to 64 bytes.
TEXT ·transpose8(SB), NOSPLIT, $0-32
	MOVQ k+0(FP), CX
	MOVQ b+8(FP), SI
	MOVQ ld+16(FP), R8
	MOVQ to+24(FP), DI
	LEAQ (R8)(R8*2), R9
	LEAQ (SI)(R8*4), R10 // row 4
	SHRQ $3, CX

block:
	VMOVUPS (SI), Y0
	VMOVUPS (SI)(R8*1), Y1
	VMOVUPS (SI)(R8*2), Y2
	VMOVUPS (SI)(R9*1), Y3
	VMOVUPS (R10), Y4
	VMOVUPS (R10)(R8*1), Y5
	VMOVUPS (R10)(R8*2), Y6
	VMOVUPS (R10)(R9*1), Y7
	VUNPCKLPS Y1, Y0, Y8   // pairs of rows
	VUNPCKHPS Y1, Y0, Y9
	VUNPCKLPS Y3, Y2, Y10
	VUNPCKHPS Y3, Y2, Y11
	VUNPCKLPS Y5, Y4, Y12
	VUNPCKHPS Y5, Y4, Y13
	VUNPCKLPS Y7, Y6, Y14
	VUNPCKHPS Y7, Y6, Y15
	VSHUFPS $0x44, Y10, Y8, Y0 // fours of rows
	VSHUFPS $0xEE, Y10, Y8, Y1
	VSHUFPS $0x44, Y11, Y9, Y2
	VSHUFPS $0xEE, Y11, Y9, Y3
	VSHUFPS $0x44, Y14, Y12, Y4
	VSHUFPS $0xEE, Y14, Y12, Y5
	VSHUFPS $0x44, Y15, Y13, Y6
	VSHUFPS $0xEE, Y15, Y13, Y7
	VPERM2F128 $0x20, Y4, Y0, Y8 // all eight
	VPERM2F128 $0x20, Y5, Y1, Y9
	VPERM2F128 $0x20, Y6, Y2, Y10
	VPERM2F128 $0x20, Y7, Y3, Y11
	VPERM2F128 $0x31, Y4, Y0, Y12
	VPERM2F128 $0x31, Y5, Y1, Y13
	VPERM2F128 $0x31, Y6, Y2, Y14
	VPERM2F128 $0x31, Y7, Y3, Y15
	VMOVUPS Y8, (DI)
	VMOVUPS Y9, 64(DI)
	VMOVUPS Y10, 128(DI)
	VMOVUPS Y11, 192(DI)
	VMOVUPS Y12, 256(DI)
	VMOVUPS Y13, 320(DI)
	VMOVUPS Y14, 384(DI)
	VMOVUPS Y15, 448(DI)
	ADDQ $32, SI
	ADDQ $32, R10
	ADDQ $512, DI
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET

// func copy8(k int, b *float32, ld int, to *float32)
// to[i][j] = b[i][j] for j < 8 and i < k: rows of b are ld bytes apart, rows of to 64 bytes.
TEXT ·copy8(SB), NOSPLIT, $0-32
	MOVQ k+0(FP), CX
	MOVQ b+8(FP), SI
	MOVQ ld+16(FP), R8
	MOVQ to+24(FP), DI

copyrow:
	VMOVUPS (SI), Y0
	VMOVUPS Y0, (DI)
	ADDQ R8, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  copyrow
	VZEROUPPER
	RET

// Constants of the exponential (Cephes expf: relative error below 2e-7), each eight times.
#define WORDS(name, w) \
	DATA name+0(SB)/4, w \
	DATA name+4(SB)/4, w \
	DATA name+8(SB)/4, w \
	DATA name+12(SB)/4, w \
	DATA name+16(SB)/4, w \
	DATA name+20(SB)/4, w \
	DATA name+24(SB)/4, w \
	DATA name+28(SB)/4, w \
	GLOBL name(SB), RODATA|NOPTR, $32

WORDS(log2e<>, $0x3FB8AA3B)
WORDS(ln2hi<>, $0x3F318000)  // 0.693359375
WORDS(ln2lo<>, $0xB95E8083)  // -2.12194440e-4
WORDS(lowest<>, $0xC2AE0000) // -87: below it the result is 0
WORDS(most<>, $0x42B00000)   // 88: above it the result is that of 88
WORDS(farbelow<>, $0xC61C4000) // -10000
WORDS(exp5<>, $0x39506967)   // 1.9875691500e-4
WORDS(exp4<>, $0x3AB743CE)   // 1.3981999507e-3
WORDS(exp3<>, $0x3C088908)   // 8.3334519073e-3
WORDS(exp2<>, $0x3D2AA9C1)   // 4.1665795894e-2
WORDS(exp1<>, $0x3E2AAAAA)   // 1.6666665459e-1
WORDS(exp0<>, $0x3F000000)   // 0.5
WORDS(one<>, $0x3F800000)
WORDS(bias<>, $127)

// EXP replaces x by its exponential, with t0, t1 and t2 to work in.
#define EXP(x, t0, t1, t2) \
	VMINPS       most<>(SB), x, x \
	VCMPPS       $1, lowest<>(SB), x, t2 \
	VMAXPS       lowest<>(SB), x, x \
	VMULPS       log2e<>(SB), x, t0 \
	VROUNDPS     $8, t0, t0 \
	VFNMADD231PS ln2hi<>(SB), t0, x \
	VFNMADD231PS ln2lo<>(SB), t0, x \
	VMOVUPS      exp5<>(SB), t1 \
	VFMADD213PS  exp4<>(SB), x, t1 \
	VFMADD213PS  exp3<>(SB), x, t1 \
	VFMADD213PS  exp2<>(SB), x, t1 \
	VFMADD213PS  exp1<>(SB), x, t1 \
	VFMADD213PS  exp0<>(SB), x, t1 \
	VMULPS       x, t1, t1 \
	VFMADD213PS  x, x, t1 \
	VADDPS       one<>(SB), t1, t1 \
	VCVTPS2DQ    t0, t0 \
	VPADDD       bias<>(SB), t0, t0 \
	VPSLLD       $23, t0, t0 \
	VMULPS       t0, t1, x \
	VANDNPS      x, t2, x

// func expSum(x *float32, n int, scale, shift float32) float32
// x[i] = e^(scale·x[i]-shift) for n words, a multiple of 8; returns their sum.
TEXT ·expSum(SB), NOSPLIT, $0-28
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS scale+16(FP), Y4
	VBROADCASTSS shift+20(FP), Y5
	VXORPS Y6, Y6, Y6
	SHRQ $3, CX

exploop:
	VMULPS (SI), Y4, Y0
	VSUBPS Y5, Y0, Y0
	EXP(Y0, Y1, Y2, Y3)
	VMOVUPS Y0, (SI)
	VADDPS Y0, Y6, Y6
	ADDQ $32, SI
	DECQ CX
	JNZ  exploop
	VEXTRACTF128 $1, Y6, X0
	VADDPS X0, X6, X6
	VMOVHLPS X6, X6, X0
	VADDPS X0, X6, X6
	VMOVSHDUP X6, X0
	VADDSS X0, X6, X6
	VMOVSS X6, ret+24(FP)
	VZEROUPPER
	RET

// func expMoment(x *float32, n int, scale, shift float32) (sum, moment float32)
// Σ e^z and Σ z·e^z of z = scale·x[i]-shift for n words, a multiple of 8.
TEXT ·expMoment(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS scale+16(FP), Y4
	VBROADCASTSS shift+20(FP), Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	SHRQ $3, CX

momentloop:
	VMULPS (SI), Y4, Y0
	VSUBPS Y5, Y0, Y0
	VMAXPS farbelow<>(SB), Y0, Y0 // e^z is 0 there, and so is z·e^z
	VMOVAPS Y0, Y8
	EXP(Y0, Y1, Y2, Y3)
	VADDPS Y0, Y6, Y6
	VFMADD231PS Y0, Y8, Y7
	ADDQ $32, SI
	DECQ CX
	JNZ  momentloop
	VEXTRACTF128 $1, Y6, X0
	VADDPS X0, X6, X6
	VMOVHLPS X6, X6, X0
	VADDPS X0, X6, X6
	VMOVSHDUP X6, X0
	VADDSS X0, X6, X6
	VMOVSS X6, sum+24(FP)
	VEXTRACTF128 $1, Y7, X0
	VADDPS X0, X7, X7
	VMOVHLPS X7, X7, X0
	VADDPS X0, X7, X7
	VMOVSHDUP X7, X0
	VADDSS X0, X7, X7
	VMOVSS X7, moment+28(FP)
	VZEROUPPER
	RET

// func logitGrad(x *float32, n int, scale, lse, a, b float32)
// x[i] = p·(a + b·log p) with log p = scale·x[i]-lse for n words, a multiple of 8.
TEXT ·logitGrad(SB), NOSPLIT, $0-32
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VBROADCASTSS scale+16(FP), Y4
	VBROADCASTSS lse+20(FP), Y5
	VBROADCASTSS a+24(FP), Y6
	VBROADCASTSS b+28(FP), Y7
	SHRQ $3, CX

logitloop:
	VMULPS (SI), Y4, Y0
	VSUBPS Y5, Y0, Y0
	VMAXPS farbelow<>(SB), Y0, Y0
	VMOVAPS Y0, Y8
	EXP(Y0, Y1, Y2, Y3)
	VFMADD213PS Y6, Y7, Y8
	VMULPS  Y8, Y0, Y0
	VMOVUPS Y0, (SI)
	ADDQ $32, SI
	DECQ CX
	JNZ  logitloop
	VZEROUPPER
	RET

// SIGMOID replaces x by 1/(1+e^-x).
#define SIGMOID(x, t0, t1, t2) \
	VXORPS t0, t0, t0 \
	VSUBPS x, t0, x \
	EXP(x, t0, t1, t2) \
	VMOVUPS one<>(SB), t0 \
	VADDPS  t0, x, x \
	VDIVPS  x, t0, x

// func swiglu(gate, up, out *float32, n int)
// out[i] = gate[i]·σ(gate[i])·up[i] for n words, a multiple of 8.
TEXT ·swiglu(SB), NOSPLIT, $0-32
	MOVQ gate+0(FP), SI
	MOVQ up+8(FP), DI
	MOVQ out+16(FP), DX
	MOVQ n+24(FP), CX
	SHRQ $3, CX

gluloop:
	VMOVUPS (SI), Y4
	VMOVAPS Y4, Y0
	SIGMOID(Y0, Y1, Y2, Y3)
	VMULPS Y4, Y0, Y0
	VMULPS (DI), Y0, Y0
	VMOVUPS Y0, (DX)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, DX
	DECQ CX
	JNZ  gluloop
	VZEROUPPER
	RET

// func swigluGrad(gate, up, ds, dgate, dup *float32, n int)
// dup = ds·gate·σ and dgate = ds·up·σ·(1+gate·(1-σ)) for n words, a multiple of 8.
TEXT ·swigluGrad(SB), NOSPLIT, $0-48
	MOVQ gate+0(FP), SI
	MOVQ up+8(FP), DI
	MOVQ ds+16(FP), R8
	MOVQ dgate+24(FP), R9
	MOVQ dup+32(FP), R10
	MOVQ n+40(FP), CX
	SHRQ $3, CX
	VMOVUPS one<>(SB), Y7

gradloop:
	VMOVUPS (SI), Y4
	VMOVAPS Y4, Y0
	SIGMOID(Y0, Y1, Y2, Y3)
	VMOVUPS (R8), Y5
	VMULPS  Y0, Y5, Y5           // ds·σ
	VMULPS  Y4, Y5, Y6
	VMOVUPS Y6, (R10)
	VSUBPS  Y0, Y7, Y0           // 1-σ
	VFMADD213PS Y7, Y4, Y0       // 1+gate·(1-σ)
	VMULPS  (DI), Y5, Y5
	VMULPS  Y0, Y5, Y5
	VMOVUPS Y5, (R9)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, R8
	ADDQ $32, R9
	ADDQ $32, R10
	DECQ CX
	JNZ  gradloop
	VZEROUPPER
	RET

// func maxOf(x *float32, n int) float32
// The largest of n words, a multiple of 8.
TEXT ·maxOf(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VMOVUPS (SI), Y0
	SHRQ $3, CX

maxloop:
	VMAXPS (SI), Y0, Y0
	ADDQ $32, SI
	DECQ CX
	JNZ  maxloop
	VEXTRACTF128 $1, Y0, X1
	VMAXPS X1, X0, X0
	VMOVHLPS X0, X0, X1
	VMAXPS X1, X0, X0
	VMOVSHDUP X0, X1
	VMAXSS X1, X0, X0
	VMOVSS X0, ret+16(FP)
	VZEROUPPER
	RET

// func weigh(d, w *float32, n int, scale, shift float32)
// d[i] = scale·w[i]·(d[i]-shift) for n words, a multiple of 8.
TEXT ·weigh(SB), NOSPLIT, $0-32
	MOVQ d+0(FP), DI
	MOVQ w+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS scale+24(FP), Y2
	VBROADCASTSS shift+28(FP), Y3
	SHRQ $3, CX

weighloop:
	VMOVUPS (DI), Y0
	VSUBPS  Y3, Y0, Y0
	VMULPS  (SI), Y2, Y1
	VMULPS  Y1, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, DI
	ADDQ $32, SI
	DECQ CX
	JNZ  weighloop
	VZEROUPPER
	RET
