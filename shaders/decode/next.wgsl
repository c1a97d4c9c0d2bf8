// The end of a decoding step, for N rows: final norm, logits, and the next token of every active row. How it draws stands in
// shared/draw.
//
//   logits = head · norm(x)
//
// weights: the model's arena; x: [N, D], the residual stream; at: [N] (slot, position, –, –); row: [N] (tokens left, tokens drawn,
// sequence, token), out: [N, M] and stat: [N, M] as in decode/sample; the drawn token becomes the row's token to feed. norm and head
// are places in weights, in words of four. A workgroup computes R rows.

struct Params {
    N: u32, M: u32, V: u32, D: u32, norm: u32, head: u32, eos: u32, seed: u32, step: u32,
    topK: u32, topP: f32, temperature: f32, eps: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> at: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> row: array<vec4u>;
@group(0) @binding(5) var<storage, read_write> out: array<u32>;
@group(0) @binding(6) var<storage, read_write> stat: array<vec2f>;

#import shared/rows_next

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) wid: vec3u) {
    let n = wid.x * R;
    if (n >= p.N) { return; }
    if (lid < R) {
        sh_at[lid] = at[min(n + lid, p.N - 1u)];
        sh_row[lid] = row[min(n + lid, p.N - 1u)];
    }
    for (var i = lid; i < R * D4; i += WG) {
        sh_words[X + i] = x[min(n + i / D4, p.N - 1u) * D4 + i % D4];
    }
    workgroupBarrier();
    next(lid, n, p.norm, p.head);
    if (lid < R && n + lid < p.N) {
        at[n + lid] = sh_at[lid];
        row[n + lid] = sh_row[lid];
    }
}
