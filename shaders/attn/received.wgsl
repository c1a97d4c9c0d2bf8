// The attention that each token receives from the later ones, in every head.
//
//   received[n,h] = Σ_{m > n} exp(q[m,h] · k[n,g] / √C - lse[m,h])
//
// over the later tokens m of n's sequence; a hidden n counts 0.
//
// qkv, span, lse: as in attn_fwd; received: [N, H]. One invocation takes Q
// neighbouring keys of a head, so that each query is read once for all of them.

#import shared/linear

struct Params { N: u32, H: u32, K: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> span: array<vec4u>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read_write> received: array<f32>;

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
    let scale = inverseSqrt(f32(4u * C4));

    // Past the last token a tile repeats that token and writes it again.
    let n_i = min(n0 + i, p.N - 1u); // each i
    let end_i = span[n_i].y; // each i
    let k_i_c = scale * qkv[n_i * row + key + c]; // each i c
    var sum_i = 0.0; // each i
    var end = 0u;
    end = max(end, end_i); // each i
    for (var m = n0 + 1u; m < end; m++) {
        let hide = span[m].zw;
        let lse_m = lse[m * p.H + h];
        let q_c = qkv[m * row + h * C4 + c]; // each c
        var d_i = -lse_m; // each i
        d_i += dot(k_i_c, q_c); // each i c
        let counts_i = m > n_i && m < end_i && !(n_i >= hide.x && n_i < hide.y); // each i
        sum_i += select(0.0, exp(min(d_i, 0.0)), counts_i); // each i
    }
    received[n_i * p.H + h] = sum_i; // each i
}
