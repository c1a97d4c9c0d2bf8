// The second half of a layer of a decoding step, for N rows: attention's output product, norm and the gated feed-forward part.
//
//   x = x + o·wᵀ;   h = norm(x);   x = x + (silu(gate·h) · (up·h)) · downᵀ
//
// weights: the model's arena; o: [N, D], attention's answer; x: [N, D], the residual stream. wo, norm, gateUp and down are places in
// weights, in words of four. A workgroup computes R rows.

struct Params { N: u32, D: u32, F: u32, wo: u32, norm: u32, gateUp: u32, down: u32, eps: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> o: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4f>;

#import shared/rows_feed

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) wid: vec3u) {
    let n = wid.x * R;
    if (n >= p.N) { return; }
    for (var i = lid; i < R * D4; i += WG) {
        let word = min(n + i / D4, p.N - 1u) * D4 + i % D4;
        sh_words[X + i] = x[word];
        sh_words[NORMED + i] = o[word];
    }
    workgroupBarrier();
    feed(lid, p.wo, p.norm, p.gateUp, p.down);
    for (var i = lid; i < min(R, p.N - n) * D4; i += WG) {
        x[n * D4 + i] = sh_words[X + i];
    }
}
