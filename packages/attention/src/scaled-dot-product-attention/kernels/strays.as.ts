import { addMultiple, sumLanes } from '@neverend/backend/assembly/sums.as';
import { columns, count, hides, keys, scoreBytes, sees, tokenAt } from './call.as';
import { NR } from './products.as';

/** Whether none of `bytes` bytes of numbers is NaN or infinite. */
function finite(x: usize, bytes: usize): bool {
  const zero = f32x4.splat(0);
  let zeros = zero;
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) zeros = f32x4.add(zeros, f32x4.mul(v128.load(x + j), zero));
  let sum = sumLanes(zeros);
  for (; j < bytes; j += 4) sum += load<f32>(x + j) * 0;
  return sum == 0;
}

/**
 * Lists which of `rows` rows of `width` numbers are not all finite, and makes them zeros in `packed`, where `packColumns` put them: a
 * weight of 0 times what they hold could be NaN, so that `addRows` and `addColumns` take them to those alone who see them.
 */
export function takeStrays(
  list: usize,
  packed: usize,
  from: usize,
  stride: usize,
  rows: usize,
  width: usize,
): usize {
  if (!hides) return 0;
  let strays: usize = 0;
  for (let i: usize = 0; i < rows; i++) {
    if (finite(from + i * stride, width << 2)) continue;
    store<u32>(list + (strays++ << 2), <u32>i);
    for (let j: usize = 0; j < width; j += NR) memory.fill(packed + ((j * rows + i * NR) << 2), 0, NR << 2);
  }
  return strays;
}

/** Adds to each of the block's rows of `z` its numbers `s` of listed keys, each times the key's row of `x`. */
export function addRows(
  z: usize,
  zStride: usize,
  s: usize,
  list: usize,
  strays: usize,
  x: usize,
  width: usize,
): void {
  for (let n: usize = 0; n < strays; n++) {
    const j = <usize>load<u32>(list + (n << 2));
    for (let i: usize = 0; i < count; i++) {
      if (!sees(i, j)) continue;
      const factor = v128.load32_splat(s + i * scoreBytes + (j << 2));
      addMultiple(z + i * zStride, tokenAt(x, keys, j, width), factor, width << 2);
    }
  }
}

/** Adds to each key's row of `z` the numbers `s` of listed queries of the block, each times the query's row of `x`. */
export function addColumns(
  z: usize,
  zStride: usize,
  s: usize,
  list: usize,
  strays: usize,
  x: usize,
  xStride: usize,
  width: usize,
): void {
  for (let n: usize = 0; n < strays; n++) {
    const i = <usize>load<u32>(list + (n << 2));
    for (let j: usize = 0; j < columns; j++) {
      if (!sees(i, j)) continue;
      const factor = v128.load32_splat(s + i * scoreBytes + (j << 2));
      addMultiple(z + j * zStride, x + i * xStride, factor, width << 2);
    }
  }
}
