import { packColumns } from '@neverend/backend/assembly/pack.as';
import { packLeft, PANEL, TILE_BYTES, TILE_ROWS, timesPanel } from '@neverend/backend/assembly/packed-product.as';
import { loadLanes, storeLanes } from '@neverend/backend/assembly/sums.as';
import { value } from '../../gelu/kernels/gelu.as';

// A part of x stays in the second-level cache while the panels pass by, and of a panel what meets it in the first.
const BLOCK_ROWS: usize = 128;
const BLOCK_DEPTH: usize = 384;

/** Bytes of memory that one thread needs beside the operands. */
export function linearScratchBytes(): usize {
  return TILE_BYTES + ((BLOCK_ROWS * BLOCK_DEPTH) << 2);
}

/** The panels `from` up to `to` of weights [depth][columns]. */
export function packLinear(packed: usize, w: usize, depth: usize, columns: usize, from: usize, to: usize): void {
  const first = from * PANEL;
  const lines = min(columns, to * PANEL) - first;
  packColumns(packed + ((first * depth) << 2), w + (first << 2), columns << 2, lines, depth, PANEL);
}

/** y = act(y + bias) + residual in one row of a panel; a residual at 0 is none. */
function finishRow(y: usize, bias: usize, residual: usize, gelu: bool, lanes: usize): void {
  let v = f32x4.add(loadLanes(y, lanes), loadLanes(bias, lanes));
  if (gelu) v = value(v, false);
  if (residual != 0) v = f32x4.add(v, loadLanes(residual, lanes));
  storeLanes(y, v, lanes);
}

function finish(
  y: usize,
  bias: usize,
  residual: usize,
  gelu: bool,
  stride: usize,
  rows: usize,
  columns: usize,
): void {
  for (let i: usize = 0; i < rows; i++) {
    if (columns == PANEL) {
      let low = f32x4.add(v128.load(y), v128.load(bias));
      let high = f32x4.add(v128.load(y, 16), v128.load(bias, 16));
      if (gelu) {
        low = value(low, false);
        high = value(high, false);
      }
      if (residual != 0) {
        low = f32x4.add(low, v128.load(residual));
        high = f32x4.add(high, v128.load(residual, 16));
      }
      v128.store(y, low);
      v128.store(y, high, 16);
    } else {
      for (let j: usize = 0; j < columns; j += 4) {
        const at = j << 2;
        finishRow(y + at, bias + at, residual == 0 ? 0 : residual + at, gelu, min<usize>(4, columns - j));
      }
    }
    y += stride;
    if (residual != 0) residual += stride;
  }
}

/**
 * y [rows, columns] = act(x [rows, depth] w + bias) + residual, for packed weights w: the tiles of rows, or with `byPanels` the panels of columns,
 * `from` up to `to`.
 */
export function linear(
  y: usize,
  x: usize,
  packed: usize,
  bias: usize,
  residual: usize,
  rows: usize,
  depth: usize,
  columns: usize,
  gelu: bool,
  byPanels: bool,
  from: usize,
  to: usize,
  scratch: usize,
): void {
  const firstRow: usize = byPanels ? 0 : from * TILE_ROWS;
  const lastRow: usize = byPanels ? rows : min(rows, to * TILE_ROWS);
  const firstColumn: usize = byPanels ? from * PANEL : 0;
  const lastColumn: usize = byPanels ? min(columns, to * PANEL) : columns;
  const blocks = (depth + BLOCK_DEPTH - 1) / BLOCK_DEPTH;
  const most = (depth + blocks - 1) / blocks;
  for (let i = firstRow; i < lastRow; i += BLOCK_ROWS) {
    const height = min(BLOCK_ROWS, lastRow - i);
    for (let k: usize = 0; k < depth; k += most) {
      const part = min(most, depth - k);
      packLeft(scratch + TILE_BYTES, x + ((i * depth + k) << 2), depth << 2, height, part);
      for (let j = firstColumn; j < lastColumn; j += PANEL) {
        const width = min(PANEL, lastColumn - j);
        const at = (i * columns + j) << 2;
        timesPanel(
          scratch + TILE_BYTES, height, packed + ((j * depth + k * PANEL) << 2), part, width,
          y + at, columns << 2, k > 0, scratch,
        );
        if (k + part < depth) continue;
        finish(y + at, bias + (j << 2), residual == 0 ? 0 : residual + at, gelu, columns << 2, height, width);
      }
    }
  }
}
