import { shorten, type Taps, tapsOf } from '../video/resize.ts';
import type { Clip, ClipFormat } from './clip-source.ts';
import type { View } from './view.ts';

/**
 * Writes what a model sees of a clip into a batch: the window of each frame, resized as `resizePicture` does it, in the model's range.
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
  const down = windowTaps(clip.rows, view.top, view.rows, rows);
  const across = windowTaps(clip.columns, view.left, view.columns, columns);
  if (view.mirrored) mirror(across);
  const [black, white] = input.range;
  const first = down.starts[0] ?? 0;
  const needed = (down.starts[rows - 1] ?? 0) + down.taps - first;
  const width = 3 * columns;
  for (let frame = 0; frame < clip.frames; frame++) {
    const source = (frame * clip.rows + first) * clip.columns * 3;
    const narrow = shorten(clip.pixels.subarray(source), needed, clip.columns, across);
    for (let row = 0; row < rows; row++) {
      const target = at + (frame * rows + row) * width;
      const line = into.subarray(target, target + width).fill(black);
      const start = ((down.starts[row] ?? 0) - first) * width;
      for (let tap = 0; tap < down.taps; tap++) {
        const weight = (down.weights[row * down.taps + tap] as number) * ((white - black) / 255);
        if (weight === 0) continue;
        const from = start + tap * width;
        for (let value = 0; value < width; value++) {
          line[value] = (line[value] as number) + weight * (narrow[from + value] as number);
        }
      }
    }
  }
}

/** As `tapsOf`, for `count` places that share a window of the line. */
function windowTaps(size: number, start: number, length: number, count: number): Taps {
  const places = count / length;
  return tapsOf(size, size * places, start * places, count);
}

/** The last place comes first; what a place takes stays in its order. */
function mirror({ starts, weights, taps }: Taps): void {
  starts.reverse();
  weights.reverse();
  for (let place = 0; place < starts.length; place++) {
    weights.subarray(place * taps, (place + 1) * taps).reverse();
  }
}
