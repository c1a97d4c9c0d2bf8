// Backward of a linear layer y = x·wᵀ.
//
//   dx[n,i]     = Σ_o dy[n,o] · w[o,i]
//   part[z,o,i] = Σ_{n in part z} dy[n,o] · x[n,i]     sum_parts adds them up to dw
//
// dy: [N, O rounded up to 4], padding columns 0; w: [O, I]; x, dx: [N, I]; part: Z rows of
// stride words. Workgroups of shared/linear_bwd.

#import shared/linear_bwd

struct Params { N: u32, O: u32, I: u32, Z: u32, stride: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
#import shared/weights
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> part: array<vec4f>;

fn store(n: u32, i: u32, v: vec4f) {
    dx[n * (p.I / 4u) + i] = v;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    both(wid, lid);
}
