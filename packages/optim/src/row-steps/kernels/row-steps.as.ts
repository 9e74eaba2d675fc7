// One step of an optimiser on some rows of a table of `count` rows and on their state, in place; rows that the table does not
// have are left out.
import { sumSquares } from '@neverend/backend/assembly/sums.as';
import { adamWAt, read, scaled, write } from '../../steps/kernels/steps.as';

/** Rows `from` to `to`: decay of the weights, less stepSize times the gradient. */
export function rowSgd(
  weights: usize,
  gradient: usize,
  indices: usize,
  decay: f32,
  stepSize: f32,
  count: u32,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  for (let k = from; k < to; k++) {
    const row = load<u32>(indices + (k << 2));
    if (row >= count) continue;
    const w = weights + usize(row) * bytes;
    const g = gradient + k * bytes;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) changeBy(w, read(g + at, true), decay, stepSize, at, true);
    for (; at < bytes; at += 4) changeBy(w, read(g + at, false), decay, stepSize, at, false);
  }
}

@inline
export function changeBy(w: usize, by: v128, decay: f32, stepSize: f32, at: usize, whole: bool): void {
  write(w + at, f32x4.sub(scaled(read(w + at, whole), decay), scaled(by, stepSize)), whole);
}

@inline
export function adagradAt(
  weights: usize,
  sums: usize,
  gradient: usize,
  decay: f32,
  stepSize: f32,
  epsilon: f32,
  at: usize,
  whole: bool,
): void {
  const g = read(gradient + at, whole);
  const sum = f32x4.add(read(sums + at, whole), f32x4.mul(g, g));
  const root = f32x4.add(f32x4.sqrt(sum), f32x4.splat(epsilon));
  const change = f32x4.div(scaled(g, stepSize), root);
  write(sums + at, sum, whole);
  write(weights + at, f32x4.sub(scaled(read(weights + at, whole), decay), change), whole);
}

export function rowAdagrad(
  weights: usize,
  sums: usize,
  gradient: usize,
  indices: usize,
  decay: f32,
  stepSize: f32,
  epsilon: f32,
  count: u32,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  for (let k = from; k < to; k++) {
    const row = load<u32>(indices + (k << 2));
    if (row >= count) continue;
    const start = usize(row) * bytes;
    const g = gradient + k * bytes;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) {
      adagradAt(weights + start, sums + start, g, decay, stepSize, epsilon, at, true);
    }
    for (; at < bytes; at += 4) {
      adagradAt(weights + start, sums + start, g, decay, stepSize, epsilon, at, false);
    }
  }
}

/** One sum a row. */
export function rowWiseAdagrad(
  weights: usize,
  sums: usize,
  gradient: usize,
  indices: usize,
  decay: f32,
  stepSize: f32,
  epsilon: f32,
  count: u32,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  for (let k = from; k < to; k++) {
    const row = load<u32>(indices + (k << 2));
    if (row >= count) continue;
    const w = weights + usize(row) * bytes;
    const g = gradient + k * bytes;
    const place = sums + (usize(row) << 2);
    const sum = load<f32>(place) + sumSquares(g, 0, bytes) / f32(width);
    store<f32>(place, sum);
    const root = f32x4.splat(sqrt<f32>(sum) + epsilon);
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) dividedAt(w, g, root, decay, stepSize, at, true);
    for (; at < bytes; at += 4) dividedAt(w, g, root, decay, stepSize, at, false);
  }
}

@inline
export function dividedAt(
  w: usize,
  gradient: usize,
  root: v128,
  decay: f32,
  stepSize: f32,
  at: usize,
  whole: bool,
): void {
  const change = f32x4.div(scaled(read(gradient + at, whole), stepSize), root);
  write(w + at, f32x4.sub(scaled(read(w + at, whole), decay), change), whole);
}

export function lazyAdam(
  weights: usize,
  m: usize,
  v: usize,
  last: usize,
  gradient: usize,
  indices: usize,
  decay: f32,
  stepSize: f32,
  epsilon: f32,
  beta1: f32,
  beta2: f32,
  oneMinusBeta1: f32,
  oneMinusBeta2: f32,
  step: f32,
  count: u32,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  for (let k = from; k < to; k++) {
    const row = load<u32>(indices + (k << 2));
    if (row >= count) continue;
    const start = usize(row) * bytes;
    const g = gradient + k * bytes;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) {
      adamWAt(
        weights + start, m + start, v + start, g, decay, stepSize, epsilon, beta1, beta2,
        oneMinusBeta1, oneMinusBeta2, at, true,
      );
    }
    for (; at < bytes; at += 4) {
      adamWAt(
        weights + start, m + start, v + start, g, decay, stepSize, epsilon, beta1, beta2,
        oneMinusBeta1, oneMinusBeta2, at, false,
      );
    }
    store<f32>(last + (usize(row) << 2), step);
  }
}
