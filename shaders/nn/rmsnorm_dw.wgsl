// Gradient of the norm's gain, in Z parts over the tokens, which sum_parts adds up.
//
//   part[z,d] = Σ_{n in part z} dy[n,d] · x[n,d] · rstd[n]
//
// dy, x: [N, D]; rstd: [N]; part: [Z, D]. One invocation computes 4 words of a part.

struct Params { N: u32, D: u32, Z: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read_write> part: array<vec4f>;

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    let D4 = p.D / 4u;
    let d = gid.x;
    let z = gid.y;
    if (d >= D4 || z >= p.Z) { return; }
    let rows = (p.N + p.Z - 1u) / p.Z;
    var sum = vec4f();
    for (var n = z * rows; n < min((z + 1u) * rows, p.N); n++) {
        sum += dy[n * D4 + d] * x[n * D4 + d] * rstd[n];
    }
    part[z * D4 + d] = sum;
}
