// sigmoid is 1/(1+e^−x); the exponent is bounded because WGSL does not guarantee infinities.
fn sigmoid(x: vec4f) -> vec4f {
    return 1.0 / (1.0 + exp(-clamp(x, vec4f(-80.0), vec4f(80.0))));
}
