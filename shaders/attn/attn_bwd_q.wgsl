// Backward of attention to the queries.
//
//   w[j]       = exp(q[n,h] · k[j,g] / √C - lse[n,h])
//   delta[n,h] = do[n,h] · o[n,h]
//   dq[n,h]    = Σ_j w[j] (do[n,h] · v[j,g] - delta[n,h]) k[j,g] / √C
//
// Shapes as in attn_fwd; do: [N, H·C]; dqkv: [N, (H+2K)·C], of which this kernel
// writes the query columns; delta: [N, H], which attn_bwd_kv reads. Ignores span's
// hidden range. One invocation computes Q neighbouring tokens of a head.

#import shared/linear

struct Params { N: u32, H: u32, K: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> span: array<vec4u>;
@group(0) @binding(3) var<storage, read> o: array<vec4f>;
@group(0) @binding(4) var<storage, read> lse: array<f32>;
@group(0) @binding(5) var<storage, read> dout: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dqkv: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> delta: array<f32>;

const WG: u32 = 64u; // tunable
const C4: u32 = 4u; // tunable
const Q: u32 = 2u; // tunable

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
    let start_i = span[n_i].x; // each i
    let at_i = n_i * p.H + h; // each i
    let lse_i = lse[at_i]; // each i
    let q_i_c = scale * qkv[n_i * row + h * C4 + c]; // each i c
    let do_i_c = dout[at_i * C4 + c]; // each i c
    var delta_i = 0.0; // each i
    delta_i += dot(do_i_c, o[at_i * C4 + c]); // each i c
    var dq_i_c = vec4f(); // each i c
    for (var j = start_0; j < min(n0 + Q, p.N); j++) {
        var d_i = 0.0; // each i
        var dw_i = -delta_i; // each i
        let k_c = qkv[j * row + key + c]; // each c
        d_i += dot(q_i_c, k_c); // each i c
        let v_c = qkv[j * row + value + c]; // each c
        dw_i += dot(do_i_c, v_c); // each i c
        let ds_i = select(0.0, exp(min(d_i - lse_i, 0.0)) * dw_i, j >= start_i && j <= n_i); // each i
        dq_i_c += ds_i * k_c; // each i c
    }
    dqkv[n_i * row + h * C4 + c] = scale * dq_i_c; // each i c
    delta[at_i] = delta_i; // each i
}
