// As shared/weights, in the storage Q8: blocks of 32 columns, nine words each: a scale in float32, then 32 signed bytes.
//   w = scale · byte
@group(0) @binding(2) var<storage, read> w: array<u32>;

fn weight(i: u32) -> vec4f {
    let block = i / 8u * 9u;
    let q = w[block + 1u + i % 8u];
    return bitcast<f32>(w[block]) * vec4f(vec4i(vec4u(q << 24u, q << 16u, q << 8u, q)) >> vec4u(24u));
}

