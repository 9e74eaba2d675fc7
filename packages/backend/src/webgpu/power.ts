/** WGSL of `power(x)`: e^x, and NaN for NaN, of which WGSL's own function may make any number. */
export const powerWgsl: string = `
fn power(x : f32) -> f32 {
  return select(exp(x), x, (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u);
}`;
