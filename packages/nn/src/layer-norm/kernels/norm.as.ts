import { madd } from '@neverend/backend/assembly/madd.as';
import { addTo, loadLanes, storeLanes, sum, sumLanes, sumSquares } from '@neverend/backend/assembly/sums.as';

export { sumColumns } from '@neverend/backend/assembly/sums.as';

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
    let middle: f32 = 0;
    if (mean != 0) {
      middle = sum(source, 0, bytes) * share;
      // The sum of a long row is rounded; what is left around its mean is small. Equal numbers are their own mean.
      middle += sum(source, middle, bytes) * share;
    }
    const root: f32 = 1.0 / sqrt<f32>(sumSquares(source, middle, bytes) * share + eps);
    if (mean != 0) store<f32>(mean + (row << 2), middle);
    store<f32>(rstd + (row << 2), root);
    const m = f32x4.splat(middle);
    const r = f32x4.splat(root);
    let j: usize = 0;
    if (bias == 0) {
      for (; j + 64 <= bytes; j += 64) normaliseFour(target + j, source + j, scale + j, 0, false, m, r, o);
    } else {
      for (; j + 64 <= bytes; j += 64) {
        normaliseFour(target + j, source + j, scale + j, bias + j, true, m, r, o);
      }
    }
    for (; j + 16 <= bytes; j += 16) normalise(target, source, scale, bias, j, 4, m, r, o);
    if (j < bytes) normalise(target, source, scale, bias, j, (bytes - j) >> 2, m, r, o);
  }
}

/** Four vectors at constant distances, for which the compiler adds no address. */
@inline
export function normaliseFour(
  y: usize,
  x: usize,
  scale: usize,
  bias: usize,
  biased: bool,
  middle: v128,
  root: v128,
  offset: v128,
): void {
  const n0 = f32x4.mul(f32x4.sub(v128.load(x), middle), root);
  const n1 = f32x4.mul(f32x4.sub(v128.load(x, 16), middle), root);
  const n2 = f32x4.mul(f32x4.sub(v128.load(x, 32), middle), root);
  const n3 = f32x4.mul(f32x4.sub(v128.load(x, 48), middle), root);
  const f0 = f32x4.add(v128.load(scale), offset);
  const f1 = f32x4.add(v128.load(scale, 16), offset);
  const f2 = f32x4.add(v128.load(scale, 32), offset);
  const f3 = f32x4.add(v128.load(scale, 48), offset);
  v128.store(y, biased ? madd(n0, f0, v128.load(bias)) : f32x4.mul(n0, f0));
  v128.store(y, biased ? madd(n1, f1, v128.load(bias, 16)) : f32x4.mul(n1, f1), 16);
  v128.store(y, biased ? madd(n2, f2, v128.load(bias, 32)) : f32x4.mul(n2, f2), 32);
  v128.store(y, biased ? madd(n3, f3, v128.load(bias, 48)) : f32x4.mul(n3, f3), 48);
}

@inline
export function normalise(
  y: usize,
  x: usize,
  scale: usize,
  bias: usize,
  j: usize,
  lanes: usize,
  middle: v128,
  root: v128,
  offset: v128,
): void {
  const normed = f32x4.mul(f32x4.sub(loadLanes(x + j, lanes), middle), root);
  const factor = f32x4.add(loadLanes(scale + j, lanes), offset);
  const shift = bias == 0 ? f32x4.splat(0) : loadLanes(bias + j, lanes);
  storeLanes(y + j, madd(normed, factor, shift), lanes);
}

/**
 * dx = rstd (d - mean(d) - normed mean(d normed)) with d = dy (offset + scale); without `mean` the first mean is left out. It goes
 * through the blocks `from` to `to` of `height` of the `rows` rows of `width` numbers: dScale[block] becomes the sum over
 * the rows of dy normed and, where it is there, dBias[block] that of dy.
 */
export function normGrad(
  dx: usize,
  dScale: usize,
  dBias: usize,
  dy: usize,
  x: usize,
  scale: usize,
  mean: usize,
  rstd: usize,
  offset: f32,
  rows: usize,
  width: usize,
  height: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  const whole = bytes & ~15;
  const lanes = (bytes - whole) >> 2;
  const share: f32 = 1.0 / f32(width);
  const o = f32x4.splat(offset);
  for (let block = from; block < to; block++) {
    const scales = dScale + block * bytes;
    const biases = dBias + block * bytes;
    memory.fill(scales, 0, bytes);
    if (dBias != 0) memory.fill(biases, 0, bytes);
    const stop = min((block + 1) * height, rows);
    for (let row = block * height; row < stop; row++) {
      const slopes = dy + row * bytes;
      const source = x + row * bytes;
      const target = dx + row * bytes;
      const m = f32x4.splat(mean == 0 ? 0 : load<f32>(mean + (row << 2)));
      const root = load<f32>(rstd + (row << 2));
      const r = f32x4.splat(root);
      let sums = f32x4.splat(0);
      let products = f32x4.splat(0);
      let j: usize = 0;
      for (; j < whole; j += 16) {
        const slope = v128.load(slopes + j);
        const normed = f32x4.mul(f32x4.sub(v128.load(source + j), m), r);
        const d = f32x4.mul(slope, f32x4.add(v128.load(scale + j), o));
        addTo(scales + j, f32x4.mul(slope, normed), 4);
        if (dBias != 0) addTo(biases + j, slope, 4);
        sums = f32x4.add(sums, d);
        products = madd(d, normed, products);
      }
      if (lanes != 0) {
        const slope = loadLanes(slopes + j, lanes);
        const normed = f32x4.mul(f32x4.sub(loadLanes(source + j, lanes), m), r);
        const d = f32x4.mul(slope, f32x4.add(loadLanes(scale + j, lanes), o));
        addTo(scales + j, f32x4.mul(slope, normed), lanes);
        if (dBias != 0) addTo(biases + j, slope, lanes);
        sums = f32x4.add(sums, d);
        products = madd(d, normed, products);
      }
      // dx = d rstd - (x - mean) along - total
      const along = f32x4.splat(-sumLanes(products) * share * root * root);
      const total = f32x4.splat(mean == 0 ? 0 : -sumLanes(sums) * share * root);
      for (j = 0; j < whole; j += 16) inputGradient(target, slopes, source, scale, j, 4, m, r, o, along, total);
      if (lanes != 0) inputGradient(target, slopes, source, scale, j, lanes, m, r, o, along, total);
    }
  }
}

@inline
export function inputGradient(
  dx: usize,
  dy: usize,
  x: usize,
  scale: usize,
  j: usize,
  lanes: usize,
  middle: v128,
  root: v128,
  offset: v128,
  along: v128,
  total: v128,
): void {
  const factor = f32x4.mul(f32x4.add(loadLanes(scale + j, lanes), offset), root);
  const centred = f32x4.sub(loadLanes(x + j, lanes), middle);
  const d = madd(loadLanes(dy + j, lanes), factor, total);
  storeLanes(dx + j, madd(centred, along, d), lanes);
}
