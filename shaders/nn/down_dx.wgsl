// Gradient of the inputs of the feed-forward part's second half, y = silu(gate)·up·wᵀ, whose weight is frozen, in any storage.
//
//   ds = dy · w, which is not stored;   σ = sigmoid(gate)
//   dup = ds · gate·σ,   dgate = ds · up · σ·(1 + gate·(1 − σ))
//
// dy: [N, O], O a multiple of 4; w: [O, I]; gu, dgu: [N, 2I], gate then up. One invocation computes R rows (r) by S/4 columns of four (s).

#import shared/panels
#import shared/sigmoid

struct Params { N: u32, O: u32, I: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
#import shared/weights
@group(0) @binding(3) var<storage, read> gu: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dgu: array<vec4f>;

const R: u32 = 4u; // tunable
const S: u32 = 4u; // tunable

fn store(n: u32, i: u32, ds: vec4f) {
    let F4 = p.I / 4u;
    let at = n * 2u * F4 + i;
    let gate = gu[at];
    let up = gu[at + F4];
    let s = sigmoid(gate);
    dgu[at] = ds * up * s * (1.0 + gate * (1.0 - s));
    dgu[at + F4] = ds * gate * s;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    let I4 = p.I / 4u;
    let O4 = (p.O + 3u) / 4u;
    let row4 = O4;
    let first4 = 0u;
    let n = (8u * wid.y + lid.y) * R;
    let i = (8u * wid.x + lid.x) * (S / 4u);
    #import shared/product_nn
    if (n + r < p.N && i + s < I4) { store(n + r, i + s, x_r_s); } // each r s
}
