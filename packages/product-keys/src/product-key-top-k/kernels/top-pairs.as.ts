// The k best pairs of one item of each of two sets, by the sum of their scores; and the gradient by the scores.

/** An entry is a score, float32, and the number of its item. */
const ENTRY: usize = 8;

@inline
export function isBefore(x: f32, i: u32, y: f32, j: u32): bool {
  return x > y || (x == y && i < j);
}

/** What is no number counts as infinity, so that it is found. */
@inline
export function ordered(score: f32): f32 {
  return score == score ? score : Infinity;
}

@inline
export function put(heap: usize, at: usize, score: f32, item: u32): void {
  store<f32>(heap + at * ENTRY, score);
  store<u32>(heap + at * ENTRY, item, 4);
}

/** Puts an entry in the place of the last of `size` in their order, which is on top. */
function replaceLast(heap: usize, size: usize, score: f32, item: u32): void {
  let at: usize = 0;
  for (let child: usize = 1; child < size; child = 2 * at + 1) {
    let below = heap + child * ENTRY;
    if (child + 1 < size) {
      const other = below + ENTRY;
      if (isBefore(load<f32>(below), load<u32>(below, 4), load<f32>(other), load<u32>(other, 4))) {
        child++;
        below = other;
      }
    }
    const y = load<f32>(below);
    const j = load<u32>(below, 4);
    if (!isBefore(score, item, y, j)) break;
    put(heap, at, y, j);
    at = child;
  }
  put(heap, at, score, item);
}

/** Adds an entry to a heap of `size`. */
function add(heap: usize, size: usize, score: f32, item: u32): void {
  let at = size;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap + parent * ENTRY;
    const y = load<f32>(above);
    const j = load<u32>(above, 4);
    if (!isBefore(y, j, score, item)) break;
    put(heap, at, y, j);
    at = parent;
  }
  put(heap, at, score, item);
}

/** The best first. It is no heap after that. */
function sort(heap: usize, size: usize): void {
  for (let end = size; end > 1; ) {
    end--;
    const last = heap + end * ENTRY;
    const score = load<f32>(last);
    const item = load<u32>(last, 4);
    put(heap, end, load<f32>(heap), load<u32>(heap, 4));
    replaceLast(heap, end, score, item);
  }
}

/** The best `most` of a row of scores, as a heap; items are numbered from 0 on unless `items` has numbers. */
function choose(heap: usize, most: usize, scores: usize, count: usize, items: usize): void {
  let j: usize = 0;
  for (; j < most; j++) {
    const item = items == 0 ? u32(j) : load<u32>(items + (j << 2));
    add(heap, j, ordered(load<f32>(scores + (j << 2))), item);
  }
  if (items != 0) {
    for (; j < count; j++) offer(heap, most, ordered(load<f32>(scores + (j << 2))), load<u32>(items + (j << 2)));
    return;
  }
  let least = f32x4.splat(load<f32>(heap));
  for (; j + 16 <= count; j += 16) {
    const at = scores + (j << 2);
    // Most blocks have nothing that is above, or no number.
    const none = v128.and(
      v128.and(f32x4.le(v128.load(at), least), f32x4.le(v128.load(at, 16), least)),
      v128.and(f32x4.le(v128.load(at, 32), least), f32x4.le(v128.load(at, 48), least)),
    );
    if (i32x4.all_true(none)) continue;
    for (let i: usize = 0; i < 16; i++) {
      const score = load<f32>(at + (i << 2));
      if (!(score <= load<f32>(heap))) offer(heap, most, ordered(score), u32(j + i));
    }
    least = f32x4.splat(load<f32>(heap));
  }
  for (; j < count; j++) {
    const score = load<f32>(scores + (j << 2));
    if (!(score <= load<f32>(heap))) offer(heap, most, ordered(score), u32(j));
  }
}

@inline
export function offer(heap: usize, most: usize, score: f32, item: u32): void {
  if (isBefore(score, item, load<f32>(heap), load<u32>(heap, 4))) {
    replaceLast(heap, most, score, item);
  }
}

/** Memory for one thread. */
export function topPairsScratchBytes(n: usize, m: usize, k: usize): usize {
  return (min(k, n) + min(k, m) + k) * ENTRY;
}

/** The best pairs of the rows `from` to `to`. */
export function topPairs(
  sums: usize,
  pairs: usize,
  a: usize,
  b: usize,
  items: usize,
  n: usize,
  m: usize,
  k: usize,
  from: usize,
  to: usize,
  scratch: usize,
): void {
  const height = min(k, n);
  const width = min(k, m);
  const first = scratch;
  const second = first + height * ENTRY;
  const best = second + width * ENTRY;
  for (let row = from; row < to; row++) {
    choose(first, height, a + ((row * n) << 2), n, items == 0 ? 0 : items + ((row * n) << 2));
    sort(first, height);
    choose(second, width, b + ((row * m) << 2), m, 0);
    sort(second, width);
    let count: usize = 0;
    for (let p: usize = 0; p < height; p++) {
      const score = load<f32>(first + p * ENTRY);
      const item = load<u32>(first + p * ENTRY, 4);
      // Of the pairs with no larger rank in either set there are (p + 1)(q + 1), and all of them are at least as good.
      for (let q: usize = 0; q < width && (p + 1) * (q + 1) <= k; q++) {
        const sum = ordered(score + load<f32>(second + q * ENTRY));
        const pair = item * u32(m) + load<u32>(second + q * ENTRY, 4);
        if (count < k) add(best, count++, sum, pair);
        else if (sum < load<f32>(best)) break;
        else offer(best, k, sum, pair);
      }
    }
    sort(best, k);
    for (let at: usize = 0; at < k; at++) {
      store<f32>(sums + ((row * k + at) << 2), load<f32>(best + at * ENTRY));
      store<u32>(pairs + ((row * k + at) << 2), load<u32>(best + at * ENTRY, 4));
    }
  }
}

/** Adds the gradients by the sums of the rows `from` to `to` to those by the scores. */
export function topPairsGrad(
  da: usize,
  db: usize,
  dsums: usize,
  pairs: usize,
  items: usize,
  n: usize,
  m: usize,
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
      const item = pair / u32(m);
      let i: usize = item;
      if (items != 0) {
        i = 0;
        while (i < n && load<u32>(items + ((row * n + i) << 2)) != item) i++;
      }
      if (i >= n) continue;
      const left = da + ((row * n + i) << 2);
      const right = db + ((row * m + usize(pair % u32(m))) << 2);
      store<f32>(left, load<f32>(left) + d);
      store<f32>(right, load<f32>(right) + d);
    }
  }
}
