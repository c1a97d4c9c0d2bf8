// As shared/save, in half precision: two numbers a word, the first in the lower half. What is too large becomes the largest number.
@group(0) @binding(3) var<storage, read_write> gu: array<vec2u>;

fn save(i: u32, v: vec4f) {
    let h = clamp(v, vec4f(-65504.0), vec4f(65504.0));
    gu[i] = vec2u(pack2x16float(h.xy), pack2x16float(h.zw));
}
