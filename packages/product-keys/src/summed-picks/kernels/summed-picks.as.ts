import { madd } from '@neverend/backend/assembly/madd.as';

/** The rows `from` to `to`: sums of multiples of sources over their picks, in their order. */
export function summedPicks(
  y: usize,
  factors: usize,
  sources: usize,
  picks: usize,
  starts: usize,
  perSource: u32,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  const whole = bytes & ~15;
  for (let row = from; row < to; row++) {
    const target = y + row * bytes;
    memory.fill(target, 0, bytes);
    const end = load<u32>(starts + (row << 2), 4);
    for (let at = load<u32>(starts + (row << 2)); at < end; at++) {
      const pick = load<u32>(picks + (usize(at) << 2));
      const source = sources + usize(pick / perSource) * bytes;
      const scalar = load<f32>(factors + (usize(pick) << 2));
      const factor = f32x4.splat(scalar);
      let c: usize = 0;
      for (; c < whole; c += 16) {
        v128.store(target + c, madd(factor, v128.load(source + c), v128.load(target + c)));
      }
      for (; c < bytes; c += 4) {
        store<f32>(target + c, load<f32>(target + c) + scalar * load<f32>(source + c));
      }
    }
  }
}
