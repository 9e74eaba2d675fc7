import { madd } from './madd.as';
import { loadLanes, storeLanes, sum, sumLanes, sumSquares } from './sums.as';

/**
 * y = (offset + scale) (x - mean) rstd + bias for the rows `from` to `to` of `width` numbers. Without `mean` it is RMS norm;
 * `bias` may be missing too. The statistics of each row are kept.
 */
export function norm(
  y: usize,
  mean: usize,
  rstd: usize,
  x: usize,
  scale: usize,
  bias: usize,
  offset: f32,
  eps: f32,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  const share: f32 = 1.0 / f32(width);
  const o = f32x4.splat(offset);
  for (let row = from; row < to; row++) {
    const source = x + row * bytes;
    const target = y + row * bytes;
    const middle: f32 = mean == 0 ? 0 : sum(source, bytes) * share;
    const root: f32 = 1.0 / sqrt<f32>(sumSquares(source, middle, bytes) * share + eps);
    if (mean != 0) store<f32>(mean + (row << 2), middle);
    store<f32>(rstd + (row << 2), root);
    const m = f32x4.splat(middle);
    const r = f32x4.splat(root);
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) {
      const normed = f32x4.mul(f32x4.sub(v128.load(source + j), m), r);
      const factor = f32x4.add(v128.load(scale + j), o);
      const shift = bias == 0 ? f32x4.splat(0) : v128.load(bias + j);
      v128.store(target + j, madd(normed, factor, shift));
    }
    for (; j < bytes; j += 4) {
      const normed = (load<f32>(source + j) - middle) * root;
      const shift: f32 = bias == 0 ? 0 : load<f32>(bias + j);
      store<f32>(target + j, normed * (load<f32>(scale + j) + offset) + shift);
    }
  }
}

/** dx = rstd (d - mean(d) - normed mean(d normed)) with d = dy (offset + scale); without `mean` the first mean is left out. */
export function normGrad(
  dx: usize,
  dy: usize,
  x: usize,
  scale: usize,
  mean: usize,
  rstd: usize,
  offset: f32,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  const share: f32 = 1.0 / f32(width);
  const o = f32x4.splat(offset);
  for (let row = from; row < to; row++) {
    const at = row * bytes;
    const middle: f32 = mean == 0 ? 0 : load<f32>(mean + (row << 2));
    const root = load<f32>(rstd + (row << 2));
    const m = f32x4.splat(middle);
    const r = f32x4.splat(root);
    let sums = f32x4.splat(0);
    let products = f32x4.splat(0);
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) {
      const d = f32x4.mul(v128.load(dy + at + j), f32x4.add(v128.load(scale + j), o));
      const normed = f32x4.mul(f32x4.sub(v128.load(x + at + j), m), r);
      sums = f32x4.add(sums, d);
      products = madd(d, normed, products);
    }
    let total = sumLanes(sums);
    let along = sumLanes(products);
    for (; j < bytes; j += 4) {
      const d = load<f32>(dy + at + j) * (load<f32>(scale + j) + offset);
      total += d;
      along += d * ((load<f32>(x + at + j) - middle) * root);
    }
    along *= share;
    total = mean == 0 ? 0 : total * share;
    const t = f32x4.splat(total);
    const a = f32x4.splat(-along);
    for (j = 0; j + 16 <= bytes; j += 16) {
      const d = f32x4.mul(v128.load(dy + at + j), f32x4.add(v128.load(scale + j), o));
      const normed = f32x4.mul(f32x4.sub(v128.load(x + at + j), m), r);
      v128.store(dx + at + j, f32x4.mul(r, madd(normed, a, f32x4.sub(d, t))));
    }
    for (; j < bytes; j += 4) {
      const d = load<f32>(dy + at + j) * (load<f32>(scale + j) + offset);
      const normed = (load<f32>(x + at + j) - middle) * root;
      store<f32>(dx + at + j, root * (d - total - normed * along));
    }
  }
}

/** Rows whose sum is made before it is added to the column's: a long column loses fewer digits so. */
const ROWS: usize = 64;

/**
 * dScale = Σ dy (x - mean) rstd and, where it is there, dBias = Σ dy, over `rows` rows, for the groups of four columns `from` to
 * `to` of `width`.
 */
export function normColumns(
  dScale: usize,
  dBias: usize,
  dy: usize,
  x: usize,
  mean: usize,
  rstd: usize,
  rows: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const end = min(to << 2, width);
  for (let column = from << 2; column < end; column += 4) {
    const lanes = min(4, end - column);
    let scales = f32x4.splat(0);
    let biases = f32x4.splat(0);
    for (let row: usize = 0; row < rows; ) {
      const stop = min(row + ROWS, rows);
      let scalePart = f32x4.splat(0);
      let biasPart = f32x4.splat(0);
      for (; row < stop; row++) {
        const at = (row * width + column) << 2;
        const d = loadLanes(dy + at, lanes);
        const m = f32x4.splat(mean == 0 ? 0 : load<f32>(mean + (row << 2)));
        const r = f32x4.splat(load<f32>(rstd + (row << 2)));
        scalePart = madd(d, f32x4.mul(f32x4.sub(loadLanes(x + at, lanes), m), r), scalePart);
        biasPart = f32x4.add(biasPart, d);
      }
      scales = f32x4.add(scales, scalePart);
      biases = f32x4.add(biases, biasPart);
    }
    storeLanes(dScale + (column << 2), scales, lanes);
    if (dBias != 0) storeLanes(dBias + (column << 2), biases, lanes);
  }
}
