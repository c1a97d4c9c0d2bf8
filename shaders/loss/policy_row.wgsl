// The clipped policy loss of rows of logits and its gradient in their place, for large vocabularies.
//
//   l[n,v] = scale · logits[n,v]; logp, entropy H: of softmax(l[n])
//   ratio  = exp(logp − old)
//   s      = min(ratio·A, clamp(ratio, 1 − lo, 1 + hi)·A); if A < 0 and dual > 0: max(s, dual·A)
//   k3     = exp(d) − d − 1 with d = ref − logp
//   loss   = weight · (−s + beta·k3 − ent·H)
//
// targets: [N]; roll: [N, 4] = (old, ref, A, weight); dlogits: [N, V4], the logits before, ∂Σloss/∂logits after, padding 0; stat: [N, 8]
// = (logp, entropy, ratio, k3, 1 where clipped, loss, 0, 0). One workgroup a row.

#import shared/linear
#import shared/logits_row

struct Params {
    N: u32, V: u32, scale: f32,
    lo: f32, hi: f32, dual: f32, beta: f32, ent: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read> roll: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dlogits: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> stat: array<vec4f>;

// Differences of log-probabilities are clamped to ±LIMIT; beyond it their slope is 0.
const LIMIT = 20.0;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lid: u32, @builtin(num_workgroups) groups: vec3u) {
    let n = linear(wid, groups, 1u);
    if (n >= p.N) { return; }
    let s = forward(lid, n);
    let r = roll[n];
    let A = r.z;
    let w = select(0.0, r.w, s.known);

    let moved = s.logp - r.x;
    let ratio = exp(clamp(moved, -LIMIT, LIMIT));
    let free = ratio * A;
    let held = clamp(ratio, 1.0 - p.lo, 1.0 + p.hi) * A;
    let surrogate = min(free, held);
    let floored = A < 0.0 && p.dual > 0.0 && surrogate < p.dual * A;
    let clipped = held < free || floored;
    let slope = select(free, 0.0, clipped || abs(moved) > LIMIT);

    let away = r.y - s.logp;
    let d = clamp(away, -LIMIT, LIMIT);
    let k3 = exp(d) - d - 1.0;
    let k3_slope = select(1.0 - exp(d), 0.0, abs(away) > LIMIT);

    backward(lid, n, s, w * (p.beta * k3_slope - slope), -w * p.ent);
    if (lid == 0u) {
        let loss = w * (p.beta * k3 - select(surrogate, p.dual * A, floored) - p.ent * s.entropy);
        stat[2u * n] = vec4f(s.logp, s.entropy, ratio, k3);
        stat[2u * n + 1u] = vec4f(select(0.0, 1.0, clipped), loss, 0.0, 0.0);
    }
}
