#include "textflag.h"

// TOTAL adds the eight words of y, whose low half is x, into the lowest word of x; tx is to work in.
#define TOTAL(y, x, tx) \
	VEXTRACTF128 $1, y, tx \
	VADDPS    tx, x, x \
	VMOVHLPS  x, x, tx \
	VADDPS    tx, x, x \
	VMOVSHDUP x, tx \
	VADDSS    tx, x, x

// func dot3(a, b, c *float32, n int) float32
// Σ a[i]·b[i]·c[i] for n words, a multiple of 8.
TEXT ·dot3(SB), NOSPLIT, $0-36
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DI
	MOVQ c+16(FP), DX
	MOVQ n+24(FP), CX
	SHRQ $3, CX
	VXORPS Y4, Y4, Y4

dot3loop:
	VMOVUPS (SI), Y0
	VMULPS  (DI), Y0, Y0
	VFMADD231PS (DX), Y0, Y4
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, DX
	DECQ CX
	JNZ  dot3loop
	TOTAL(Y4, X4, X0)
	VMOVSS X4, ret+32(FP)
	VZEROUPPER
	RET

// func square(x *float32, n int) float32
// Σ x[i]² for n words, a multiple of 8.
TEXT ·square(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	SHRQ $3, CX
	VXORPS Y4, Y4, Y4

squareloop:
	VMOVUPS (SI), Y0
	VFMADD231PS Y0, Y0, Y4
	ADDQ $32, SI
	DECQ CX
	JNZ  squareloop
	TOTAL(Y4, X4, X0)
	VMOVSS X4, ret+16(FP)
	VZEROUPPER
	RET

// func gained(y, x, w *float32, n int, r float32)
// y[i] = r·x[i]·w[i] for n words, a multiple of 8.
TEXT ·gained(SB), NOSPLIT, $0-36
	MOVQ y+0(FP), DX
	MOVQ x+8(FP), SI
	MOVQ w+16(FP), DI
	MOVQ n+24(FP), CX
	VBROADCASTSS r+32(FP), Y1
	SHRQ $3, CX

gainedloop:
	VMULPS  (SI), Y1, Y0
	VMULPS  (DI), Y0, Y0
	VMOVUPS Y0, (DX)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, DX
	DECQ CX
	JNZ  gainedloop
	VZEROUPPER
	RET

// func normBack(dx, dy, w, x *float32, n int, r, b float32)
// dx[i] += r·dy[i]·w[i] - b·x[i] for n words, a multiple of 8.
TEXT ·normBack(SB), NOSPLIT, $0-48
	MOVQ dx+0(FP), DX
	MOVQ dy+8(FP), SI
	MOVQ w+16(FP), DI
	MOVQ x+24(FP), R8
	MOVQ n+32(FP), CX
	VBROADCASTSS r+40(FP), Y1
	VBROADCASTSS b+44(FP), Y2
	SHRQ $3, CX

backloop:
	VMULPS  (SI), Y1, Y0
	VMOVUPS (DX), Y3
	VFMADD231PS (DI), Y0, Y3
	VFNMADD231PS (R8), Y2, Y3
	VMOVUPS Y3, (DX)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, R8
	ADDQ $32, DX
	DECQ CX
	JNZ  backloop
	VZEROUPPER
	RET

// func addProduct(y, a, b *float32, n int, r float32)
// y[i] += r·a[i]·b[i] for n words, a multiple of 8.
TEXT ·addProduct(SB), NOSPLIT, $0-36
	MOVQ y+0(FP), DX
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DI
	MOVQ n+24(FP), CX
	VBROADCASTSS r+32(FP), Y1
	SHRQ $3, CX

addproductloop:
	VMULPS  (SI), Y1, Y0
	VMOVUPS (DX), Y3
	VFMADD231PS (DI), Y0, Y3
	VMOVUPS Y3, (DX)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, DX
	DECQ CX
	JNZ  addproductloop
	VZEROUPPER
	RET

// func addTo(y, x *float32, n int)
// y[i] += x[i] for n words, a multiple of 8.
TEXT ·addTo(SB), NOSPLIT, $0-24
	MOVQ y+0(FP), DX
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	SHRQ $3, CX

addtoloop:
	VMOVUPS (SI), Y0
	VADDPS  (DX), Y0, Y0
	VMOVUPS Y0, (DX)
	ADDQ $32, SI
	ADDQ $32, DX
	DECQ CX
	JNZ  addtoloop
	VZEROUPPER
	RET

// func turn(low, high, cosine, sine *float32, n int, sign float32)
// (low, high) = (low·cos - sign·high·sin, high·cos + sign·low·sin) for n words, a multiple of 8.
TEXT ·turn(SB), NOSPLIT, $0-44
	MOVQ low+0(FP), SI
	MOVQ high+8(FP), DI
	MOVQ cosine+16(FP), R8
	MOVQ sine+24(FP), R9
	MOVQ n+32(FP), CX
	VBROADCASTSS sign+40(FP), Y7
	SHRQ $3, CX

turnloop:
	VMOVUPS (SI), Y0
	VMOVUPS (DI), Y1
	VMOVUPS (R8), Y2
	VMULPS  (R9), Y7, Y3
	VMULPS  Y2, Y0, Y4
	VFNMADD231PS Y3, Y1, Y4
	VMULPS  Y2, Y1, Y5
	VFMADD231PS Y3, Y0, Y5
	VMOVUPS Y4, (SI)
	VMOVUPS Y5, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, R8
	ADDQ $32, R9
	DECQ CX
	JNZ  turnloop
	VZEROUPPER
	RET

// func adamW(grad, w, m, v *float32, n int, clip, beta1, rest1, beta2, rest2, rate, share, eps, keep float32)
// With G = clip·g: m = beta1·m + rest1·G, v = beta2·v + rest2·G², w = keep·w - rate·m/(√(share·v)+eps), for n words, a multiple
// of 8.
TEXT ·adamW(SB), NOSPLIT, $0-76
	MOVQ grad+0(FP), SI
	MOVQ w+8(FP), DI
	MOVQ m+16(FP), R8
	MOVQ v+24(FP), R9
	MOVQ n+32(FP), CX
	VBROADCASTSS clip+40(FP), Y4
	VBROADCASTSS beta1+44(FP), Y5
	VBROADCASTSS rest1+48(FP), Y6
	VBROADCASTSS beta2+52(FP), Y7
	VBROADCASTSS rest2+56(FP), Y8
	VBROADCASTSS rate+60(FP), Y9
	VBROADCASTSS share+64(FP), Y10
	VBROADCASTSS eps+68(FP), Y11
	VBROADCASTSS keep+72(FP), Y12
	SHRQ $3, CX

adamloop:
	VMULPS  (SI), Y4, Y0  // G
	VMULPS  (R8), Y5, Y1
	VFMADD231PS Y0, Y6, Y1 // m
	VMULPS  Y0, Y0, Y0
	VMULPS  (R9), Y7, Y2
	VFMADD231PS Y0, Y8, Y2 // v
	VMOVUPS Y1, (R8)
	VMOVUPS Y2, (R9)
	VMULPS  Y2, Y10, Y2
	VSQRTPS Y2, Y2
	VADDPS  Y11, Y2, Y2
	VMULPS  Y9, Y1, Y1
	VDIVPS  Y2, Y1, Y1
	VMULPS  (DI), Y12, Y3
	VSUBPS  Y1, Y3, Y3
	VMOVUPS Y3, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, R8
	ADDQ $32, R9
	DECQ CX
	JNZ  adamloop
	VZEROUPPER
	RET

// AHEAD sets AX to how far, in bytes, the row after the next three lies behind the row at R9, or to 0 near the last of R10 rows.
// Rows lie anywhere in a cache of keys that is larger than the processor's, so they are fetched before they are needed.
#define AHEAD(stride) \
	MOVL  (R9), DI \
	MOVL  (R9), AX \
	CMPQ  R10, $4 \
	JLE   2(PC) \
	MOVL  16(R9), AX \
	SUBQ  DI, AX \
	IMULQ stride, AX

// func dotHeads(q *float32, step, heads, c int, base *float32, rows *uint32, n, stride int, out *float32, ld int)
// out[h][t] = q[h]·row(rows[t])[h] over c words, a multiple of 8; steps are in bytes.
TEXT ·dotHeads(SB), NOSPLIT, $0-80
	MOVQ rows+40(FP), R9
	MOVQ n+48(FP), R10
	MOVQ out+64(FP), R11
	MOVQ step+8(FP), R12
	MOVQ ld+72(FP), R13

dotrow:
	AHEAD(stride+56(FP))
	MOVL  (R9), DI
	IMULQ stride+56(FP), DI
	ADDQ  base+32(FP), DI
	MOVQ  q+0(FP), R8
	MOVQ  heads+16(FP), BX
	MOVQ  R11, DX

dothead:
	MOVQ R8, SI
	MOVQ c+24(FP), CX
	VXORPS Y4, Y4, Y4

dotwords:
	VMOVUPS (SI), Y0
	VFMADD231PS (DI), Y0, Y4
	PREFETCHT0 (DI)(AX*1)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ  dotwords
	TOTAL(Y4, X4, X0)
	VMOVSS X4, (DX)
	ADDQ R12, R8
	ADDQ R13, DX
	DECQ BX
	JNZ  dothead
	ADDQ $4, R9
	ADDQ $4, R11
	DECQ R10
	JNZ  dotrow
	VZEROUPPER
	RET

// func sumHeads(w *float32, ld, heads, c int, base *float32, rows *uint32, n, stride int, out *float32, step int)
// out[h] += Σ_t w[h][t]·row(rows[t])[h] over c words, a multiple of 8; steps are in bytes.
TEXT ·sumHeads(SB), NOSPLIT, $0-80
	MOVQ w+0(FP), R11
	MOVQ ld+8(FP), R12
	MOVQ rows+40(FP), R9
	MOVQ n+48(FP), R10
	MOVQ step+72(FP), R13

sumrow:
	AHEAD(stride+56(FP))
	MOVL  (R9), DI
	IMULQ stride+56(FP), DI
	ADDQ  base+32(FP), DI
	MOVQ  out+64(FP), R8
	MOVQ  heads+16(FP), BX
	MOVQ  R11, DX

sumhead:
	MOVQ R8, SI
	MOVQ c+24(FP), CX
	VBROADCASTSS (DX), Y0

sumwords:
	VMOVUPS (SI), Y1
	VFMADD231PS (DI), Y0, Y1
	VMOVUPS Y1, (SI)
	PREFETCHT0 (DI)(AX*1)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ  sumwords
	ADDQ R13, R8
	ADDQ R12, DX
	DECQ BX
	JNZ  sumhead
	ADDQ $4, R9
	ADDQ $4, R11
	DECQ R10
	JNZ  sumrow
	VZEROUPPER
	RET
