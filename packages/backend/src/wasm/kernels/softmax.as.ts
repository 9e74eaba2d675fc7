import { exp } from './exp.as';
import { dot, sumLanes } from './sums.as';

/** y = softmax(x) for the rows `from` to `to` of `width` numbers. */
export function softmax(y: usize, x: usize, width: usize, from: usize, to: usize): void {
  const bytes = width << 2;
  for (let row = from; row < to; row++) {
    const source = x + row * bytes;
    const target = y + row * bytes;
    const top = largest(source, bytes);
    const m = f32x4.splat(top);
    let sums = f32x4.splat(0);
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) {
      const power = exp(f32x4.sub(v128.load(source + j), m));
      v128.store(target + j, power);
      sums = f32x4.add(sums, power);
    }
    let total = sumLanes(sums);
    for (; j < bytes; j += 4) {
      const power = exp(f32x4.splat(load<f32>(source + j) - top));
      v128.store_lane<f32>(target + j, power, 0);
      total += f32x4.extract_lane(power, 0);
    }
    scale(target, 1.0 / total, bytes);
  }
}

@inline
export function largest(x: usize, bytes: usize): f32 {
  let j: usize = 0;
  let top = load<f32>(x);
  if (bytes >= 16) {
    let tops = v128.load(x);
    for (j = 16; j + 16 <= bytes; j += 16) tops = f32x4.max(tops, v128.load(x + j));
    top = max(
      max(f32x4.extract_lane(tops, 0), f32x4.extract_lane(tops, 1)),
      max(f32x4.extract_lane(tops, 2), f32x4.extract_lane(tops, 3)),
    );
  }
  for (; j < bytes; j += 4) top = max(top, load<f32>(x + j));
  return top;
}

@inline
export function scale(x: usize, by: f32, bytes: usize): void {
  const factor = f32x4.splat(by);
  let j: usize = 0;
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
    const at = row * bytes;
    const along = dot(dy + at, y + at, bytes);
    const a = f32x4.splat(along);
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) {
      const slope = f32x4.sub(v128.load(dy + at + j), a);
      v128.store(dx + at + j, f32x4.mul(v128.load(y + at + j), slope));
    }
    for (; j < bytes; j += 4) {
      store<f32>(dx + at + j, load<f32>(y + at + j) * (load<f32>(dy + at + j) - along));
    }
  }
}
