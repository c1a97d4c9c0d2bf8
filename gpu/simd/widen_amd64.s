#include "textflag.h"

// func widenBF16(dst *float32, words *uint32, n int)
// n is a multiple of 4.
TEXT ·widenBF16(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ words+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	VPMOVZXWD (SI), Y0
	VPSLLD    $16, Y0, Y0
	VMOVUPS   Y0, (DI)
	ADDQ      $16, SI
	ADDQ      $32, DI
	SUBQ      $4, CX
	JNZ       loop
	VZEROUPPER
	RET

// func widenF16(dst *float32, words *uint32, n int, factor float32)
// n is a multiple of 4.
TEXT ·widenF16(SB), NOSPLIT, $0-28
	MOVQ         dst+0(FP), DI
	MOVQ         words+8(FP), SI
	MOVQ         n+16(FP), CX
	VBROADCASTSS factor+24(FP), Y1

loop:
	VCVTPH2PS (SI), Y0
	VMULPS    Y1, Y0, Y0
	VMOVUPS   Y0, (DI)
	ADDQ      $16, SI
	ADDQ      $32, DI
	SUBQ      $4, CX
	JNZ       loop
	VZEROUPPER
	RET

// EIGHT writes scale Y1 times eight signed bytes.
#define EIGHT(at) \
	VPMOVSXBD (4+at)(SI), Y0 \
	VCVTDQ2PS Y0, Y0 \
	VMULPS    Y1, Y0, Y0 \
	VMOVUPS   Y0, (4*at)(DI)

// func widenQ8(dst *float32, words *uint32, blocks int)
TEXT ·widenQ8(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ words+8(FP), SI
	MOVQ blocks+16(FP), CX

loop:
	VBROADCASTSS (SI), Y1
	EIGHT(0)
	EIGHT(8)
	EIGHT(16)
	EIGHT(24)
	ADDQ $36, SI
	ADDQ $128, DI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// SIXTEEN writes scale Y1 times the half bytes of eight bytes plus the minimum Y2: the lower ones, and 16 values later the upper ones. Y3 is 15.
#define SIXTEEN(at) \
	VPMOVZXBD (4+at)(SI), Y0 \
	VPSRLD    $4, Y0, Y4 \
	VPAND     Y3, Y0, Y0 \
	VCVTDQ2PS Y0, Y0 \
	VCVTDQ2PS Y4, Y4 \
	VMULPS    Y1, Y0, Y0 \
	VMULPS    Y1, Y4, Y4 \
	VADDPS    Y2, Y0, Y0 \
	VADDPS    Y2, Y4, Y4 \
	VMOVUPS   Y0, (4*at)(DI) \
	VMOVUPS   Y4, (64+4*at)(DI)

// func widenQ4(dst *float32, words *uint32, blocks int, factor float32)
TEXT ·widenQ4(SB), NOSPLIT, $0-28
	MOVQ         dst+0(FP), DI
	MOVQ         words+8(FP), SI
	MOVQ         blocks+16(FP), CX
	VBROADCASTSS factor+24(FP), X5
	VPCMPEQD     Y3, Y3, Y3
	VPSRLD       $28, Y3, Y3

loop:
	VMOVD        (SI), X1
	VCVTPH2PS    X1, X1
	VMULPS       X5, X1, X1
	VMOVSHDUP    X1, X2
	VBROADCASTSS X1, Y1
	VBROADCASTSS X2, Y2
	SIXTEEN(0)
	SIXTEEN(8)
	ADDQ $20, SI
	ADDQ $128, DI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET
