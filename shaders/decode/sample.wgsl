// Draws the next token of every active row from its logits and advances the row.
//
// How it draws stands in shared/draw.
//
// logits: [N, V4] with V4 = V rounded up to a multiple of 4, overwritten by the weights;
// at: [N] (slot, position, –, –); token: [N]; row: [N] (tokens left, tokens drawn,
// sequence, –); out: [N, M] tokens drawn; stat: [N, M] their log-probability and
// the entropy, both at temperature 1 over the whole vocabulary.
// One invocation a row; a row with no tokens left does not change.

#import shared/linear
#import shared/draw

struct Params {
    N: u32, V: u32, M: u32, eos: u32, seed: u32, step: u32,
    topK: u32, topP: f32, temperature: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> at: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> token: array<u32>;
@group(0) @binding(4) var<storage, read_write> row: array<vec4u>;
@group(0) @binding(5) var<storage, read_write> out: array<u32>;
@group(0) @binding(6) var<storage, read_write> stat: array<vec2f>;

const WG: u32 = 64u; // tunable

fn logits4(n: u32, v: u32) -> vec4f { return logits[n * width() + v]; }

fn setLogits(n: u32, v: u32, words: vec4f) { logits[n * width() + v] = words; }

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let n = linear(gid, groups, WG);
    if (n >= p.N) { return; }
    let state = row[n];
    let made = state.y;
    if (state.x == 0u || made >= p.M) { return; }

    let position = at[n].y + 1u;
    let drawn = draw(n, state.z, position);
    out[n * p.M + made] = drawn.token;
    stat[n * p.M + made] = vec2f(drawn.logp, drawn.entropy);
    token[n] = drawn.token;
    at[n].y = position;
    row[n] = vec4u(select(state.x - 1u, 0u, drawn.token == p.eos), made + 1u, state.z, state.w);
}
