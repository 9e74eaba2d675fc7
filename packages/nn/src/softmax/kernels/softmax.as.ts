import { exp } from '@neverend/backend/assembly/exp.as';
import { dot, largestLane, loadLanes, loadLanesOver, storeLanes, sumLanes } from '@neverend/backend/assembly/sums.as';

/** y = softmax(x) for the rows `from` to `to` of `width` numbers. */
export function softmax(y: usize, x: usize, width: usize, from: usize, to: usize): void {
  const bytes = width << 2;
  const whole = bytes & ~15;
  const lanes = (bytes - whole) >> 2;
  const least = f32x4.splat(-Infinity);
  let tops = largest(x + from * bytes, bytes);
  for (let row = from; row < to; row++) {
    const source = x + row * bytes;
    const target = y + row * bytes;
    // The search for the next row's largest number fills what the exponentials leave idle.
    const next = row + 1 < to ? source + bytes : source;
    const top = largestLane(tops);
    let sums = f32x4.splat(0);
    tops = least;
    let j: usize = 0;
    for (; j < whole; j += 16) {
      const power = exp(f32x4.sub(v128.load(source + j), top));
      v128.store(target + j, power);
      sums = f32x4.add(sums, power);
      tops = f32x4.pmax(tops, v128.load(next + j));
    }
    if (lanes != 0) {
      const power = exp(f32x4.sub(loadLanesOver(source + j, lanes, least), top));
      storeLanes(target + j, power, lanes);
      sums = f32x4.add(sums, power);
      tops = f32x4.pmax(tops, loadLanesOver(next + j, lanes, least));
    }
    scale(target, 1.0 / sumLanes(sums), bytes);
  }
}

/** The largest number of each of four parts of a row. */
@inline
export function largest(x: usize, bytes: usize): v128 {
  const least = f32x4.splat(-Infinity);
  let tops = least;
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) tops = f32x4.pmax(tops, v128.load(x + j));
  if (j < bytes) tops = f32x4.pmax(tops, loadLanesOver(x + j, (bytes - j) >> 2, least));
  return tops;
}

@inline
export function scale(x: usize, by: f32, bytes: usize): void {
  const factor = f32x4.splat(by);
  let j: usize = 0;
  for (; j + 64 <= bytes; j += 64) {
    v128.store(x + j, f32x4.mul(v128.load(x + j), factor));
    v128.store(x + j, f32x4.mul(v128.load(x + j, 16), factor), 16);
    v128.store(x + j, f32x4.mul(v128.load(x + j, 32), factor), 32);
    v128.store(x + j, f32x4.mul(v128.load(x + j, 48), factor), 48);
  }
  for (; j + 16 <= bytes; j += 16) v128.store(x + j, f32x4.mul(v128.load(x + j), factor));
  for (; j < bytes; j += 4) store<f32>(x + j, load<f32>(x + j) * by);
}

/** dx = y (dy - Σ dy y) for the rows `from` to `to` of `width` numbers. */
export function softmaxGrad(
  dx: usize,
  dy: usize,
  y: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  for (let row = from; row < to; row++) {
    const target = dx + row * bytes;
    const d = dy + row * bytes;
    const share = y + row * bytes;
    const along = f32x4.splat(dot(d, share, bytes));
    let j: usize = 0;
    for (; j + 32 <= bytes; j += 32) {
      const low = f32x4.sub(v128.load(d + j), along);
      const high = f32x4.sub(v128.load(d + j, 16), along);
      v128.store(target + j, f32x4.mul(v128.load(share + j), low));
      v128.store(target + j, f32x4.mul(v128.load(share + j, 16), high), 16);
    }
    for (; j < bytes; j += 4) {
      const slope = f32x4.sub(v128.load32_zero(d + j), along);
      v128.store_lane<f32>(target + j, f32x4.mul(v128.load32_zero(share + j), slope), 0);
    }
  }
}
