// As shared/saved, of shared/save_f16.
@group(0) @binding(4) var<storage, read> gu: array<vec2u>;

fn saved(i: u32) -> vec4f { return vec4f(unpack2x16float(gu[i].x), unpack2x16float(gu[i].y)); }
