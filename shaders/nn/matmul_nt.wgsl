// Linear layer.
//
//   y[n,o] = Σ_i x[n,i] · w[o,i]
//
// x: [N, I]; w: [O, I]; y: [N, O rounded up to 4], padding columns 0.
// One invocation computes R rows (r) by S columns (s).

#import shared/panels

struct Params { N: u32, O: u32, I: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
#import shared/weights
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const R: u32 = 4u; // tunable
const S: u32 = 4u; // tunable

fn depth() -> u32 { return p.I / 4u; }
fn width() -> u32 { return (p.O + 3u) / 4u * 4u; }
fn columns() -> u32 { return (width() + S - 1u) / S; }
fn column(x: u32, s: u32) -> u32 { return min(x * S + s, p.O - 1u); }

@compute @workgroup_size(8, TALL)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    #import shared/product_nt
    let o = at.x * S;
    if (n + r < p.N && o + s < width()) { y[(n + r) * width() + o + s] = select(0.0, y_r_s, o + s < p.O); } // each r s
}
