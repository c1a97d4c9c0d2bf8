// Gradient of the embedding: the row of a token sums the gradients of its positions.
//
//   dembed[v] += Σ_{n: token[n] = v} dx[n]
//
// order: [N], the positions n sorted by token; first: [V+1], where each token's
// run in order begins; dx: [N, D]; dembed: [V, D]. One invocation sums 4 features
// of one token in a fixed order, so that the result is the same in every run.

#import shared/linear

struct Params { N: u32, D: u32, V: u32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read> first: array<u32>;
@group(0) @binding(3) var<storage, read> dx: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dembed: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let i = linear(gid, groups, WG);
    let D4 = p.D / 4u;
    if (i >= p.V * D4) { return; }
    let v = i / D4;
    var sum = dembed[i];
    for (var k = first[v]; k < first[v + 1u]; k++) {
        sum += dx[order[k] * D4 + i % D4];
    }
    dembed[i] = sum;
}
