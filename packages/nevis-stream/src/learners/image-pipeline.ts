/**
 * Images as a backbone reads them: the central square, resized bilinearly without antialiasing (pixel
 * centres at .5), grey repeated to three channels, channels beyond the third dropped, bytes scaled to
 * [-1, 1]. The benchmark's evaluation pipeline.
 *
 * @param images `[B, H, W, C]` bytes.
 * @param shape H, W and C.
 * @param size Side S of the result in pixels.
 * @returns `[B, S, S, 3]` float32.
 */
export function normalizeImages(
  images: Uint8Array,
  shape: readonly [height: number, width: number, channels: number],
  size: number,
): Float32Array {
  const [height, width, channels] = shape;
  const count = images.length / (height * width * channels);
  const side = Math.min(height, width);
  const rows = resizeWeights(side, size, Math.floor((height - side) / 2), width * channels);
  const columns = resizeWeights(side, size, Math.floor((width - side) / 2), channels);
  const result = new Float32Array(count * size * size * 3);
  let at = 0;
  for (let image = 0; image < count; image++) {
    const base = image * height * width * channels;
    for (const row of rows) {
      for (const column of columns) {
        const corner = base + row.low + column.low;
        for (let channel = 0; channel < 3; channel++) {
          const from = corner + Math.min(channel, channels === 2 ? 1 : channels - 1);
          const top = mix(images, from, column.step, column.fraction);
          const bottom =
            row.step === 0 ? top : mix(images, from + row.step, column.step, column.fraction);
          result[at++] = (top + (bottom - top) * row.fraction) / 127.5 - 1;
        }
      }
    }
  }
  return result;
}

/** Where a target pixel reads: offset of its lower neighbour, the step to the upper one, and the share of it. */
interface Neighbours {
  readonly low: number;
  readonly step: number;
  readonly fraction: number;
}

function resizeWeights(from: number, to: number, offset: number, stride: number): Neighbours[] {
  return Array.from({ length: to }, (_, target) => {
    const centre = Math.min(Math.max(((target + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(centre);
    return {
      low: (low + offset) * stride,
      step: low + 1 < from ? stride : 0,
      fraction: centre - low,
    };
  });
}

function mix(images: Uint8Array, from: number, step: number, fraction: number): number {
  const low = images[from] ?? 0;
  return low + ((images[from + step] ?? 0) - low) * fraction;
}
