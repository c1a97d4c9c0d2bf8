// Attention of new tokens to a cache of keys and values, for prefill and decoding.
//
//   s[t]   = q[n,h] · k[table[slot,t],g] / √C     for positions t = 0..pos
//   o[n,h] = Σ_t softmax(s)[t] v[table[slot,t],g]  without the t in [hideLo, hideHi)
//
// qkv: [N, (H+2K)·C], of which this kernel reads the query heads; kv: [R, 2K·C], a row is
// one token's key heads, then its value heads; table: [S, T] rows of kv by sequence
// slot and position; at: [N] (slot, pos, hideLo, hideHi); o: [N, H·C]. One
// invocation computes one (token, head). It loads the rows of Q positions together,
// because decoding a single sequence is bound by memory latency.

#import shared/linear

struct Params { N: u32, H: u32, K: u32, T: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> kv: array<vec4f>;
@group(0) @binding(3) var<storage, read> table: array<u32>;
@group(0) @binding(4) var<storage, read> at: array<vec4u>;
@group(0) @binding(5) var<storage, read_write> o: array<vec4f>;

const WG: u32 = 64u; // tunable
const C4: u32 = 4u; // tunable
const Q: u32 = 4u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let x = linear(gid, groups, WG);
    if (x >= p.N * p.H) { return; }
    let n = x / p.H;
    let h = x % p.H;
    let row = 2u * p.K * C4;
    let key = h / (p.H / p.K) * C4;
    let value = key + p.K * C4;
    let a = at[n];
    let first = a.x * p.T;
    let last = min(a.y, p.T - 1u);
    let scale = inverseSqrt(f32(4u * C4));

    let q_c = scale * qkv[n * (p.H + 2u * p.K) * C4 + h * C4 + c]; // each c
    var o_c = vec4f(); // each c
    var top = -1e30;
    var sum = 0.0;
    for (var t = 0u; t <= last; t += Q) {
        let t_i = t + i; // each i
        let r_i = row * table[first + min(t_i, last)]; // each i
        var d_i = 0.0; // each i
        d_i += dot(q_c, kv[r_i + key + c]); // each i c
        var high = top;
        high = max(high, d_i); // each i
        let keep = exp(top - high);
        top = high;
        // Past the last position the loop repeats that position with weight 0.
        let w_i = select(0.0, exp(d_i - high), t_i <= last); // each i
        sum *= keep;
        sum += w_i; // each i
        let shown_i = select(w_i, 0.0, t_i >= a.z && t_i < a.w); // each i
        o_c *= keep; // each c
        o_c += shown_i * kv[r_i + value + c]; // each i c
    }
    o[x * C4 + c] = o_c / sum; // each c
}
