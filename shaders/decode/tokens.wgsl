// Up to times decoding steps of N rows in one dispatch: the whole model, its cache of keys and values, and the draw of every token. It is
// the sequence of decode/attend and decode/feed for every layer, then decode/next, and shares their formulas.
//
// weights: the model's arena; rope: [positions, 2, C/2]; table: [S, T]; at: [N] (slot, position, hidden positions); row: [N] (tokens
// left, tokens drawn, sequence, token to feed); kv: [layers, rows, 2K·C], base words of four a layer; out: [N, M] and stat: [N, M] as
// in decode/sample. The other parameters are places in weights, in words of four: of the first layer, stride and normStride words
// before the next one's. A workgroup computes R rows and stops when all are finished.

struct Params {
    N: u32, T: u32, M: u32, V: u32, D: u32, F: u32, times: u32, layers: u32, base: u32,
    embed: u32, qkv: u32, wo: u32, gateUp: u32, down: u32, stride: u32,
    norm1: u32, norm2: u32, normStride: u32, norm: u32, head: u32,
    eos: u32, seed: u32, step: u32, topK: u32, topP: f32, temperature: f32, eps: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> rope: array<vec4f>;
@group(0) @binding(3) var<storage, read> table: array<u32>;
@group(0) @binding(4) var<storage, read_write> at: array<vec4u>;
@group(0) @binding(5) var<storage, read_write> row: array<vec4u>;
@group(0) @binding(6) var<storage, read_write> kv: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> out: array<u32>;
@group(0) @binding(8) var<storage, read_write> stat: array<vec2f>;

#import shared/rows_attend
#import shared/rows_feed
#import shared/rows_next

var<workgroup> sh_going: u32;

// count counts the rows of the workgroup that can draw another token.
fn count(n: u32) {
    var going = 0u;
    for (var r = 0u; r < min(R, p.N - n); r++) {
        going += select(0u, 1u, sh_row[r].x > 0u && sh_row[r].y < p.M);
    }
    sh_going = going;
}

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) wid: vec3u) {
    let n = wid.x * R;
    if (n >= p.N) { return; }
    if (lid < R) {
        sh_at[lid] = at[min(n + lid, p.N - 1u)];
        sh_row[lid] = row[min(n + lid, p.N - 1u)];
    }
    workgroupBarrier();
    for (var k = 0u; k < p.times; k++) {
        if (lid == 0u) { count(n); }
        if (workgroupUniformLoad(&sh_going) == 0u) { break; }
        embed(lid, p.embed);
        for (var l = 0u; l < p.layers; l++) {
            let at = l * p.stride;
            let norms = l * p.normStride;
            attention(lid, n, p.norm1 + norms, p.qkv + at, l * p.base);
            feed(lid, p.wo + at, p.norm2 + norms, p.gateUp + at, p.down + at);
        }
        next(lid, n, p.norm, p.head);
    }
    if (lid < R && n + lid < p.N) {
        at[n + lid] = sh_at[lid];
        row[n + lid] = sh_row[lid];
    }
}
