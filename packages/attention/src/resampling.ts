import * as tf from '@tensorflow/tfjs-core';

/** What a place of a new line takes of an old one. */
export type Share = readonly [at: number, share: number];

/** `[to, from]`: the shares that the places of an old line have in those of a new one; beyond its ends it goes on with its last. */
export function shareMatrix(
  from: number,
  to: number,
  sharesOf: (place: number) => readonly Share[],
): tf.Tensor2D {
  const table = tf.buffer([to, from]);
  for (let place = 0; place < to; place++) {
    for (const [at, share] of sharesOf(place)) {
      const inside = Math.min(Math.max(at, 0), from - 1);
      table.set(table.get(place, inside) + share, place, inside);
    }
  }
  return table.toTensor() as tf.Tensor2D;
}

/**
 * All places that a filter around a centre reaches: PyTorch's and Pillow's resampling with antialias.
 *
 * @param step how many old places lie between two new ones; where they are more than one, the filter gets wider.
 */
export function filteredShares(
  centre: number,
  step: number,
  from: number,
  { radius, weight }: Filter,
): Share[] {
  const width = Math.max(step, 1);
  const first = Math.max(Math.trunc(centre - radius * width + 0.5), 0);
  const end = Math.min(Math.trunc(centre + radius * width + 0.5), from);
  const places = Array.from({ length: end - first }, (_, index) => first + index);
  const weights = places.map((place) => weight((place + 0.5 - centre) / width));
  const total = weights.reduce((sum, share) => sum + share, 0);
  return places.map((place, index) => [place, (weights[index] ?? 0) / total]);
}

/** A filter for lines whose places are 1 apart. */
export interface Filter {
  readonly radius: number;
  readonly weight: (distance: number) => number;
}

/** Those of the resampling with antialias, where the cubic one has a sharpness of 0.5. */
export const filters: Readonly<Record<'bilinear' | 'bicubic', Filter>> = {
  bilinear: { radius: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) },
  bicubic: { radius: 2, weight: (distance) => cubicWeight(distance, 0.5) },
};

/** The cubic convolution kernel (Keys, 1981, equation 4) with a = -sharpness. */
export function cubicWeight(distance: number, sharpness: number): number {
  const [d, a] = [Math.abs(distance), -sharpness];
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? a * (((d - 5) * d + 8) * d - 4) : 0;
}

/** `[B, rows, columns, C]` resampled along rows `[to, rows]` and columns `[to, columns]`. */
export function resampled(x: tf.Tensor, rows: tf.Tensor2D, columns: tf.Tensor2D): tf.Tensor {
  const along = (y: tf.Tensor, shares: tf.Tensor2D) => {
    const [first = 1, ...rest] = y.shape;
    const moved = tf.matMul(shares, tf.reshape(y, [first, -1]) as tf.Tensor2D);
    return tf.reshape(moved, [shares.shape[0], ...rest]);
  };
  return tf.tidy(() => {
    const down = along(tf.transpose(x, [1, 0, 2, 3]), rows);
    const across = along(tf.transpose(down, [2, 1, 0, 3]), columns);
    return tf.transpose(across, [1, 2, 0, 3]);
  });
}
