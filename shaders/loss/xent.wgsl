// Logits, cross-entropy and its gradient in one kernel.
//
//   l[n,v]       = scale · h[n]·head[v]
//   logp[n]      = l[n,target] − log Σ_v exp l[n,v]
//   loss[n]      = −weight[n] · logp[n]
//   dlogits[n,v] = scale · weight[n] · (softmax(l[n])[v] − [v = target])
//
// h: [N, D]; head: [V, D]; targets, weight: [N]; dlogits: [N, V4] with V4 = V
// rounded up to a multiple of 4, padding 0; stat: [N, 4] = (logp, entropy, loss,
// 1 where no token is likelier than the target). One invocation computes four rows.

#import shared/linear
#import shared/logits

struct Params { N: u32, D: u32, V: u32, scale: f32 }

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> h: array<vec4f>;
@group(0) @binding(2) var<storage, read> head: array<vec4f>;
@group(0) @binding(3) var<storage, read> targets: array<u32>;
@group(0) @binding(4) var<storage, read> weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> dlogits: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> stat: array<vec4f>;

const WG: u32 = 64u; // tunable

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let n = 4u * linear(gid, groups, WG);
    if (n >= p.N) { return; }
    let r = four(n);
    let s = forward(r);
    let w = select(vec4f(), vec4f(weight[r.x], weight[r.y], weight[r.z], weight[r.w]), s.known);
    backward(r, s, -w, vec4f());

    let right = select(vec4f(), vec4f(1.0), s.known & (s.logp >= s.top - s.lse));
    let stats = transpose(mat4x4f(s.logp, s.entropy, -w * s.logp, right));
    stat[r.x] = stats[0];
    stat[r.y] = stats[1];
    stat[r.z] = stats[2];
    stat[r.w] = stats[3];
}
