import { madd } from '@neverend/backend/assembly/madd.as';
import { addRow, loadLanes, storeLanes } from '@neverend/backend/assembly/sums.as';

// The causal depthwise convolution over time of x [outer, K-1 + T, N, E] with w [K, E]: no tap reaches over a step where
// reset [outer, T] is 1.

// A unit of work is a token of a step. What it meets of other steps lies `stride` bytes on or back for each.

/** y = b + the sum over k of w_{K-1-k} x_{t-k}, for the units `from` to `to` of all steps. */
export function temporalConv(
  y: usize,
  x: usize,
  w: usize,
  b: usize,
  reset: usize,
  steps: usize,
  tokens: usize,
  width: usize,
  taps: usize,
  from: usize,
  to: usize,
): void {
  const row = width << 2;
  const stride = tokens * row;
  for (let at = from; at < to; at++) {
    const frame = at / tokens;
    // The taps that meet what belongs to this sequence: the first, and one more for each step of it before, up to all.
    let met: usize = 1;
    const before = frame % steps;
    while (met < taps && (met > before + 1 || load<f32>(reset + ((frame + 1 - met) << 2)) == 0)) {
      met++;
    }
    const unmet = taps - met;
    const source = x + at * row + ((frame / steps) * (taps - 1) + unmet) * stride;
    convolve(y + at * row, source, stride, w + unmet * row, b, met, row);
  }
}

/** y = b + the sum over `taps` rows of w x; those of x are `stride` bytes apart. */
function convolve(
  y: usize,
  x: usize,
  stride: usize,
  w: usize,
  b: usize,
  taps: usize,
  row: usize,
): void {
  let j: usize = 0;
  if (taps == 4) {
    // As many as models have: rows whose addresses the compiler keeps.
    const x1 = x + stride;
    const x2 = x1 + stride;
    const x3 = x2 + stride;
    const w1 = w + row;
    const w2 = w1 + row;
    const w3 = w2 + row;
    for (; j + 16 <= row; j += 16) {
      let sum = madd(v128.load(w + j), v128.load(x + j), v128.load(b + j));
      sum = madd(v128.load(w1 + j), v128.load(x1 + j), sum);
      sum = madd(v128.load(w2 + j), v128.load(x2 + j), sum);
      v128.store(y + j, madd(v128.load(w3 + j), v128.load(x3 + j), sum));
    }
  }
  for (; j < row; j += 16) {
    const lanes = min(4, (row - j) >> 2);
    let sum = loadLanes(b + j, lanes);
    for (let tap: usize = 0; tap < taps; tap++) {
      sum = madd(loadLanes(w + tap * row + j, lanes), loadLanes(x + tap * stride + j, lanes), sum);
    }
    storeLanes(y + j, sum, lanes);
  }
}

/**
 * The gradient by x in the blocks `from` to `to` of `height` units, of which there are `rows`; sums[block], [K + 1, E], becomes the
 * block's part of the gradient by w, and behind it that of the gradient by b.
 */
export function temporalConvGrad(
  dx: usize,
  sums: usize,
  dy: usize,
  x: usize,
  w: usize,
  reset: usize,
  steps: usize,
  tokens: usize,
  width: usize,
  taps: usize,
  rows: usize,
  height: usize,
  from: usize,
  to: usize,
): void {
  const row = width << 2;
  const stride = tokens * row;
  const length = steps + taps - 1;
  for (let block = from; block < to; block++) {
    const total = sums + block * (taps + 1) * row;
    memory.fill(total, 0, (taps + 1) * row);
    const stop = min((block + 1) * height, rows);
    for (let at = block * height; at < stop; at++) {
      const frame = at / tokens;
      const outer = frame / length;
      const time = frame % length;
      // What comes before the first step is met from that on.
      const here = time >= taps - 1;
      const first = here ? time - (taps - 1) : 0;
      const resets = reset + ((outer * steps) << 2);
      // The steps that meet this one: from itself on until a sequence begins, or taps or steps end.
      let last = here ? first + 1 : first;
      while (last < steps && last <= time && load<f32>(resets + (last << 2)) == 0) last++;
      // By this tap `first` meets this step; each that follows by the one before.
      const tap = (time - first) * row;
      const slopes = dy + (outer * steps + first) * stride + (at % tokens) * row;
      const own = at * row;
      slopesOf(dx + own, total + tap, slopes, stride, x + own, w + tap, last - first, row);
      if (here) addRow(total + taps * row, slopes, row);
    }
  }
}

/** dx = the sum over the `met` rows of dy, `stride` bytes apart, of w dy, and dw += dy x: those of w and dw go backwards. */
function slopesOf(
  dx: usize,
  dw: usize,
  dy: usize,
  stride: usize,
  x: usize,
  w: usize,
  met: usize,
  row: usize,
): void {
  let j: usize = 0;
  for (; j + 16 <= row; j += 16) slopesAt(dx + j, dw + j, dy + j, stride, x + j, w + j, met, row, 4);
  if (j == row) return;
  slopesAt(dx + j, dw + j, dy + j, stride, x + j, w + j, met, row, (row - j) >> 2);
}

/** The same for the first `lanes` columns alone, four at most. */
@inline
export function slopesAt(
  dx: usize,
  dw: usize,
  dy: usize,
  stride: usize,
  x: usize,
  w: usize,
  met: usize,
  row: usize,
  lanes: usize,
): void {
  const number = loadLanes(x, lanes);
  let sum = f32x4.splat(0);
  for (let step: usize = 0; step < met; step++) {
    const slope = loadLanes(dy, lanes);
    sum = madd(loadLanes(w, lanes), slope, sum);
    storeLanes(dw, madd(slope, number, loadLanes(dw, lanes)), lanes);
    dy += stride;
    w -= row;
    dw -= row;
  }
  storeLanes(dx, sum, lanes);
}
