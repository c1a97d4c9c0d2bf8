// Backward of attention to the keys and values.
//
//   w[m,h]  = exp(q[m,h] · k[n,g] / √C - lse[m,h])   for the tokens m of n's sequence
//                                                    from n on, and the heads h of g
//   dv[n,g] = Σ_m,h w[m,h] do[m,h]
//   dk[n,g] = Σ_m,h w[m,h] (do[m,h] · v[n,g] - delta[m,h]) q[m,h] / √C
//
// Shapes as in attn_bwd_q, which must run first. Writes the key and value columns of
// dqkv. Ignores span's hidden range. One invocation computes Q neighbouring tokens of a
// key head and sums over its query heads, one after another.

#import shared/linear

struct Params { N: u32, H: u32, K: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> span: array<vec4u>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read> delta: array<f32>;
@group(0) @binding(5) var<storage, read> dout: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dqkv: array<vec4f>;

const WG: u32 = 64u; // tunable
const C4: u32 = 4u; // tunable
const Q: u32 = 2u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let tiles = (p.N + Q - 1u) / Q;
    let x = linear(gid, groups, WG);
    if (x >= tiles * p.K) { return; }
    let g = x / tiles;
    let n0 = x % tiles * Q;
    let heads = p.H / p.K;
    let row = (p.H + 2u * p.K) * C4;
    let key = (p.H + g) * C4;
    let value = key + p.K * C4;
    let scale = inverseSqrt(f32(4u * C4));

    // Past the last token a tile repeats that token and writes it again.
    let n_i = min(n0 + i, p.N - 1u); // each i
    let end_i = span[n_i].y; // each i
    let k_i_c = scale * qkv[n_i * row + key + c]; // each i c
    let v_i_c = qkv[n_i * row + value + c]; // each i c
    var dk_i_c = vec4f(); // each i c
    var dv_i_c = vec4f(); // each i c
    var end = 0u;
    end = max(end, end_i); // each i
    for (var h = g * heads; h < (g + 1u) * heads; h++) {
        for (var m = n0; m < end; m++) {
            let at = m * p.H + h;
            let lse_m = lse[at];
            let delta_m = delta[at];
            var d_i = 0.0; // each i
            var dw_i = -delta_m; // each i
            let q_c = qkv[m * row + h * C4 + c]; // each c
            d_i += dot(k_i_c, q_c); // each i c
            let do_c = dout[at * C4 + c]; // each c
            dw_i += dot(v_i_c, do_c); // each i c
            let w_i = select(0.0, exp(min(d_i - lse_m, 0.0)), m >= n_i && m < end_i); // each i
            let ds_i = w_i * dw_i; // each i
            dv_i_c += w_i * do_c; // each i c
            dk_i_c += ds_i * q_c; // each i c
        }
    }
    dqkv[n_i * row + key + c] = scale * dk_i_c; // each i c
    dqkv[n_i * row + value + c] = dv_i_c; // each i c
}
