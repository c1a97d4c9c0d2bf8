// The feed-forward part's first half: gate and up in one product, and the gated activation.
//
//   gate = x · w[f]ᵀ,  up = x · w[F+f]ᵀ,  s = silu(gate) · up,  silu(g) = g / (1 + e^−g)
//
// x: [N, D]; w: [2F, D]; gu: [N, 2F], gate then up, which the backward pass reads; s: [N, F].
// An invocation computes R rows (r) by 4 features, a gate and an up of each.

#import shared/panels
#import shared/sigmoid

struct Params { N: u32, D: u32, F: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
#import shared/weights
#import shared/save
@group(0) @binding(4) var<storage, read_write> s: array<vec4f>;

// store writes four gates, four ups and their activations of one row.
fn store(n: u32, f: u32, gate: vec4f, up: vec4f) {
    let F4 = p.F / 4u;
    save(n * 2u * F4 + f, gate);
    save((n * 2u + 1u) * F4 + f, up);
    s[n * F4 + f] = gate * sigmoid(gate) * up;
}

const R: u32 = 4u; // tunable
const S: u32 = 8u; // tunable

// Invocation x computes features 4x to 4x+3: four gates, then four ups.
fn depth() -> u32 { return p.D / 4u; }
fn columns() -> u32 { return p.F / 4u; }
fn column(x: u32, s: u32) -> u32 { return 4u * x + s % 4u + s / 4u * p.F; }

@compute @workgroup_size(8, TALL)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    #import shared/product_nt
    if (n + r < p.N) { store(n + r, at.x, vec4f(y_r_0, y_r_1, y_r_2, y_r_3), vec4f(y_r_4, y_r_5, y_r_6, y_r_7)); } // each r
}
