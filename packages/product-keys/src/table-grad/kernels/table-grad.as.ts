import { addMultiple } from '@neverend/backend/assembly/sums.as';

/** The rows `from` up to `to` of a table's gradient: each thread adds what falls into its rows, in the order of the picks. */
export function tableGrad(
  gradient: usize,
  indices: usize,
  factors: usize,
  sources: usize,
  count: usize,
  picks: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  memory.fill(gradient + from * bytes, 0, (to - from) * bytes);
  for (let source: usize = 0; source < count; source++) {
    for (let pick = source * picks; pick < (source + 1) * picks; pick++) {
      const row: usize = load<u32>(indices + (pick << 2));
      if (row < from || row >= to) continue;
      const factor = v128.load32_splat(factors + (pick << 2));
      addMultiple(gradient + row * bytes, sources + source * bytes, factor, bytes);
    }
  }
}
