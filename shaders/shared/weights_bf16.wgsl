// As shared/weights, in the storage BF16: the upper halves of two float32 a word, the first column in the lower half.
@group(0) @binding(2) var<storage, read> w: array<vec2u>;

fn weight(i: u32) -> vec4f {
    let u = w[i];
    return bitcast<vec4f>(vec4u(u.x << 16u, u.x & 0xffff0000u, u.y << 16u, u.y & 0xffff0000u));
}

