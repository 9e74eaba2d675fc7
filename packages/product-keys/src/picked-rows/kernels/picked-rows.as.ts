import { addMultiple, dot } from '@neverend/backend/assembly/sums.as';

/** How many picks ahead a row is asked for, and how many bytes apart: the processor asks for the lines between. */
const AHEAD: usize = 8;
const LINE: usize = 256;
/** What was touched must be used. */
let seen: u32 = 0;

/** Reads some numbers of the row of a pick, so that it is on its way when it is needed: WebAssembly has no other way to ask. */
@inline
export function touch(table: usize, indices: usize, sequence: usize, at: usize, end: usize, count: u32, bytes: usize): u32 {
  if (at >= end) return 0;
  const pick = sequence == 0 ? at : <usize>load<u32>(sequence + (at << 2));
  const row = load<u32>(indices + (pick << 2));
  if (row >= count) return 0;
  const from = table + usize(row) * bytes;
  let sink: u32 = 0;
  for (let c: usize = 0; c < bytes; c += LINE) sink |= load<u32>(from + c);
  return sink;
}

/**
 * The sums `from` to `to`, out of `sums`, of `picks` rows of a table of `count` rows each; other rows count as zeros. All picks are gone through in the order of `sequence`, or, where
 * it is 0, sum by sum.
 */
export function weightedRows(
  y: usize,
  table: usize,
  indices: usize,
  weights: usize,
  sequence: usize,
  count: u32,
  sums: usize,
  picks: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  memory.fill(y + from * bytes, 0, (to - from) * bytes);
  const begin = sequence == 0 ? from * picks : 0;
  const end = (sequence == 0 ? to : sums) * picks;
  let sink: u32 = 0;
  for (let at = begin; at < end; at++) {
    const pick = sequence == 0 ? at : <usize>load<u32>(sequence + (at << 2));
    const sum = pick / picks;
    if (sum < from || sum >= to) continue;
    const row = load<u32>(indices + (pick << 2));
    sink |= touch(table, indices, sequence, at + AHEAD, end, count, bytes);
    if (row >= count) continue;
    const weight = v128.load32_splat(weights + (pick << 2));
    addMultiple(y + sum * bytes, table + usize(row) * bytes, weight, bytes);
  }
  seen |= sink;
}

/** The products of rows and the vectors `from` to `to`, in the same order. */
export function rowProducts(
  products: usize,
  x: usize,
  table: usize,
  indices: usize,
  sequence: usize,
  count: u32,
  sums: usize,
  picks: usize,
  width: usize,
  from: usize,
  to: usize,
): void {
  const bytes = width << 2;
  const begin = sequence == 0 ? from * picks : 0;
  const end = (sequence == 0 ? to : sums) * picks;
  let sink: u32 = 0;
  for (let at = begin; at < end; at++) {
    const pick = sequence == 0 ? at : <usize>load<u32>(sequence + (at << 2));
    const sum = pick / picks;
    if (sum < from || sum >= to) continue;
    const row = load<u32>(indices + (pick << 2));
    sink |= touch(table, indices, sequence, at + AHEAD, end, count, bytes);
    const product = row < count ? dot(x + sum * bytes, table + usize(row) * bytes, bytes) : 0;
    store<f32>(products + (pick << 2), product);
  }
  seen |= sink;
}
