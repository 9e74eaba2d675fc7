import { type Fit, placementOf } from './fit.ts';
import type { Picture } from './picture.ts';

/** For each of some places of the result, what it takes of a line: `weights[k * taps + i]` of the value `starts[k] + i`. */
export interface Taps {
  readonly starts: Int32Array;
  readonly taps: number;
  readonly weights: Float32Array;
}

/**
 * Linear interpolation from a line of `size` values to one of `scaled`, of which `count` from `first` on are wanted. Where the line gets
 * shorter, the triangle is as wide as the values that come together in one, so that nothing is skipped. Beyond its ends the line goes on with
 * its last value (libswscale's `bilinear`; Pillow and torch take no more than there is, which differs in the outermost pixels).
 */
export function tapsOf(size: number, scaled: number, first: number, count: number): Taps {
  const scale = size / scaled;
  const support = Math.max(scale, 1);
  const reach = 2 * Math.ceil(support) + 1;
  const taps = Math.min(size, reach);
  const starts = new Int32Array(count);
  const weights = new Float32Array(count * taps);
  for (let place = 0; place < count; place++) {
    const centre = (first + place + 0.5) * scale;
    const from = Math.floor(centre - support + 0.5);
    const start = Math.max(0, Math.min(size - taps, from));
    starts[place] = start;
    const line = new Float64Array(taps);
    let sum = 0;
    for (let at = from; at < from + reach; at++) {
      const weight = Math.max(0, 1 - Math.abs(at + 0.5 - centre) / support);
      const tap = Math.max(0, Math.min(taps - 1, at - start));
      line[tap] = (line[tap] as number) + weight;
      sum += weight;
    }
    weights.set(
      line.map((weight) => weight / sum),
      place * taps,
    );
  }
  return { starts, taps, weights };
}

/**
 * A picture as a model takes it, by linear interpolation over the area of a pixel of the result. It is computed on bytes, and so is the same on
 * every backend and in every browser.
 */
export function resizePicture(picture: Picture, fit: Fit): Picture {
  const { rows, columns, pixels } = picture;
  const [wantedRows, wantedColumns] = fit.imageSize;
  if (rows === wantedRows && columns === wantedColumns) return picture;
  const placement = placementOf(rows, columns, fit);
  const across = tapsOf(columns, placement.columns, placement.left, wantedColumns);
  const down = tapsOf(rows, placement.rows, placement.top, wantedRows);
  const firstRow = down.starts[0] ?? 0;
  const lastRow = (down.starts[wantedRows - 1] ?? 0) + down.taps;
  const narrow = shorten(
    pixels.subarray(firstRow * columns * 3),
    lastRow - firstRow,
    columns,
    across,
  );
  const result = new Uint8Array(wantedRows * wantedColumns * 3);
  const width = wantedColumns * 3;
  const line = new Float32Array(width);
  for (let row = 0; row < wantedRows; row++) {
    line.fill(0.5);
    const start = ((down.starts[row] ?? 0) - firstRow) * width;
    for (let tap = 0; tap < down.taps; tap++) {
      const weight = down.weights[row * down.taps + tap] as number;
      if (weight === 0) continue;
      const from = start + tap * width;
      for (let at = 0; at < width; at++) {
        line[at] = (line[at] as number) + weight * (narrow[from + at] as number);
      }
    }
    // What is stored in bytes loses its fraction: with the half above it is rounded.
    result.set(line, row * width);
  }
  return { ...picture, rows: wantedRows, columns: wantedColumns, pixels: result };
}

/** Lines of `columns` RGB pixels resized, `[rows, places, 3]`. */
export function shorten(
  pixels: Uint8Array,
  rows: number,
  columns: number,
  across: Taps,
): Float32Array {
  const { starts, taps, weights } = across;
  const places = starts.length;
  const result = new Float32Array(rows * places * 3);
  for (let row = 0; row < rows; row++) {
    for (let place = 0; place < places; place++) {
      let [red, green, blue] = [0, 0, 0];
      let from = (row * columns + (starts[place] as number)) * 3;
      for (let tap = place * taps; tap < (place + 1) * taps; tap++, from += 3) {
        const weight = weights[tap] as number;
        red += weight * (pixels[from] as number);
        green += weight * (pixels[from + 1] as number);
        blue += weight * (pixels[from + 2] as number);
      }
      const to = (row * places + place) * 3;
      result[to] = red;
      result[to + 1] = green;
      result[to + 2] = blue;
    }
  }
  return result;
}
