// Causal attention within packed sequences, forward, in one pass over the keys.
//
//   s[j]     = q[n,h] · k[j,g] / √C          for keys j of n's sequence up to n
//   lse[n,h] = log Σ_j exp s[j]
//   o[n,h]   = Σ_j exp(s[j] - lse) v[j,g]    without the j in [hideLo, hideHi)
//
// qkv: [N, (H+2K)·C], query, key, value heads; g = h / (H/K); span: [N] (start, end,
// hideLo, hideHi); o: [N, H·C]; lse: [N, H]. One invocation computes Q neighbouring
// tokens of a head, so that it reads each key and value row once for all of them;
// top and sum are the running maximum and the sum of exp(s - top).

#import shared/linear

struct Params { N: u32, H: u32, K: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> span: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> o: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;

const WG: u32 = 64u; // tunable
const C4: u32 = 4u; // tunable
const Q: u32 = 4u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let tiles = (p.N + Q - 1u) / Q;
    let x = linear(gid, groups, WG);
    if (x >= tiles * p.H) { return; }
    let h = x / tiles;
    let n0 = x % tiles * Q;
    let row = (p.H + 2u * p.K) * C4;
    let key = (p.H + h / (p.H / p.K)) * C4;
    let value = key + p.K * C4;
    let scale = inverseSqrt(f32(4u * C4));

    // Past the last token a tile repeats that token and writes it again.
    let n_i = min(n0 + i, p.N - 1u); // each i
    let s_i = span[n_i]; // each i
    let q_i_c = scale * qkv[n_i * row + h * C4 + c]; // each i c
    var o_i_c = vec4f(); // each i c
    var top_i = -1e30; // each i
    var sum_i = 0.0; // each i
    for (var j = s_0.x; j < min(n0 + Q, p.N); j++) {
        var d_i = 0.0; // each i
        let k_c = qkv[j * row + key + c]; // each c
        d_i += dot(q_i_c, k_c); // each i c
        // A key that the token may not attend to scores far below top, so its weight is 0.
        d_i = select(-2e30, d_i, j >= s_i.x && j <= n_i); // each i
        let high_i = max(top_i, d_i); // each i
        let keep_i = exp(top_i - high_i); // each i
        let w_i = exp(d_i - high_i); // each i
        top_i = high_i; // each i
        sum_i = sum_i * keep_i + w_i; // each i
        let shown_i = select(w_i, 0.0, j >= s_i.z && j < s_i.w); // each i
        let v_c = qkv[j * row + value + c]; // each c
        o_i_c = o_i_c * keep_i + shown_i * v_c; // each i c
    }
    o[(n_i * p.H + h) * C4 + c] = o_i_c / sum_i; // each i c
    lse[n_i * p.H + h] = top_i + log(sum_i); // each i
}
