/**
 * `dropped(index, number)` in WGSL: dropout of the number at an index below 2^32, as `dropoutFactors` has it, with the
 * uniforms `threshold`, `kept`, `keyLow` and `keyHigh`. The random bits are those of Philox4x32-10, word for word.
 */
export const droppedWgsl: string = `
fn mulHigh(a : u32, b : u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let cross = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (cross >> 16u);
}
fn randomBits(index : u32) -> u32 {
  var words = vec4<u32>(index / 4u, 0u, 0u, 0u);
  var key = vec2<u32>(uniforms.keyLow, uniforms.keyHigh);
  for (var round = 0u; round < 10u; round++) {
    words = vec4<u32>(
      mulHigh(0xcd9e8d57u, words.z) ^ words.y ^ key.x,
      0xcd9e8d57u * words.z,
      mulHigh(0xd2511f53u, words.x) ^ words.w ^ key.y,
      0xd2511f53u * words.x,
    );
    key += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return words[index % 4u];
}
fn dropped(index : u32, number : f32) -> f32 {
  return number * select(uniforms.kept, 0.0, randomBits(index) >> 8u < uniforms.threshold);
}`;
