// Draws the next token of every active row from its logits and advances the row, as decode/sample does, for large vocabularies: one
// workgroup a row.
//
//   weight[v] = exp((logit[v] − max)/temperature), greedy where temperature is 0
//   top-k: tokens not below the k-th largest weight; then top-p: of these, the
//   fewest largest ones with at least p of their weight. Equal weights stay together.
//   token = first one, in token order, whose running sum exceeds random · sum
//
// logits: [N, V4] with V4 = V rounded up to a multiple of 4, overwritten by the weights; at: [N] (slot, position, –, –); token: [N];
// row: [N] (tokens left, tokens drawn, sequence, –); out: [N, M] tokens drawn; stat: [N, M] their log-probability and the entropy, both
// at temperature 1 over the whole vocabulary. A row with no tokens left does not change.

#import shared/linear
#import shared/random
#import shared/row

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

// The logit of a padding column: its exponential is 0.
const PADDING = vec4f(-1e30);
const ONE = vec4f(1.0);

var<workgroup> sh_state: vec4u; // tokens left, tokens drawn, sequence, position to draw

// width is V4/4, the words of four in a row of logits.
fn width() -> u32 { return (p.V + 3u) / 4u; }

// logit reads tokens 4v to 4v+3 of the row that begins at word first.
fn logit(first: u32, v: u32) -> vec4f {
    return select(PADDING, logits[first + v], 4u * v + vec4u(0u, 1u, 2u, 3u) < vec4u(p.V));
}

// kept returns the sum and the number of the row's weights of at least cut. Non-negative floats have the order of their bits.
fn kept(lid: u32, first: u32, cut: u32) -> vec2f {
    var sum = vec4f();
    var count = vec4f();
    for (var v = lid; v < width(); v += WG) {
        let w = logits[first + v];
        let on = bitcast<vec4u>(w) >= vec4u(cut);
        sum += select(vec4f(), w, on);
        count += select(vec4f(), ONE, on);
    }
    return rowSum(lid, vec2f(dot(sum, ONE), dot(count, ONE)));
}

// cutoff returns the highest cut that leaves at least the given sum and number of weights. It finds the cut bit by bit, from the
// highest bit that a weight of 1 has.
fn cutoff(lid: u32, first: u32, least: vec2f) -> u32 {
    var cut = 0u;
    for (var bit = 1u << 29u; bit > 0u; bit >>= 1u) {
        if (all(kept(lid, first, cut | bit) >= least)) { cut |= bit; }
    }
    return cut;
}

// byWeight picks a token by its weight with the random number u. The invocation that finds it returns it, all others V; best is
// returned where there is nothing to draw.
fn byWeight(lid: u32, first: u32, top: f32, best: u32, u: f32) -> u32 {
    for (var v = lid; v < width(); v += WG) {
        logits[first + v] = exp((logit(first, v) - top) / p.temperature);
    }
    var cut = 0u;
    if (p.topK > 0u && p.topK < p.V) {
        cut = cutoff(lid, first, vec2f(0.0, f32(p.topK)));
    }
    if (p.topP < 1.0) {
        cut = cutoff(lid, first, vec2f(p.topP * kept(lid, first, cut).x, 1.0));
    }
    // The running sum goes by blocks of neighbouring words, one of each invocation.
    storageBarrier();
    workgroupBarrier();
    let block = (width() + WG - 1u) / WG;
    let start = min(lid * block, width());
    let stop = min(start + block, width());
    var own = 0.0;
    for (var v = start; v < stop; v++) {
        let w = logits[first + v];
        own += dot(select(vec4f(), w, bitcast<vec4u>(w) >= vec4u(cut)), ONE);
    }
    sh_each[lid] = vec2f(own, 0.0);
    workgroupBarrier();
    var sum = 0.0;
    var owner = 0u; // the block that holds the token; the last one with weight if rounding keeps the sum below the goal
    for (var i = 0u; i < WG; i++) {
        sum += sh_each[i].x;
        if (sh_each[i].x > 0.0) { owner = i; }
    }
    let goal = u * sum;
    sum = 0.0;
    for (var i = 0u; i < WG; i++) {
        if (sum + sh_each[i].x > goal) {
            owner = i;
            break;
        }
        sum += select(0.0, sh_each[i].x, i < owner);
    }
    if (lid != owner) { return p.V; }
    var chosen = best;
    for (var v = 4u * start; v < min(4u * stop, p.V); v++) {
        let w = logits[first + v / 4u][v % 4u];
        if (w > 0.0 && bitcast<u32>(w) >= cut) {
            chosen = v;
            sum += w;
            if (sum > goal) { break; }
        }
    }
    return chosen;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lid: u32, @builtin(num_workgroups) groups: vec3u) {
    let n = linear(wid, groups, 1u);
    if (n >= p.N) { return; }
    if (lid == 0u) { sh_state = vec4u(row[n].xyz, at[n].y + 1u); }
    let state = workgroupUniformLoad(&sh_state);
    let made = state.y;
    if (state.x == 0u || made >= p.M) { return; }
    let first = n * width();
    let position = state.w;

    var top = PADDING.x;
    var best = 0u;
    for (var v = lid; v < width(); v += WG) {
        let l = logit(first, v);
        let m = max(max(l.x, l.y), max(l.z, l.w));
        if (m > top) {
            top = m;
            best = 4u * v + select(select(select(3u, 2u, l.z == m), 1u, l.y == m), 0u, l.x == m);
        }
    }
    let own = top;
    top = rowMax(lid, own);
    best = min(u32(-rowMax(lid, select(-f32(p.V), -f32(best), own == top))), p.V - 1u); // the lowest of equals

    var sum = vec4f();
    var moment = vec4f(); // Σ exp(z)·z with z = logit − top
    for (var v = lid; v < width(); v += WG) {
        let z = logit(first, v) - top;
        let e = exp(z);
        sum += e;
        moment += e * z;
    }
    let whole = rowSum(lid, vec2f(dot(sum, ONE), dot(moment, ONE)));

    var chosen = select(p.V, best, lid == 0u);
    var z = 0.0;
    if (p.temperature > 0.0) {
        chosen = byWeight(lid, first, top, best, random(vec4u(p.seed, p.step, state.z, position)));
        if (chosen < p.V) { z = p.temperature * log(logits[first + chosen / 4u][chosen % 4u]); }
    }
    if (chosen >= p.V) { return; }
    out[n * p.M + made] = chosen;
    stat[n * p.M + made] = vec2f(z - log(whole.x), log(whole.x) - whole.y / whole.x);
    token[n] = chosen;
    at[n].y = position;
    row[n] = vec4u(select(state.x - 1u, 0u, chosen == p.eos), made + 1u, state.z, row[n].w);
}
