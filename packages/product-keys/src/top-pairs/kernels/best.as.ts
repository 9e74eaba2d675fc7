// The best of many scores with the numbers of their items: a list in their order where they are few, else a heap with the last of them on top.

/** An entry is a score, float32, and the number of its item. */
export const ENTRY: usize = 8;

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
function addToHeap(heap: usize, size: usize, score: f32, item: u32): void {
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

/** Puts the best first. They are at their end then. */
export function sort(heap: usize, size: usize): void {
  if (size <= FEW) return;
  for (let end = size; end > 1; ) {
    end--;
    const last = heap + end * ENTRY;
    const score = load<f32>(last);
    const item = load<u32>(last, 4);
    put(heap, end, load<f32>(heap), load<u32>(heap, 4));
    replaceLast(heap, end, score, item);
  }
}

/** Up to so many are a list: to move a few of them takes less than a heap. */
const FEW: usize = 32;

/** Below this score nothing is among the best: -Infinity while there are fewer than `most`. */
@inline
export function leastOf(best: usize, size: usize, most: usize): f32 {
  if (size < most) return -Infinity;
  return load<f32>(most <= FEW ? best + (most - 1) * ENTRY : best);
}

/** Offers an entry to `size` of at most `most`. @returns how many there are then. */
export function offer(best: usize, size: usize, most: usize, score: f32, item: u32): usize {
  if (most > FEW) {
    if (size < most) {
      addToHeap(best, size, score, item);
      return size + 1;
    }
    if (isBefore(score, item, load<f32>(best), load<u32>(best, 4))) replaceLast(best, most, score, item);
    return most;
  }
  let at = best + size * ENTRY;
  if (size == most) {
    at -= ENTRY;
    if (!isBefore(score, item, load<f32>(at), load<u32>(at, 4))) return most;
  }
  while (at > best) {
    const before = at - ENTRY;
    if (!isBefore(score, item, load<f32>(before), load<u32>(before, 4))) break;
    store<u64>(at, load<u64>(before));
    at = before;
  }
  put(at, 0, score, item);
  return min(size + 1, most);
}

/** Bytes that `offerRow` needs beside: the largest score of each group. */
export const GROUP_BYTES: usize = 128;
const GROUPS: usize = 32;

@inline
export function orderedLanes(at: usize): v128 {
  const scores = v128.load(at);
  return v128.bitselect(scores, f32x4.splat(Infinity), f32x4.eq(scores, scores));
}

/** The largest of every 32nd of `count` scores, of which there are 32 at least. */
function largestOfGroups(largest: usize, scores: usize, count: usize): void {
  for (let g: usize = 0; g < GROUP_BYTES; g += 32) {
    let low = orderedLanes(scores + g);
    let high = orderedLanes(scores + g + 16);
    let j = GROUPS;
    for (; j + GROUPS <= count; j += GROUPS) {
      const at = scores + (j << 2) + g;
      low = f32x4.pmax(low, orderedLanes(at));
      high = f32x4.pmax(high, orderedLanes(at + 16));
    }
    v128.store(largest + g, low);
    v128.store(largest + g, high, 16);
  }
  for (let j = count - (count % GROUPS); j < count; j++) {
    const at = largest + ((j % GROUPS) << 2);
    store<f32>(at, max(load<f32>(at), ordered(load<f32>(scores + (j << 2)))));
  }
}

/** A number that at least k of the groups' largest scores reach, and few more: that many scores reach it then, too. */
function reachedBy(k: usize, largest: usize): f32 {
  let low = load<f32>(largest);
  let high = low;
  for (let g: usize = 4; g < GROUP_BYTES; g += 4) {
    low = min(low, load<f32>(largest + g));
    high = max(high, load<f32>(largest + g));
  }
  for (let halvings = 0; halvings < 8; halvings++) {
    const middle: f32 = 0.5 * low + 0.5 * high;
    // Infinities have no middle.
    if (!(middle > low && middle < high)) break;
    const least = f32x4.splat(middle);
    let counts = i32x4.splat(0);
    for (let g: usize = 0; g < GROUP_BYTES; g += 16) {
      counts = i32x4.sub(counts, f32x4.ge(v128.load(largest + g), least));
    }
    const count =
      i32x4.extract_lane(counts, 0) + i32x4.extract_lane(counts, 1) +
      i32x4.extract_lane(counts, 2) + i32x4.extract_lane(counts, 3);
    if (usize(count) >= k) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Offers a row of scores, whose items are numbered from `first` on, to the best `size` of at most `most`: all that can be among the best, and few more.
 * `groups` has `GROUP_BYTES`.
 */
export function offerRow(
  best: usize,
  size: usize,
  most: usize,
  scores: usize,
  count: usize,
  first: u32,
  groups: usize,
): void {
  if (count < 2 * GROUPS || most > GROUPS / 2) {
    for (let j: usize = 0; j < count; j++) {
      const score = load<f32>(scores + (j << 2));
      // Not a number is not below either.
      if (score < leastOf(best, size, most)) continue;
      size = offer(best, size, most, ordered(score), first + u32(j));
    }
    return;
  }
  largestOfGroups(groups, scores, count);
  const least = size < most ? reachedBy(most, groups) : leastOf(best, size, most);
  for (let g: usize = 0; g < GROUPS; g++) {
    if (load<f32>(groups + (g << 2)) < least) continue;
    for (let j = g; j < count; j += GROUPS) {
      const score = load<f32>(scores + (j << 2));
      if (score < least) continue;
      size = offer(best, size, most, ordered(score), first + u32(j));
    }
  }
}
