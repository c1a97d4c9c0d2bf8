// The R rows of a workgroup that decodes, one row a sequence, and their products with weights. The fused kernels of decoding share it.
// They declare weights, the model's arena in words of four, and the parameters p.D, the features, and p.eps. A place in weights counts
// words of four. Loops of products end at a parameter, not at a constant: some compilers unroll the latter into code that takes seconds
// to compile.

const WG: u32 = 64u; // tunable
const R: u32 = 4u; // tunable
const D4: u32 = 8u; // tunable
const WORDS: u32 = 96u; // tunable: R · (2 D4 + the widest result)

// Three regions, each of R rows one after another: the residual stream of D4 words, its normed form or attention's answer of D4
// words, and the wider results of the most words: queries, gated activations, logits.
var<workgroup> sh_words: array<vec4f, WORDS>;
const X: u32 = 0u;
const NORMED = R * D4;
const WIDE = 2u * R * D4;

var<workgroup> sh_rstd: array<f32, R>;
var<workgroup> sh_at: array<vec4u, R>;  // slot, position, hidden positions
var<workgroup> sh_row: array<vec4u, R>; // tokens left, tokens drawn, sequence, token to feed

// normalise writes the root-mean-square norm of the residual stream, scaled by the weights from w on, as nn/rmsnorm_fwd does.
fn normalise(lid: u32, w: u32) {
    if (lid < R) {
        var square = 0.0;
        for (var d = 0u; d < p.D / 4u; d++) {
            let v = sh_words[X + lid * D4 + d];
            square += dot(v, v);
        }
        sh_rstd[lid] = inverseSqrt(square / f32(4u * D4) + p.eps);
    }
    workgroupBarrier();
    for (var i = lid; i < R * D4; i += WG) {
        sh_words[NORMED + i] = sh_words[X + i] * sh_rstd[i / D4] * weights[w + i % D4];
    }
    workgroupBarrier();
}

// Dots are four products for each row.
struct Dots {
    row_r: vec4f, // each r
}

// dots multiplies the rows at x, of I4 words each, with four rows of weights from w on.
fn dots(x: u32, I4: u32, w: u32) -> Dots {
    let w_q = w + q * I4; // each q
    let x_r = x + r * I4; // each r
    var y_r_q = 0.0; // each r q
    for (var i = 0u; i < I4; i++) {
        let a_r = sh_words[x_r + i]; // each r
        let b_q = weights[w_q + i]; // each q
        y_r_q += dot(a_r, b_q); // each r q
    }
    var y: Dots;
    y.row_r = vec4f(y_r_0, y_r_1, y_r_2, y_r_3); // each r
    return y;
}
