// The norm of the gradient from its partial sums of squares.
//
//   norm = (√Σ_i partial[i], 0, 0, 0)
//
// partial: [P]; norm: [4]. One workgroup.

#import shared/total

struct Params { n: u32, P: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<vec4f>;

const WG: u32 = 64u;

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) lid: u32) {
    var part = 0.0;
    for (var i = lid; i < p.P; i += WG) {
        part += partial[i];
    }
    let sum = total(lid, part);
    if (lid == 0u) {
        norm[0] = vec4f(sqrt(sum), 0.0, 0.0, 0.0);
    }
}
