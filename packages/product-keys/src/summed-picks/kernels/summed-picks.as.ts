import { addMultiple } from '@neverend/backend/assembly/sums.as';

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
  for (let row = from; row < to; row++) {
    const target = y + row * bytes;
    memory.fill(target, 0, bytes);
    const end = load<u32>(starts + (row << 2), 4);
    for (let at = load<u32>(starts + (row << 2)); at < end; at++) {
      const pick = load<u32>(picks + (usize(at) << 2));
      const source = sources + usize(pick / perSource) * bytes;
      addMultiple(target, source, v128.load32_splat(factors + (usize(pick) << 2)), bytes);
    }
  }
}
