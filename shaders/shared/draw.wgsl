// Draws a token from a row of logits, shared by decode/sample and the kernels that hold the logits in workgroup memory.
//
//   weight[v] = exp((logit[v] − max)/temperature), greedy where temperature is 0
//   top-k: tokens not below the k-th largest weight; then top-p: of these, the
//   fewest largest ones with at least p of their weight. Equal weights stay together.
//   token = first one, in token order, whose running sum exceeds random · sum
//
// The kernel that imports this declares the parameters p (V, seed, step, topK, topP, temperature), logits4(n, v), which reads the
// words 4v to 4v+3 of row n, and setLogits(n, v, words), which writes them.

#import shared/random

// The logit of a padding column: its exponential is 0.
const PADDING = vec4f(-1e30);
const ZERO = vec4f();
const ONE = vec4f(1.0);

// width is V4/4, the words of four in a row of logits.
fn width() -> u32 { return (p.V + 3u) / 4u; }

// logit reads tokens 4v to 4v+3 of row n.
fn logit(n: u32, v: u32) -> vec4f {
    return select(PADDING, logits4(n, v), 4u * v + vec4u(0u, 1u, 2u, 3u) < vec4u(p.V));
}

// kept returns the sum and the number of row n's weights of at least cut. Non-negative
// floats have the order of their bits.
fn kept(n: u32, cut: u32) -> vec2f {
    var sum = ZERO;
    var count = ZERO;
    for (var v = 0u; v < width(); v++) {
        let w = logits4(n, v);
        let on = bitcast<vec4u>(w) >= vec4u(cut);
        sum += select(ZERO, w, on);
        count += select(ZERO, ONE, on);
    }
    return vec2f(dot(sum, ONE), dot(count, ONE));
}

// cutoff returns the highest cut that leaves at least the given sum and number of
// weights. It finds the cut bit by bit, from the highest bit that a weight of 1 has.
fn cutoff(n: u32, least: vec2f) -> u32 {
    var cut = 0u;
    for (var bit = 1u << 29u; bit > 0u; bit >>= 1u) {
        if (all(kept(n, cut | bit) >= least)) { cut |= bit; }
    }
    return cut;
}

// byWeight picks a token of row n by its weight with the random number u; top is the
// largest logit and best its token.
fn byWeight(n: u32, top: f32, best: u32, u: f32) -> u32 {
    for (var v = 0u; v < width(); v++) {
        setLogits(n, v, exp((logit(n, v) - top) / p.temperature));
    }
    var cut = 0u;
    if (p.topK > 0u && p.topK < p.V) {
        cut = cutoff(n, vec2f(0.0, f32(p.topK)));
    }
    if (p.topP < 1.0) {
        cut = cutoff(n, vec2f(p.topP * kept(n, cut).x, 1.0));
    }
    let goal = u * kept(n, cut).x;
    var chosen = best;
    var sum = 0.0;
    for (var v = 0u; v < p.V; v++) {
        let w = logits4(n, v / 4u)[v % 4u];
        if (w > 0.0 && bitcast<u32>(w) >= cut) {
            chosen = v; // the last one is taken if rounding keeps the sum below the goal
            sum += w;
            if (sum > goal) { break; }
        }
    }
    return chosen;
}

// Drawn is a token with its log-probability and the entropy of its distribution, both at temperature 1.
struct Drawn { token: u32, logp: f32, entropy: f32 }

// draw draws the token at a position of a sequence from the logits of row n, which the weights overwrite.
fn draw(n: u32, sequence: u32, position: u32) -> Drawn {
    var top = PADDING.x;
    var best = 0u;
    for (var v = 0u; v < width(); v++) {
        let l = logit(n, v);
        let m = max(max(l.x, l.y), max(l.z, l.w));
        if (m > top) {
            top = m;
            best = 4u * v + select(select(select(3u, 2u, l.z == m), 1u, l.y == m), 0u, l.x == m);
        }
    }
    var sum = 0.0;
    var moment = 0.0; // Σ exp(z)·z with z = logit − top
    for (var v = 0u; v < width(); v++) {
        let z = logit(n, v) - top;
        let e = exp(z);
        sum += dot(e, ONE);
        moment += dot(e, z);
    }
    let entropy = log(sum) - moment / sum;

    var chosen = best;
    var z = 0.0;
    if (p.temperature > 0.0) {
        chosen = byWeight(n, top, best, random(vec4u(p.seed, p.step, sequence, position)));
        z = p.temperature * log(logits4(n, chosen / 4u)[chosen % 4u]);
    }
    return Drawn(chosen, z - log(sum), entropy);
}
