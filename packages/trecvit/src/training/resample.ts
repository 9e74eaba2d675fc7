import type { Clip, ClipFormat } from './clip-source.ts';
import type { View } from './view.ts';

/** For each target pixel of an axis: the first pixel that it is made of, and what each of them counts. */
interface Taps {
  readonly from: Int32Array;
  /** `[targets, taps]`; 0 beyond those that count. */
  readonly weights: Float32Array;
  readonly taps: number;
}

/**
 * Writes what a model sees of a clip into a batch: the window of each frame resized by the triangle filter, widened where pixels get
 * fewer (Pillow's `BILINEAR`, which looks beyond the window as it does), and scaled to the model's range.
 *
 * @param into gets `[frames, rows, columns, 3]` numbers from `at` on.
 */
export function resample(
  clip: Clip,
  view: View,
  { imageSize: [rows, columns], input }: ClipFormat,
  into: Float32Array,
  at = 0,
): void {
  const down = tapsOf(clip.rows, view.top, view.rows, rows);
  const across = tapsOf(clip.columns, view.left, view.columns, columns);
  if (view.mirrored) mirror(across);
  const [black, white] = input.range;
  const scale = (white - black) / 255;
  const width = 3 * columns;
  const first = down.from.reduce((least, row) => Math.min(least, row), clip.rows);
  // With rows of 0 at the end, for taps that do not count.
  const narrow = new Float32Array((clip.rows - first + down.taps) * width);
  const frameBytes = clip.rows * clip.columns * 3;
  for (let frame = 0; frame < clip.frames; frame++) {
    let end = first;
    for (let row = 0; row < rows; row++) {
      const from = down.from[row] as number;
      for (; end < Math.min(from + down.taps, clip.rows); end++) {
        const source = frame * frameBytes + end * clip.columns * 3;
        squeezeRow(clip.pixels, source, across, narrow, (end - first) * width);
      }
      const target = at + (frame * rows + row) * width;
      for (let value = 0; value < width; value++) {
        let sum = 0;
        for (let tap = 0; tap < down.taps; tap++) {
          const weight = down.weights[row * down.taps + tap] as number;
          sum += weight * (narrow[(from + tap - first) * width + value] as number);
        }
        into[target + value] = sum * scale + black;
      }
    }
  }
}

/** One row of a picture at the target's width. */
function squeezeRow(
  pixels: Uint8Array,
  source: number,
  { from, weights, taps }: Taps,
  into: Float32Array,
  at: number,
): void {
  for (let column = 0; column < from.length; column++) {
    let [red, green, blue] = [0, 0, 0];
    for (let tap = 0; tap < taps; tap++) {
      const weight = weights[column * taps + tap] as number;
      if (weight === 0) continue;
      const pixel = source + 3 * ((from[column] as number) + tap);
      red += weight * (pixels[pixel] as number);
      green += weight * (pixels[pixel + 1] as number);
      blue += weight * (pixels[pixel + 2] as number);
    }
    into[at + 3 * column] = red;
    into[at + 3 * column + 1] = green;
    into[at + 3 * column + 2] = blue;
  }
}

function tapsOf(size: number, start: number, length: number, targets: number): Taps {
  const scale = length / targets;
  const reach = Math.max(1, scale);
  const found = Array.from({ length: targets }, (_, target) => {
    const centre = start + (target + 0.5) * scale;
    const low = Math.max(0, Math.floor(centre - reach + 0.5));
    const high = Math.min(size, Math.floor(centre + reach + 0.5));
    const weights = Array.from({ length: high - low }, (_, tap) =>
      Math.max(0, 1 - Math.abs(low + tap + 0.5 - centre) / reach),
    );
    // Where nothing is resized, one pixel counts and its neighbours do not.
    while (weights.length > 1 && weights.at(-1) === 0) weights.pop();
    const skipped = weights.findIndex((weight) => weight > 0);
    return { from: low + skipped, weights: weights.slice(skipped) };
  });
  const taps = Math.max(...found.map(({ weights }) => weights.length));
  const flat = new Float32Array(targets * taps);
  for (const [target, { weights }] of found.entries()) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    flat.set(
      weights.map((weight) => weight / total),
      target * taps,
    );
  }
  return { from: Int32Array.from(found, ({ from }) => from), weights: flat, taps };
}

function mirror({ from, weights, taps }: Taps): void {
  from.reverse();
  // Whole entries change places; each one's taps keep their order.
  weights.reverse();
  for (let entry = 0; entry < from.length; entry++) {
    weights.subarray(entry * taps, (entry + 1) * taps).reverse();
  }
}
