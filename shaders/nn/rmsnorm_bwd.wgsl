// Gradients of the norm: of its input, added to the gradient of the residual stream, and
// of its gain, in parts of WG tokens, which sum_parts adds up.
//
//   x̂ = x·rstd,  g = dy·w,  dx[n] = rstd · (g − x̂ · mean_d(g·x̂)), plus dx[n] where keep is 1
//   part[z, first+d] = Σ_{n in part z} dy[n,d] · x̂[n,d]
//
// dy, x, dx: [N, D]; w: [D]; rstd: [N]; part: rows of stride words. One invocation a row
// of dx, then 4 words of the workgroup's part.

#import shared/linear

struct Params { N: u32, D: u32, keep: u32, stride: u32, first: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> w: array<vec4f>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> part: array<vec4f>;

const WG: u32 = 64u;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(local_invocation_index) lid: u32, @builtin(num_workgroups) groups: vec3u) {
    let n = linear(gid, groups, WG);
    let first = n - lid; // row of the workgroup
    if (first >= p.N) { return; }
    let D4 = p.D / 4u;
    if (n < p.N) {
        let r = rstd[n];
        var along = 0.0;
        for (var d = 0u; d < D4; d++) {
            along += dot(dy[n * D4 + d] * w[d], x[n * D4 + d] * r);
        }
        along /= f32(p.D);
        for (var d = 0u; d < D4; d++) {
            let slope = r * (dy[n * D4 + d] * w[d] - x[n * D4 + d] * (r * along));
            dx[n * D4 + d] = slope + select(vec4f(), dx[n * D4 + d], p.keep == 1u);
        }
    }
    for (var d = lid; d < D4; d += WG) {
        var sum = vec4f();
        for (var i = first; i < min(first + WG, p.N); i++) {
            sum += dy[i * D4 + d] * x[i * D4 + d] * rstd[i];
        }
        part[(first / WG * p.stride + p.first) / 4u + d] = sum;
    }
}
