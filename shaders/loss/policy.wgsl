// Logits, the clipped policy loss and its gradient in one kernel.
//
//   l[n,v] = scale · h[n]·head[v]; logp, entropy H: of softmax(l[n])
//   ratio  = exp(logp − old)
//   s      = min(ratio·A, clamp(ratio, 1 − lo, 1 + hi)·A); if A < 0 and dual > 0: max(s, dual·A)
//   k3     = exp(d) − d − 1 with d = ref − logp
//   loss   = weight · (−s + beta·k3 − ent·H)
//
// h: [N, D]; head: [V, D]; targets: [N]; roll: [N, 4] = (old, ref, A, weight);
// dlogits: [N, V4] = ∂Σloss/∂(h·head), padding 0; stat: [N, 8] = (logp, entropy,
// ratio, k3, 1 where clipped, loss, 0, 0). One invocation computes four rows.

#import shared/linear
#import shared/logits

struct Params {
    N: u32, D: u32, V: u32, scale: f32,
    lo: f32, hi: f32, dual: f32, beta: f32, ent: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> h: array<vec4f>;
@group(0) @binding(2) var<storage, read> head: array<vec4f>;
@group(0) @binding(3) var<storage, read> targets: array<u32>;
@group(0) @binding(4) var<storage, read> roll: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dlogits: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> stat: array<vec4f>;

const WG: u32 = 64u; // tunable

// Differences of log-probabilities are clamped to ±LIMIT; beyond it their slope is 0.
const LIMIT = vec4f(20.0);
const ZERO = vec4f();
const ONE = vec4f(1.0);

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let n = 4u * linear(gid, groups, WG);
    if (n >= p.N) { return; }
    let r = four(n);
    let s = forward(r);
    let rolls = transpose(mat4x4f(roll[r.x], roll[r.y], roll[r.z], roll[r.w]));
    let A = rolls[2];
    let w = select(ZERO, rolls[3], s.known);

    let moved = s.logp - rolls[0];
    let ratio = exp(clamp(moved, -LIMIT, LIMIT));
    let free = ratio * A;
    let held = clamp(ratio, vec4f(1.0 - p.lo), vec4f(1.0 + p.hi)) * A;
    let surrogate = min(free, held);
    let floored = (A < ZERO) & vec4<bool>(p.dual > 0.0) & (surrogate < p.dual * A);
    let clipped = (held < free) | floored;
    let slope = select(free, ZERO, clipped | (abs(moved) > LIMIT));

    let away = rolls[1] - s.logp;
    let d = clamp(away, -LIMIT, LIMIT);
    let k3 = exp(d) - d - ONE;
    let k3_slope = select(ONE - exp(d), ZERO, abs(away) > LIMIT);

    backward(r, s, w * (p.beta * k3_slope - slope), -w * p.ent);

    let loss = w * (p.beta * k3 - select(surrogate, p.dual * A, floored) - p.ent * s.entropy);
    let front = transpose(mat4x4f(s.logp, s.entropy, ratio, k3));
    let back = transpose(mat4x4f(select(ZERO, ONE, clipped), loss, ZERO, ZERO));
    stat[2u * r.x] = front[0];
    stat[2u * r.y] = front[1];
    stat[2u * r.z] = front[2];
    stat[2u * r.w] = front[3];
    stat[2u * r.x + 1u] = back[0];
    stat[2u * r.y + 1u] = back[1];
    stat[2u * r.z + 1u] = back[2];
    stat[2u * r.w + 1u] = back[3];
}
