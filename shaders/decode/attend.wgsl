// The first half of a layer of a decoding step, for N rows with one new token each: norm, queries, keys and values, rotary positions, the
// row of the cache, and attention to it. The first layer begins with the embedding.
//
//   q, k, v = rope(qkv · norm(x));   o[h] = Σ_t softmax_t(q[h]·k[t,g]/√C) v[t,g]
//
// weights: the model's arena; rope: [positions, 2, C/2]; table: [S, T]; at: [N] (slot, position, hidden positions); row: [N] (–, –, –,
// token); x: [N, D], the residual stream, written where first is 1; kv: [rows, 2K·C] of this layer; o: [N, H·C]. embed, norm and qkv
// are places in weights, in words of four. A workgroup computes R rows.

struct Params { N: u32, T: u32, D: u32, first: u32, embed: u32, norm: u32, qkv: u32, eps: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> rope: array<vec4f>;
@group(0) @binding(3) var<storage, read> table: array<u32>;
@group(0) @binding(4) var<storage, read> at: array<vec4u>;
@group(0) @binding(5) var<storage, read> row: array<vec4u>;
@group(0) @binding(6) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> kv: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> o: array<vec4f>;

#import shared/rows_attend

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) wid: vec3u) {
    let n = wid.x * R;
    if (n >= p.N) { return; }
    if (lid < R) {
        sh_at[lid] = at[min(n + lid, p.N - 1u)];
        sh_row[lid] = row[min(n + lid, p.N - 1u)];
    }
    workgroupBarrier();
    if (p.first == 1u) {
        embed(lid, p.embed);
    } else {
        for (var i = lid; i < R * D4; i += WG) {
            sh_words[X + i] = x[min(n + i / D4, p.N - 1u) * D4 + i % D4];
        }
        workgroupBarrier();
    }
    attention(lid, n, p.norm, p.qkv, 0u);
    for (var i = lid; i < min(R, p.N - n) * D4; i += WG) {
        o[n * D4 + i] = sh_words[NORMED + i];
        if (p.first == 1u) { x[n * D4 + i] = sh_words[X + i]; }
    }
}
