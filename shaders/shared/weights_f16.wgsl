// As shared/weights, in the storage F16: 1024 times two columns a word in half precision, the first in the lower half.
@group(0) @binding(2) var<storage, read> w: array<vec2u>;

fn weight(i: u32) -> vec4f {
    let u = w[i];
    return vec4f(unpack2x16float(u.x), unpack2x16float(u.y)) / 1024.0;
}

