// Root-mean-square norm of every row.
//
//   rstd[n] = 1 / sqrt(mean_d x[n,d]² + eps)
//   y[n,d]  = x[n,d] · rstd[n] · w[d]
//
// x, y: [N, D]; w: [D]; rstd: [N], saved for the backward pass. One invocation a row.

#import shared/linear

struct Params { N: u32, D: u32, eps: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let n = linear(gid, groups, WG);
    if (n >= p.N) { return; }
    let D4 = p.D / 4u;
    var square = 0.0;
    for (var d = 0u; d < D4; d++) {
        let v = x[n * D4 + d];
        square += dot(v, v);
    }
    let r = inverseSqrt(square / f32(p.D) + p.eps);
    rstd[n] = r;
    for (var d = 0u; d < D4; d++) {
        y[n * D4 + d] = x[n * D4 + d] * r * w[d];
    }
}
