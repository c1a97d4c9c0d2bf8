// The feed-forward part's first half: gate and up in one product, and the gated activation.
//
//   gate = x · w[f]ᵀ,  up = x · w[F+f]ᵀ,  s = silu(gate) · up,  silu(g) = g / (1 + e^−g)
//
// x: [N, D]; w: [2F, D]; gu: [N, 2F], gate then up, which the backward pass reads; s: [N, F].
// An invocation computes R rows (r) by 4 features (q), a gate and an up of each.

#import shared/sigmoid

struct Params { N: u32, D: u32, F: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gu: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> s: array<vec4f>;

// store writes four gates, four ups and their activations of one row.
fn store(n: u32, f: u32, gate: vec4f, up: vec4f) {
    let F4 = p.F / 4u;
    gu[n * 2u * F4 + f] = gate;
    gu[(n * 2u + 1u) * F4 + f] = up;
    s[n * F4 + f] = gate * sigmoid(gate) * up;
}

const R: u32 = 4u; // tunable

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    let f = gid.x;
    let n = gid.y * R;
    if (n >= p.N || f >= p.F / 4u) { return; }
    let D4 = p.D / 4u;
    let x_r = min(n + r, p.N - 1u) * D4; // each r
    let gate_q = (4u * f + q) * D4; // each q
    let up_q = gate_q + p.F * D4; // each q
    var a_r_q = 0.0; // each r q
    var b_r_q = 0.0; // each r q
    for (var d = 0u; d < D4; d++) {
        let v_r = x[x_r + d]; // each r
        let g_q = w[gate_q + d]; // each q
        let u_q = w[up_q + d]; // each q
        a_r_q += dot(v_r, g_q); // each r q
        b_r_q += dot(v_r, u_q); // each r q
    }
    if (n + r < p.N) { store(n + r, f, vec4f(a_r_0, a_r_1, a_r_2, a_r_3), vec4f(b_r_0, b_r_1, b_r_2, b_r_3)); } // each r
}
