/** out[i] = whether x[i], of 4 bytes or 1, has a bit of `mask`, for i from `from` to `to`. */
export function toBool(out: usize, x: usize, bytes: usize, mask: u32, from: usize, to: usize): void {
  if (bytes == 1) {
    for (let i = from; i < to; i++) store<u8>(out + i, u8(load<u8>(x + i) != 0));
    return;
  }
  for (let i = from; i < to; i++) store<u8>(out + i, u8((load<u32>(x + (i << 2)) & mask) != 0));
}
