// One AdamW step over the whole arena, with the gradient clipped by its norm.
//
//   g ← g · min(1, maxNorm/(norm + 1e-6))                 (maxNorm 0: no clipping)
//   w ← w · (1 − lr·decay)                                (words before decayEnd)
//   m ← beta1·m + (1 − beta1)·g;  v ← beta2·v + (1 − beta2)·g²
//   w ← w − lr · (m/c1) / (√(v/c2) + eps)                 c1 = 1 − beta1^t, c2 = 1 − beta2^t
//
// g, w, m, v: [n], n and decayEnd multiples of 4; norm: [4]. One invocation updates
// four words. Nothing changes where the norm is NaN or infinite.

#import shared/linear

struct Params {
    n: u32, decayEnd: u32,
    lr: f32, beta1: f32, beta2: f32, eps: f32, decay: f32,
    c1: f32, c2: f32, maxNorm: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> g: array<vec4f>;
@group(0) @binding(2) var<storage, read> norm: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> v: array<vec4f>;

const WG: u32 = 64u; // tunable

// The exponent bits of a float, all set in NaN and infinity. A comparison of
// floats is not enough: shader compilers may assume that there are no NaNs.
const EXPONENT = 0x7f800000u;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = linear(gid, groups, WG);
    if (4u * i >= p.n) { return; }
    let size = norm[0].x;
    if ((bitcast<u32>(size) & EXPONENT) == EXPONENT) { return; }

    let grad = g[i] * select(1.0, min(1.0, p.maxNorm / (size + 1e-6)), p.maxNorm > 0.0);
    let m1 = p.beta1 * m[i] + (1.0 - p.beta1) * grad;
    let v1 = p.beta2 * v[i] + (1.0 - p.beta2) * grad * grad;
    let shrink = select(1.0, 1.0 - p.lr * p.decay, 4u * i < p.decayEnd);
    m[i] = m1;
    v[i] = v1;
    w[i] = w[i] * shrink - p.lr * (m1 / p.c1) / (sqrt(v1 / p.c2) + p.eps);
}
