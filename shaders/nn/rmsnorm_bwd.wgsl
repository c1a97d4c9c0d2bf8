// Gradient of the norm's input, added to the gradient of the residual stream.
//
//   x̂ = x·rstd,  g = dy·w,  dx[n] += rstd · (g − x̂ · mean_d(g·x̂))
//
// dy, x, dx: [N, D]; w: [D]; rstd: [N]. One invocation a row.

#import shared/linear

struct Params { N: u32, D: u32, eps: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> w: array<vec4f>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let n = linear(gid, groups, WG);
    if (n >= p.N) { return; }
    let D4 = p.D / 4u;
    let r = rstd[n];
    var along = 0.0;
    for (var d = 0u; d < D4; d++) {
        along += dot(dy[n * D4 + d] * w[d], x[n * D4 + d] * r);
    }
    along /= f32(p.D);
    for (var d = 0u; d < D4; d++) {
        dx[n * D4 + d] += r * (dy[n * D4 + d] * w[d] - x[n * D4 + d] * (r * along));
    }
}
