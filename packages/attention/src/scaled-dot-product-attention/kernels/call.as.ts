import { MR, NR, roundUp } from './products.as';

// What the kernels of attention share of a call: its sizes, and where its tensors' numbers are.

// The call at hand; each thread has an instance of its own.
export let queries: usize = 0;
export let keys: usize = 0;
export let heads: usize = 0;
export let mask: usize = 0;
export let maskRow: usize = 0;
export let maskHead: usize = 0;
export let maskQuery: usize = 0;
export let maskKey: usize = 0;
export let causalOffset: isize = 0;
/** Whether some query may not see some key. */
export let hides: bool = false;
export let threshold: u32 = 0;
export let kept: f32 = 1;
export let keyLow: u32 = 0;
export let keyHigh: u32 = 0;

// The block of queries at hand.
export let row: usize = 0;
export let head: usize = 0;
export let first: usize = 0;
export let count: usize = 0;
/** Keys that some query of the block may see, and those that fill up a tile. */
export let columns: usize = 0;

// Bytes of a row in memory that the kernels take: of scores, of a query's or key's numbers, of a value's.
export let scoreBytes: usize = 0;
export let depthBytes: usize = 0;
export let valueBytes: usize = 0;

/** Makes a call the one at hand. */
export function begin(
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
): void {
  queries = M;
  keys = N;
  heads = H;
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
}

/** Makes block `unit` of `block` queries the one at hand. */
export function goTo(unit: usize, block: usize): void {
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

/** Where the mask's numbers for query i of the block start. */
@inline
export function maskAt(i: usize): usize {
  return mask + ((row * maskRow + head * maskHead + (first + i) * maskQuery) << 2);
}

/** Whether query i of the block sees key j. */
@inline
export function sees(i: usize, j: usize): bool {
  if (j >= visibleKeys(first + i)) return false;
  return mask == 0 || load<f32>(maskAt(i) + ((j * maskKey) << 2)) != -Infinity;
}

/** Makes the numbers of query i of the block 0 for the keys that it does not see. */
export function hide(s: usize, i: usize): void {
  for (let j: usize = 0; j < roundUp(columns, 4); j++) {
    if (!sees(i, j)) store<f32>(s + (j << 2), 0);
  }
}
