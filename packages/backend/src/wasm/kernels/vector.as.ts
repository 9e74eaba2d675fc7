import { activate } from './activate.as';
import { madd } from '../../../assembly/madd.as';
import { addMultiple, addRow } from '../../../assembly/sums.as';

// Products with a few rows: packing b would cost more than the product. Each number is summed in the same order
// whatever its neighbours are.

/** So much of c stays in the first-level cache while the rows of b are added to it. */
const COLUMNS: usize = 1024;
/** So many products are added before their sum is added to the others': a long sum loses fewer digits so. A multiple of 8. */
const DEPTH: usize = 1024;

/**
 * c[columns] = act(a[depth] b[depth, columns] + bias): numbers of a are `aStep` bytes apart, rows of b `bStride`. `scratch` has room for
 * COLUMNS numbers.
 */
export function rowTimesMatrix(
  c: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStride: usize,
  depth: usize,
  columns: usize,
  bias: usize,
  activation: u32,
  alpha: f32,
  scratch: usize,
): void {
  for (let from: usize = 0; from < columns; from += COLUMNS) {
    const bytes = min(COLUMNS, columns - from) << 2;
    addRows(c, a, aStep, b, bStride, min(DEPTH, depth), bytes);
    for (let k = DEPTH; k < depth; k += DEPTH) {
      addRows(scratch, a + k * aStep, aStep, b + k * bStride, bStride, min(DEPTH, depth - k), bytes);
      addRow(c, scratch, bytes);
    }
    let j: usize = 0;
    if (bias != 0 || activation != 0) {
      for (; j + 16 <= bytes; j += 16) {
        finish(c, v128.load(c + j), bias, j, activation, alpha);
      }
      for (; j < bytes; j += 4) {
        finishOne(c + j, v128.load32_splat(c + j), bias == 0 ? 0 : bias + j, activation, alpha);
      }
    }
    c += bytes;
    b += bytes;
    if (bias != 0) bias += bytes;
  }
}

/** c = a b, for `bytes` bytes of columns. */
function addRows(
  c: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStride: usize,
  depth: usize,
  bytes: usize,
): void {
  const whole = bytes & ~15;
  memory.fill(c, 0, bytes);
  let k: usize = 0;
  for (; k + 4 <= depth; k += 4) {
    const s0 = v128.load32_splat(a);
    const s1 = v128.load32_splat(a + aStep);
    const s2 = v128.load32_splat(a + 2 * aStep);
    const s3 = v128.load32_splat(a + 3 * aStep);
    const b1 = b + bStride;
    const b2 = b1 + bStride;
    const b3 = b2 + bStride;
    let j: usize = 0;
    for (; j < whole; j += 16) {
      let sum = madd(s0, v128.load(b + j), v128.load(c + j));
      sum = madd(s1, v128.load(b1 + j), sum);
      sum = madd(s2, v128.load(b2 + j), sum);
      v128.store(c + j, madd(s3, v128.load(b3 + j), sum));
    }
    for (; j < bytes; j += 4) {
      let sum = madd(s0, v128.load32_splat(b + j), v128.load32_splat(c + j));
      sum = madd(s1, v128.load32_splat(b1 + j), sum);
      sum = madd(s2, v128.load32_splat(b2 + j), sum);
      v128.store_lane<f32>(c + j, madd(s3, v128.load32_splat(b3 + j), sum), 0);
    }
    a += 4 * aStep;
    b = b3 + bStride;
  }
  for (; k < depth; k++) {
    addMultiple(c, b, v128.load32_splat(a), bytes);
    a += aStep;
    b += bStride;
  }
}

/** c[columns] = act(a[depth] b[columns, depth]' + bias). */
export function rowTimesTransposed(
  c: usize,
  a: usize,
  b: usize,
  depth: usize,
  columns: usize,
  bias: usize,
  activation: u32,
  alpha: f32,
): void {
  const stride = depth << 2;
  let j: usize = 0;
  for (; j + 4 <= columns; j += 4) {
    let sum = f32x4.splat(0);
    for (let k: usize = 0; k < depth; k += DEPTH) {
      const at = k << 2;
      sum = f32x4.add(sum, dotFour(a + at, b + j * stride + at, stride, min(DEPTH, depth - k)));
    }
    finish(c + (j << 2), sum, bias == 0 ? 0 : bias + (j << 2), 0, activation, alpha);
  }
  for (; j < columns; j++) {
    let sum = f32x4.splat(0);
    for (let k: usize = 0; k < depth; k += DEPTH) {
      const at = k << 2;
      sum = f32x4.add(sum, dotOne(a + at, b + j * stride + at, min(DEPTH, depth - k)));
    }
    finishOne(c + (j << 2), sum, bias == 0 ? 0 : bias + (j << 2), activation, alpha);
  }
}

/** a · b for four rows of b, `stride` bytes apart. */
function dotFour(a: usize, b: usize, stride: usize, depth: usize): v128 {
  const zero = f32x4.splat(0);
  let c0 = zero;
  let c1 = zero;
  let c2 = zero;
  let c3 = zero;
  let d0 = zero;
  let d1 = zero;
  let d2 = zero;
  let d3 = zero;
  let b0 = b;
  let b1 = b0 + stride;
  let b2 = b1 + stride;
  let b3 = b2 + stride;
  let k: usize = 0;
  for (; k + 8 <= depth; k += 8) {
    const s = v128.load(a);
    const t = v128.load(a, 16);
    c0 = madd(s, v128.load(b0), c0);
    c1 = madd(s, v128.load(b1), c1);
    c2 = madd(s, v128.load(b2), c2);
    c3 = madd(s, v128.load(b3), c3);
    d0 = madd(t, v128.load(b0, 16), d0);
    d1 = madd(t, v128.load(b1, 16), d1);
    d2 = madd(t, v128.load(b2, 16), d2);
    d3 = madd(t, v128.load(b3, 16), d3);
    a += 32;
    b0 += 32;
    b1 += 32;
    b2 += 32;
    b3 += 32;
  }
  for (; k < depth; k++) {
    const s = v128.load32_zero(a);
    c0 = madd(s, v128.load32_zero(b0), c0);
    c1 = madd(s, v128.load32_zero(b1), c1);
    c2 = madd(s, v128.load32_zero(b2), c2);
    c3 = madd(s, v128.load32_zero(b3), c3);
    a += 4;
    b0 += 4;
    b1 += 4;
    b2 += 4;
    b3 += 4;
  }
  c0 = f32x4.add(c0, d0);
  c1 = f32x4.add(c1, d1);
  c2 = f32x4.add(c2, d2);
  c3 = f32x4.add(c3, d3);
  const low01 = v128.shuffle<f32>(c0, c1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(c0, c1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(c2, c3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(c2, c3, 2, 6, 3, 7);
  return f32x4.add(
    f32x4.add(v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), v128.shuffle<f32>(low01, low23, 2, 3, 6, 7)),
    f32x4.add(v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), v128.shuffle<f32>(high01, high23, 2, 3, 6, 7)),
  );
}

/** a · b in each lane. */
function dotOne(a: usize, b: usize, depth: usize): v128 {
  let c = f32x4.splat(0);
  let d = c;
  let k: usize = 0;
  for (; k + 8 <= depth; k += 8) {
    c = madd(v128.load(a), v128.load(b), c);
    d = madd(v128.load(a, 16), v128.load(b, 16), d);
    a += 32;
    b += 32;
  }
  for (; k < depth; k++) {
    c = madd(v128.load32_zero(a), v128.load32_zero(b), c);
    a += 4;
    b += 4;
  }
  c = f32x4.add(c, d);
  const pairs = f32x4.add(c, v128.shuffle<f32>(c, c, 1, 0, 3, 2));
  return f32x4.add(pairs, v128.shuffle<f32>(pairs, pairs, 2, 3, 0, 1));
}

@inline
export function finish(c: usize, sum: v128, bias: usize, offset: usize, activation: u32, alpha: f32): void {
  if (bias != 0) sum = f32x4.add(sum, v128.load(bias + offset));
  v128.store(c + offset, activate(sum, activation, alpha));
}

@inline
export function finishOne(c: usize, sum: v128, bias: usize, activation: u32, alpha: f32): void {
  if (bias != 0) sum = f32x4.add(sum, v128.load32_splat(bias));
  store<f32>(c, f32x4.extract_lane(activate(sum, activation, alpha), 0));
}
