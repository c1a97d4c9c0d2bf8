// Attention pooled by steps, from q, k and lse, without a token-by-token matrix.
//
//   pooled[h,j,k] = 1/|s_j| Σ_{m in s_j} Σ_{n in s_k, n <= m} exp(q[m,h] · k[n,g] / √C - lse[m,h])
//
// for j >= k, else 0; a hidden n counts 0. The mean over query tokens, the sum over
// key tokens: divide by |s_k| for the mean over both.
//
// qkv, span, lse: as in attn_fwd; steps: [S] (first token, end) in packed tokens, in
// order within a sequence; seqs: [Seqs] (first step, n steps, offset in pooled, -),
// offsets ascending; pooled: [H, n, n] of each sequence at its offset. One invocation
// computes one word of pooled[First : First+Pairs], so that a long sequence can be
// spread over short dispatches.

#import shared/linear

struct Params { seqs: u32, H: u32, K: u32, first: u32, pairs: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> span: array<vec4u>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read> steps: array<vec2u>;
@group(0) @binding(5) var<storage, read> seqs: array<vec4u>;
@group(0) @binding(6) var<storage, read_write> pooled: array<f32>;

const WG: u32 = 64u; // tunable
const C4: u32 = 4u; // tunable
const Q: u32 = 4u; // tunable

// owner returns the last sequence whose matrices begin at or before word x.
fn owner(x: u32) -> vec4u {
    var low = 0u;
    var high = p.seqs;
    while (high - low > 1u) {
        let middle = (low + high) / 2u;
        if (seqs[middle].z <= x) { low = middle; } else { high = middle; }
    }
    return seqs[low];
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i0 = linear(gid, groups, WG);
    if (i0 >= p.pairs) { return; }
    let x = p.first + i0;
    let s = owner(x);
    let local = x - s.z;
    let square = s.y * s.y;
    if (x < s.z || local >= p.H * square) { return; }
    let h = local / square;
    let queries = steps[s.x + local % square / s.y];
    let keys = steps[s.x + local % s.y];
    let row = (p.H + 2u * p.K) * C4;
    let key = (p.H + h / (p.H / p.K)) * C4;
    let scale = inverseSqrt(f32(4u * C4));

    var sum = 0.0;
    if (local % square / s.y >= local % s.y) {
        // Q queries at a time share the keys; past the step's end the last one repeats with weight 0.
        for (var m = queries.x; m < queries.y; m += Q) {
            let m_i = min(m + i, queries.y - 1u); // each i
            let hide_i = span[m_i].zw; // each i
            let lse_i = lse[m_i * p.H + h]; // each i
            let q_i_c = scale * qkv[m_i * row + h * C4 + c]; // each i c
            for (var n = keys.x; n < min(keys.y, m + Q); n++) {
                var d_i = -lse_i; // each i
                let k_c = qkv[n * row + key + c]; // each c
                d_i += dot(q_i_c, k_c); // each i c
                let counts_i = m + i == m_i && n <= m_i && !(n >= hide_i.x && n < hide_i.y); // each i
                sum += select(0.0, exp(min(d_i, 0.0)), counts_i); // each i
            }
        }
        sum /= max(1.0, f32(queries.y - queries.x));
    }
    pooled[x] = sum;
}
