// Backward of the feed-forward part's second half, y = silu(gate)·up·wᵀ.
//
//   ds = dy · w, which is not stored;   σ = sigmoid(gate)
//   dup = ds · gate·σ,   dgate = ds · up · σ·(1 + gate·(1 − σ))
//   part[z,o,f] = Σ_{n in part z} dy[n,o] · x[n,f]     sum_parts adds them up to dw
//
// dy: [N, O], O a multiple of 4; w: [O, I]; x: [N, I], silu(gate)·up of the forward pass; gu,
// dgu: [N, 2I], gate then up; part: Z rows of stride words. Workgroups of shared/linear_bwd.

#import shared/linear_bwd
#import shared/sigmoid

struct Params { N: u32, O: u32, I: u32, Z: u32, stride: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
#import shared/weights
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
#import shared/saved
@group(0) @binding(5) var<storage, read_write> dgu: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> part: array<vec4f>;

fn store(n: u32, i: u32, ds: vec4f) {
    let F4 = p.I / 4u;
    let at = n * 2u * F4 + i;
    let gate = saved(at);
    let up = saved(at + F4);
    let s = sigmoid(gate);
    dgu[at] = ds * up * s * (1.0 + gate * (1.0 - s));
    dgu[at + F4] = ds * gate * s;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_id) lid: vec3u) {
    both(wid, lid);
}
