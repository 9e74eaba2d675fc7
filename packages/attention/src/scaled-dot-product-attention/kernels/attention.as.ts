import { exp } from '@neverend/backend/assembly/exp.as';
import { madd } from '@neverend/backend/assembly/madd.as';
import { packColumns, packRows } from '@neverend/backend/assembly/pack.as';
import { dot, largestLane, sumLanes } from '@neverend/backend/assembly/sums.as';
import {
  begin,
  columns,
  count,
  depthBytes,
  first,
  goTo,
  head,
  heads,
  hide,
  hides,
  keyHigh,
  keyLow,
  keys,
  kept,
  mask,
  maskAt,
  maskKey,
  queries,
  row,
  scoreBytes,
  sees,
  threshold,
  tokenAt,
  valueBytes,
  visibleKeys,
} from './call.as';
import { dropoutFactors } from './dropout.as';
import { MR, multiply, NR, roundUp } from './products.as';
import { addColumns, addRows, takeStrays } from './strays.as';

// Attention of q [rows, M, H, d], k [rows, N, H, d] and v [rows, N, H, e] where they lie. A thread has the scores of one
// block of queries in memory at a time.

/** The memory that `take` gives next. */
let scratchAt: usize = 0;

/** Memory that may be read and written three numbers before and after. */
function take(bytes: usize): usize {
  const part = scratchAt + 16;
  scratchAt = part + roundUp(bytes, 16) + 16;
  return part;
}

@inline
export function packedBytes(rows: usize, width: usize): usize {
  return (rows * roundUp(width, NR)) << 2;
}

/** Memory for one thread: more than either direction takes. */
export function attentionScratchBytes(
  M: usize,
  N: usize,
  d: usize,
  e: usize,
  block: usize,
): usize {
  const rows = roundUp(min(block, M), MR);
  const lines = roundUp(N, MR);
  const depthWidth = roundUp(d, NR);
  const valueWidth = roundUp(e, NR);
  const packed = packedBytes(d, N) + packedBytes(e, N) + packedBytes(N, d) + packedBytes(N, e);
  const ofQueries = 3 * roundUp(N, NR) + 3 * depthWidth + 3 * valueWidth + 1;
  const ofKeys = depthWidth + valueWidth;
  const strays = N + 2 * rows;
  return packed + ((rows * ofQueries + lines * ofKeys + roundUp(N, NR) + strays) << 2) + 16 * 64;
}

/** Rows of `width` numbers, times `factor`. */
function copyRows(
  to: usize,
  toStride: usize,
  from: usize,
  fromStride: usize,
  rows: usize,
  width: usize,
  factor: f32,
): void {
  const bytes = width << 2;
  const factors = f32x4.splat(factor);
  for (let i: usize = 0; i < rows; i++) {
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) {
      v128.store(to + j, f32x4.mul(v128.load(from + j), factors));
    }
    for (; j < bytes; j += 4) store<f32>(to + j, load<f32>(from + j) * factor);
    to += toStride;
    from += fromStride;
  }
}

/** Adds the mask's numbers for query i of the block to its first `visible` scores; -Infinity hides whatever was there. */
function addMask(s: usize, i: usize, visible: usize): void {
  const at = maskAt(i);
  const bytes = visible << 2;
  const all = v128.load32_splat(at);
  const nothing = f32x4.splat(-Infinity);
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) {
    const added = maskKey == 0 ? all : v128.load(at + j);
    const score = f32x4.add(v128.load(s + j), added);
    v128.store(s + j, v128.bitselect(nothing, score, f32x4.eq(added, nothing)));
  }
  for (; j < bytes; j += 4) {
    const added = load<f32>(maskKey == 0 ? at : at + j);
    store<f32>(s + j, added == -Infinity ? added : load<f32>(s + j) + added);
  }
}

/**
 * Makes e^(score - largest) of the scores of query i of the block, and 0 of those of hidden keys. Answers 1 over their sum,
 * or 0 where the query sees no key.
 */
function exponentials(s: usize, i: usize): f32 {
  const visible = visibleKeys(first + i);
  if (mask != 0) addMask(s, i, visible);
  const end = roundUp(columns, 4) << 2;
  for (let j = visible << 2; j < end; j += 4) store<f32>(s + j, -Infinity);
  // A finite number: of two infinities the difference would be none.
  let tops = f32x4.splat(-f32.MAX_VALUE);
  for (let j: usize = 0; j < end; j += 16) tops = f32x4.pmax(tops, v128.load(s + j));
  const top = largestLane(tops);
  let sums = f32x4.splat(0);
  for (let j: usize = 0; j < end; j += 16) {
    const power = exp(f32x4.sub(v128.load(s + j), top));
    v128.store(s + j, power);
    sums = f32x4.add(sums, power);
  }
  const sum = sumLanes(sums);
  return sum == 0 ? 0 : 1 / sum;
}

/** For whole vectors: a weight of 0 times what the memory held before may be no number. */
function factorsOf(y: usize, i: usize): void {
  const index = (<u64>(row * heads + head) * queries + (first + i)) * keys;
  dropoutFactors(y, index, roundUp(columns, 4), threshold, kept, keyLow, keyHigh);
}

/** z = x y, for a row of scores. */
function multiplyRow(z: usize, x: usize, y: usize): void {
  for (let j: usize = 0; j < columns << 2; j += 16) {
    v128.store(z + j, f32x4.mul(v128.load(x + j), v128.load(y + j)));
  }
}

/** y [rows, M, H, e], for the blocks of queries `from` up to `to`, counted through all heads. */
export function attention(
  y: usize,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  M: usize,
  N: usize,
  H: usize,
  d: usize,
  e: usize,
  maskRow: usize,
  maskHead: usize,
  maskQuery: usize,
  maskKey: usize,
  scale: f32,
  causalOffset: isize,
  threshold: u32,
  kept: f32,
  keyLow: u32,
  keyHigh: u32,
  block: usize,
  from: usize,
  to: usize,
  scratch: usize,
): void {
  begin(M, N, H, d, e, mask, maskRow, maskHead, maskQuery, maskKey, causalOffset, threshold, kept, keyLow, keyHigh);
  scratchAt = scratch;
  const rows = roundUp(min(block, M), MR);
  const packedKeys = take(packedBytes(d, N));
  const packedValues = take(packedBytes(N, e));
  const scaled = take(rows * depthBytes);
  const scores = take(rows * scoreBytes);
  const factors = take(scoreBytes);
  const overs = take(rows << 2);
  const out = take(rows * valueBytes);
  const list = take(N << 2);
  const stride = (H * d) << 2;
  const valueStride = (H * e) << 2;
  let strays: usize = 0;
  for (let unit = from; unit < to; unit++) {
    goTo(unit, block);
    if (unit == from || first == 0) {
      const values = tokenAt(v, N, 0, e);
      packRows(packedKeys, tokenAt(k, N, 0, d), stride, N, d, NR);
      packColumns(packedValues, values, valueStride, e, N, NR);
      strays = takeStrays(list, packedValues, values, valueStride, N, e);
    }
    copyRows(scaled, depthBytes, tokenAt(q, M, first, d), stride, count, d, scale);
    multiply(scaled, depthBytes, 4, packedKeys, d, d, count, columns, scores, scoreBytes, false);
    for (let i: usize = 0; i < count; i++) {
      const s = scores + i * scoreBytes;
      store<f32>(overs + (i << 2), exponentials(s, i));
      if (threshold == 0) continue;
      factorsOf(factors, i);
      multiplyRow(s, s, factors);
    }
    multiply(scores, scoreBytes, 4, packedValues, N, columns, count, e, out, valueBytes, false);
    addRows(out, valueBytes, scores, list, strays, v, e);
    for (let i: usize = 0; i < count; i++) {
      const over = load<f32>(overs + (i << 2));
      copyRows(tokenAt(y, M, first + i, e), valueStride, out + i * valueBytes, valueBytes, 1, e, over);
    }
  }
}

/** dscores becomes weights (dscores - Σ dscores weights), the gradient of the scores of query i of the block. */
function scoresGradient(dscores: usize, weights: usize, i: usize): void {
  const end = roundUp(columns, 4) << 2;
  let along = dot(dscores, weights, end);
  // A hidden key's value may have met dy.
  if (hides && !isFinite(along)) {
    hide(dscores, i);
    along = dot(dscores, weights, end);
  }
  const average = f32x4.splat(along);
  for (let j: usize = 0; j < end; j += 16) {
    const slope = f32x4.sub(v128.load(dscores + j), average);
    v128.store(dscores + j, f32x4.mul(v128.load(weights + j), slope));
  }
  if (hides && !isFinite(along)) hide(dscores, i);
}

/** The gradients of sum(dy · y) by q, k and v, for the heads `from` up to `to`, counted through all rows. */
export function attentionGrad(
  dq: usize,
  dk: usize,
  dv: usize,
  dy: usize,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  M: usize,
  N: usize,
  H: usize,
  d: usize,
  e: usize,
  maskRow: usize,
  maskHead: usize,
  maskQuery: usize,
  maskKey: usize,
  scale: f32,
  causalOffset: isize,
  threshold: u32,
  kept: f32,
  keyLow: u32,
  keyHigh: u32,
  block: usize,
  from: usize,
  to: usize,
  scratch: usize,
): void {
  begin(M, N, H, d, e, mask, maskRow, maskHead, maskQuery, maskKey, causalOffset, threshold, kept, keyLow, keyHigh);
  scratchAt = scratch;
  const rows = roundUp(min(block, M), MR);
  const lines = roundUp(N, MR);
  const packedKeys = take(packedBytes(d, N));
  const packedValues = take(packedBytes(e, N));
  const keyRows = take(packedBytes(N, d));
  const scaled = take(rows * depthBytes);
  const packedQueries = take(packedBytes(rows, d));
  const dyRows = take(rows * valueBytes);
  const packedDy = take(packedBytes(rows, e));
  const weights = take(rows * scoreBytes);
  const dscores = take(rows * scoreBytes);
  const dropped = threshold > 0 ? take(rows * scoreBytes) : weights;
  const factors = take(scoreBytes);
  const dqRows = take(rows * depthBytes);
  const dkRows = take(lines * depthBytes);
  const dvRows = take(lines * valueBytes);
  const keyList = take(N << 2);
  const queryList = take(rows << 2);
  const dyList = take(rows << 2);
  const stride = (H * d) << 2;
  const valueStride = (H * e) << 2;
  const blocks = (M + block - 1) / block;
  let strayKeys: usize = 0;
  for (let unit = from * blocks; unit < to * blocks; unit++) {
    goTo(unit, block);
    if (first == 0) {
      const keysHere = tokenAt(k, N, 0, d);
      packRows(packedKeys, keysHere, stride, N, d, NR);
      packRows(packedValues, tokenAt(v, N, 0, e), valueStride, N, e, NR);
      packColumns(keyRows, keysHere, stride, d, N, NR);
      strayKeys = takeStrays(keyList, keyRows, keysHere, stride, N, d);
      memory.fill(dkRows, 0, lines * depthBytes);
      memory.fill(dvRows, 0, lines * valueBytes);
    }
    const dyHere = tokenAt(dy, M, first, e);
    copyRows(scaled, depthBytes, tokenAt(q, M, first, d), stride, count, d, scale);
    packColumns(packedQueries, scaled, depthBytes, d, count, NR);
    const strayQueries = takeStrays(queryList, packedQueries, scaled, depthBytes, count, d);
    copyRows(dyRows, valueBytes, dyHere, valueStride, count, e, 1);
    packColumns(packedDy, dyHere, valueStride, e, count, NR);
    const strayDy = takeStrays(dyList, packedDy, dyHere, valueStride, count, e);
    multiply(scaled, depthBytes, 4, packedKeys, d, d, count, columns, weights, scoreBytes, false);
    multiply(dyRows, valueBytes, 4, packedValues, e, e, count, columns, dscores, scoreBytes, false);
    for (let i: usize = 0; i < count; i++) {
      const weightsHere = weights + i * scoreBytes;
      const dscoresHere = dscores + i * scoreBytes;
      const over = exponentials(weightsHere, i);
      copyRows(weightsHere, 0, weightsHere, 0, 1, roundUp(columns, 4), over);
      if (hides && isNaN(over)) hide(weightsHere, i);
      if (threshold > 0) {
        factorsOf(factors, i);
        multiplyRow(dscoresHere, dscoresHere, factors);
        multiplyRow(dropped + i * scoreBytes, weightsHere, factors);
      }
      scoresGradient(dscoresHere, weightsHere, i);
    }
    multiply(dropped, 4, scoreBytes, packedDy, count, count, columns, e, dvRows, valueBytes, true);
    addColumns(dvRows, valueBytes, dropped, dyList, strayDy, dyHere, valueStride, e);
    multiply(dscores, 4, scoreBytes, packedQueries, count, count, columns, d, dkRows, depthBytes, true);
    addColumns(dkRows, depthBytes, dscores, queryList, strayQueries, scaled, depthBytes, d);
    multiply(dscores, scoreBytes, 4, keyRows, N, columns, count, d, dqRows, depthBytes, false);
    addRows(dqRows, depthBytes, dscores, keyList, strayKeys, k, d);
    copyRows(tokenAt(dq, M, first, d), stride, dqRows, depthBytes, count, d, scale);
    if (first + count < M) continue;
    copyRows(tokenAt(dk, N, 0, d), stride, dkRows, depthBytes, N, d, 1);
    copyRows(tokenAt(dv, N, 0, e), valueStride, dvRows, valueBytes, N, e, 1);
  }
}
