// What shared/save has saved, for nn/down_bwd. saved(i) returns words 4i to 4i+3.
@group(0) @binding(4) var<storage, read> gu: array<vec4f>;

fn saved(i: u32) -> vec4f { return gu[i]; }
