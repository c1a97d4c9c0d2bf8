// Attention of new tokens to a cache of keys and values, for prefill and decoding.
//
//   s[t]   = q[n,h] · k[table[slot,t],g] / √C     for positions t = 0..pos
//   o[n,h] = Σ_t softmax(s)[t] v[table[slot,t],g]  without the t in [hideLo, hideHi)
//
// qkv: [N, (H+2K)·C], of which this kernel reads the query heads; kv: [R, 2K·C], a row is
// one token's key heads, then its value heads; table: [S, T] rows of kv by sequence
// slot and position; at: [N] (slot, pos, hideLo, hideHi); o: [N, H·C]. One
// invocation computes one (token, head).

#import shared/linear

struct Params { N: u32, H: u32, K: u32, T: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> kv: array<vec4f>;
@group(0) @binding(3) var<storage, read> table: array<u32>;
@group(0) @binding(4) var<storage, read> at: array<vec4u>;
@group(0) @binding(5) var<storage, read_write> o: array<vec4f>;

const WG: u32 = 64u; // tunable

#import shared/cached

fn query(x: u32) -> vec4f { return qkv[x]; }

fn answer(x: u32, words: vec4f) { o[x] = words; }

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let x = linear(gid, groups, WG);
    if (x >= p.N * p.H) { return; }
    let n = x / p.H;
    let h = x % p.H;
    let key = h / (p.H / p.K) * C4;
    let a = at[n];
    attend(n * (p.H + 2u * p.K) * C4 + h * C4, x * C4, a.x * p.T, min(a.y, p.T - 1u), 2u * p.K * C4, key, key + p.K * C4, a.zw);
}
