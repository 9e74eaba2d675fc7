import { packRows } from '@neverend/backend/assembly/pack.as';
import { packLeft, PANEL, TILE_BYTES, timesPanel } from '@neverend/backend/assembly/packed-product.as';
import { addRow } from '@neverend/backend/assembly/sums.as';
import { ENTRY, GROUP_BYTES, offerRow, sort } from '../../top-pairs/kernels/best.as';

/** Queries that go through all keys together. */
const BLOCK_ROWS: usize = 32;
/** Products of a query that are made before the best are chosen. */
const BLOCK_KEYS: usize = 1024;

/** Memory for one thread: a tile, groups of scores, packed queries, their products, and the best of each. */
export function topProductsScratchBytes(width: usize, count: usize, k: usize): usize {
  return TILE_BYTES + GROUP_BYTES + BLOCK_ROWS * ((width << 2) + (min(BLOCK_KEYS, count) << 2) + k * ENTRY);
}

/** The panels `from` up to `to`, those of one head after another, of keys [H][count][width]. */
export function packKeys(packed: usize, keys: usize, count: usize, width: usize, from: usize, to: usize): void {
  const panels = (count + PANEL - 1) / PANEL;
  for (let at = from; at < to; at++) {
    const first = (at % panels) * PANEL;
    const source = keys + ((((at / panels) * count + first) * width) << 2);
    packRows(packed + ((at * PANEL * width) << 2), source, width << 2, min(PANEL, count - first), width, PANEL);
  }
}

/** The k best keys of queries [tokens][heads][width], by their products plus a bias [heads][count], if it is not 0: the blocks of queries `from` up to `to`, those of one head after another. */
export function topProducts(
  values: usize,
  items: usize,
  queries: usize,
  packed: usize,
  bias: usize,
  tokens: usize,
  heads: usize,
  width: usize,
  count: usize,
  k: usize,
  from: usize,
  to: usize,
  scratch: usize,
): void {
  const blocks = (tokens + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const head = ((count + PANEL - 1) / PANEL) * PANEL * width;
  const stride = min(BLOCK_KEYS, count) << 2;
  const groups = scratch + TILE_BYTES;
  const products = groups + GROUP_BYTES;
  const left = products + BLOCK_ROWS * stride;
  const best = left + BLOCK_ROWS * (width << 2);
  for (let at = from; at < to; at++) {
    const begin = (at % blocks) * BLOCK_ROWS;
    const rows = min(BLOCK_ROWS, tokens - begin);
    const first = begin * heads + at / blocks;
    packLeft(left, queries + ((first * width) << 2), (heads * width) << 2, rows, width);
    const keys = packed + (((at / blocks) * head) << 2);
    for (let key: usize = 0; key < count; key += BLOCK_KEYS) {
      const some = min(BLOCK_KEYS, count - key);
      for (let j: usize = 0; j < some; j += PANEL) {
        const panel = keys + (((key + j) * width) << 2);
        timesPanel(left, rows, panel, width, min(PANEL, some - j), products + (j << 2), stride, false, scratch);
      }
      for (let row: usize = 0; row < rows; row++) {
        if (bias != 0) {
          addRow(products + row * stride, bias + (((at / blocks) * count + key) << 2), some << 2);
        }
        offerRow(best + row * k * ENTRY, min(key, k), k, products + row * stride, some, u32(key), groups);
      }
    }
    for (let row: usize = 0; row < rows; row++) {
      const heap = best + row * k * ENTRY;
      sort(heap, k);
      const target = ((first + row * heads) * k) << 2;
      for (let rank: usize = 0; rank < k; rank++) {
        store<f32>(values + target + (rank << 2), load<f32>(heap + rank * ENTRY));
        store<u32>(items + target + (rank << 2), load<u32>(heap + rank * ENTRY, 4));
      }
    }
  }
}
