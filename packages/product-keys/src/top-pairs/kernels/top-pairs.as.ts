// The k best pairs of one item of each of two sets, by the sum of their scores; and the gradient by the scores.

import { ENTRY, GROUP_BYTES, leastOf, offer, offerRow, ordered, sort } from './best.as';

/** Memory for one thread. */
export function topPairsScratchBytes(n: usize, m: usize, k: usize): usize {
  return GROUP_BYTES + (min(k, n) + min(k, m) + k) * ENTRY;
}

/** The best `most` of a row of scores, in their order; items are numbered from 0 on unless `items` has numbers. */
function choose(best: usize, most: usize, scores: usize, count: usize, items: usize, groups: usize): void {
  if (items == 0) offerRow(best, 0, most, scores, count, 0, groups);
  else {
    let size: usize = 0;
    for (let j: usize = 0; j < count; j++) {
      const score = ordered(load<f32>(scores + (j << 2)));
      const item = load<u32>(items + (j << 2));
      size = offer(best, size, most, score, item);
    }
  }
  sort(best, most);
}

/** The best pairs of the rows `from` to `to`. */
export function topPairs(
  sums: usize,
  pairs: usize,
  a: usize,
  b: usize,
  items: usize,
  others: usize,
  n: usize,
  m: usize,
  size: usize,
  k: usize,
  from: usize,
  to: usize,
  scratch: usize,
): void {
  const height = min(k, n);
  const width = min(k, m);
  const groups = scratch;
  const first = groups + GROUP_BYTES;
  const second = first + height * ENTRY;
  const best = second + width * ENTRY;
  for (let row = from; row < to; row++) {
    choose(first, height, a + ((row * n) << 2), n, items == 0 ? 0 : items + ((row * n) << 2), groups);
    choose(second, width, b + ((row * m) << 2), m, others == 0 ? 0 : others + ((row * m) << 2), groups);
    let count: usize = 0;
    for (let p: usize = 0; p < height; p++) {
      const score = load<f32>(first + p * ENTRY);
      const item = load<u32>(first + p * ENTRY, 4);
      // Of the pairs with no larger rank in either set there are (p + 1)(q + 1), and all of them are at least as good.
      for (let q: usize = 0; q < width && (p + 1) * (q + 1) <= k; q++) {
        const sum = ordered(score + load<f32>(second + q * ENTRY));
        const pair = item * u32(size) + load<u32>(second + q * ENTRY, 4);
        if (sum < leastOf(best, count, k)) break;
        count = offer(best, count, k, sum, pair);
      }
    }
    sort(best, k);
    for (let at: usize = 0; at < k; at++) {
      store<f32>(sums + ((row * k + at) << 2), load<f32>(best + at * ENTRY));
      store<u32>(pairs + ((row * k + at) << 2), load<u32>(best + at * ENTRY, 4));
    }
  }
}

/** Where an item stands among `count` numbers; at its own place where there are none. */
function placeOf(item: u32, numbers: usize, count: usize): usize {
  if (numbers == 0) return item;
  let at: usize = 0;
  while (at < count && load<u32>(numbers + (at << 2)) != item) at++;
  return at;
}

/** Adds the gradients by the sums of the rows `from` to `to` to those by the scores. */
export function topPairsGrad(
  da: usize,
  db: usize,
  dsums: usize,
  pairs: usize,
  items: usize,
  others: usize,
  n: usize,
  m: usize,
  size: usize,
  k: usize,
  from: usize,
  to: usize,
): void {
  memory.fill(da + ((from * n) << 2), 0, ((to - from) * n) << 2);
  memory.fill(db + ((from * m) << 2), 0, ((to - from) * m) << 2);
  for (let row = from; row < to; row++) {
    for (let at = row * k; at < (row + 1) * k; at++) {
      const pair = load<u32>(pairs + (at << 2));
      const d = load<f32>(dsums + (at << 2));
      const i = placeOf(pair / u32(size), items == 0 ? 0 : items + ((row * n) << 2), n);
      const j = placeOf(pair % u32(size), others == 0 ? 0 : others + ((row * m) << 2), m);
      if (i >= n || j >= m) continue;
      const left = da + ((row * n + i) << 2);
      const right = db + ((row * m + j) << 2);
      store<f32>(left, load<f32>(left) + d);
      store<f32>(right, load<f32>(right) + d);
    }
  }
}
