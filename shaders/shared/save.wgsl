// Where nn/gate_up_fwd saves gates and ups for the backward pass, gu: [N, 2F]. save(i, v) writes words 4i to 4i+3.
@group(0) @binding(3) var<storage, read_write> gu: array<vec4f>;

fn save(i: u32, v: vec4f) { gu[i] = v; }
