import { exp } from '@neverend/backend/assembly/exp.as';
import { madd } from '@neverend/backend/assembly/madd.as';
import { packColumns, packRows } from '@neverend/backend/assembly/pack.as';
import { addMultiple, dot, largestLane, sumLanes } from '@neverend/backend/assembly/sums.as';
import { dropoutFactors } from './dropout.as';
import { MR, multiply, NR, roundUp } from './products.as';

// Attention of q [rows, M, H, d], k [rows, N, H, d] and v [rows, N, H, e] where they lie. A thread has the scores of one
// block of queries in memory at a time.

// The call at hand; each thread has an instance of its own.
let queries: usize = 0;
let keys: usize = 0;
let heads: usize = 0;
let depth: usize = 0;
let valueDepth: usize = 0;
let mask: usize = 0;
let maskRow: usize = 0;
let maskHead: usize = 0;
let maskQuery: usize = 0;
let maskKey: usize = 0;
let causalOffset: isize = 0;
/** Whether some query may not see some key. */
let hides: bool = false;
let threshold: u32 = 0;
let kept: f32 = 1;
let keyLow: u32 = 0;
let keyHigh: u32 = 0;

// The block of queries at hand.
let row: usize = 0;
let head: usize = 0;
let first: usize = 0;
let count: usize = 0;
/** Keys that some query of the block may see, and those that fill up a tile. */
let columns: usize = 0;

// Bytes of a row in memory that the kernels take: of scores, of a query's or key's numbers, of a value's.
let scoreBytes: usize = 0;
let depthBytes: usize = 0;
let valueBytes: usize = 0;

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

function begin(
  M: usize,
  N: usize,
  H: usize,
  d: usize,
  e: usize,
  maskAt: usize,
  maskRowStep: usize,
  maskHeadStep: usize,
  maskQueryStep: usize,
  maskKeyStep: usize,
  offset: isize,
  dropped: u32,
  factor: f32,
  low: u32,
  high: u32,
  scratch: usize,
): void {
  queries = M;
  keys = N;
  heads = H;
  depth = d;
  valueDepth = e;
  mask = maskAt;
  maskRow = maskRowStep;
  maskHead = maskHeadStep;
  maskQuery = maskQueryStep;
  maskKey = maskKeyStep;
  causalOffset = offset;
  hides = mask != 0 || visibleKeys(0) < keys;
  threshold = dropped;
  kept = factor;
  keyLow = low;
  keyHigh = high;
  scoreBytes = roundUp(N, NR) << 2;
  depthBytes = roundUp(d, NR) << 2;
  valueBytes = roundUp(e, NR) << 2;
  scratchAt = scratch;
}

/** Makes block `unit` of `block` queries the one at hand. */
function goTo(unit: usize, block: usize): void {
  const blocks = (queries + block - 1) / block;
  const matrix = unit / blocks;
  row = matrix / heads;
  head = matrix % heads;
  first = (unit % blocks) * block;
  count = min(block, queries - first);
  // Whole tiles: as rows of a product they must not reach into keys that have no weights.
  columns = min(roundUp(visibleKeys(first + count - 1), MR), keys);
}

/** How many keys query i can see at most. */
@inline
export function visibleKeys(i: usize): usize {
  return <usize>max<isize>(0, min<isize>(<isize>keys, <isize>i + causalOffset + 1));
}

/** Where the numbers of query or key `i` of the head start, of `width` numbers a head and `length` tokens. */
@inline
export function tokenAt(x: usize, length: usize, i: usize, width: usize): usize {
  return x + ((((row * length + i) * heads + head) * width) << 2);
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

/** Where the mask's numbers for query i of the block start. */
@inline
export function maskAt(i: usize): usize {
  return mask + ((row * maskRow + head * maskHead + (first + i) * maskQuery) << 2);
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

/** Whether query i of the block sees key j. */
@inline
export function sees(i: usize, j: usize): bool {
  if (j >= visibleKeys(first + i)) return false;
  return mask == 0 || load<f32>(maskAt(i) + ((j * maskKey) << 2)) != -Infinity;
}

/** Makes the numbers of query i of the block 0 for the keys that it does not see. */
function hide(s: usize, i: usize): void {
  for (let j: usize = 0; j < roundUp(columns, 4); j++) {
    if (!sees(i, j)) store<f32>(s + (j << 2), 0);
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
function takeStrays(
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
function addRows(
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
function addColumns(
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
  begin(M, N, H, d, e, mask, maskRow, maskHead, maskQuery, maskKey, causalOffset, threshold, kept, keyLow, keyHigh, scratch);
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
  begin(M, N, H, d, e, mask, maskRow, maskHead, maskQuery, maskKey, causalOffset, threshold, kept, keyLow, keyHigh, scratch);
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
