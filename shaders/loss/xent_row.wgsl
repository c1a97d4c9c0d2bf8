// Cross-entropy of rows of logits and its gradient in their place, for large vocabularies.
//
//   l[n,v]       = scale · logits[n,v]
//   logp[n]      = l[n,target] − log Σ_v exp l[n,v]
//   loss[n]      = −weight[n] · logp[n]
//   dlogits[n,v] = scale · weight[n] · (softmax(l[n])[v] − [v = target])
//
// targets, weight: [N]; dlogits: [N, V4] with V4 = V rounded up to a multiple of 4, the logits before, padding 0 after; stat: [N, 4] =
// (logp, entropy, loss, 1 where no token is likelier than the target). One workgroup a row.

#import shared/linear
#import shared/logits_row

struct Params { N: u32, V: u32, scale: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> dlogits: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> stat: array<vec4f>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) wid: vec3u, @builtin(local_invocation_index) lid: u32, @builtin(num_workgroups) groups: vec3u) {
    let n = linear(wid, groups, 1u);
    if (n >= p.N) { return; }
    let s = forward(lid, n);
    let w = select(0.0, weight[n], s.known);
    backward(lid, n, s, -w, 0.0);
    if (lid == 0u) {
        stat[n] = vec4f(s.logp, s.entropy, -w * s.logp, select(0.0, 1.0, s.known && s.logp >= s.top - s.lse));
    }
}
