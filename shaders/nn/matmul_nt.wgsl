// Linear layer.
//
//   y[n,o] = Σ_i x[n,i] · w[o,i]
//
// x: [N, I]; w: [O, I]; y: [N, O rounded up to 4], padding columns 0.
// One invocation computes a tile of R rows (r) by S columns (s) in registers, without
// barriers; rows beyond the edge repeat the last one and are not stored.

struct Params { N: u32, O: u32, I: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const R: u32 = 4u; // tunable
const S: u32 = 4u; // tunable

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    let n = gid.y * R;
    let o = gid.x * S;
    let width = (p.O + 3u) / 4u * 4u;
    if (n >= p.N || o >= width) { return; }
    let I4 = p.I / 4u;
    let x_r = min(n + r, p.N - 1u) * I4; // each r
    let w_s = min(o + s, p.O - 1u) * I4; // each s
    var y_r_s = 0.0; // each r s
    for (var i = 0u; i < I4; i++) {
        let a_r = x[x_r + i]; // each r
        let b_s = w[w_s + i]; // each s
        y_r_s += dot(a_r, b_s); // each r s
    }
    if (n + r < p.N && o + s < width) { y[(n + r) * width + o + s] = select(0.0, y_r_s, o + s < p.O); } // each r s
}
