// As shared/weights, in the storage Q4: blocks of 32 columns, five words each: 1024 times scale and minimum in half precision, then
// 16 bytes, of which the low half is of one of the first 16 columns and the high half of one of the last 16.
//   w = scale · half byte + minimum
@group(0) @binding(2) var<storage, read> w: array<u32>;

fn weight(i: u32) -> vec4f {
    let block = i / 8u * 5u;
    let pair = unpack2x16float(w[block]) / 1024.0;
    let q = w[block + 1u + i % 4u] >> (i % 8u / 4u * 4u);
    return pair.x * vec4f(vec4u(q, q >> 8u, q >> 16u, q >> 24u) & vec4u(15u)) + pair.y;
}

