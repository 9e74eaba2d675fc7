import { described, type RandomKey, randomUniform, ShapeError, subkey } from '@neverend/backend';
import { normal } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Sizes of a real-gated linear recurrent unit, and where its eigenvalues start. */
export interface RgLruArgs {
  /** The width E of the input and output. */
  readonly width: number;
  /** The number H of blocks of the gates, which must divide E. */
  readonly heads: number;
  /**
   * At the start the magnitudes sigmoid(-a_param) of the eigenvalues are uniform by area in the ring from here to `maxRadius`.
   * Default: 0.9, that of Griffin; TRecViT has 0.5.
   */
  readonly minRadius?: number;
  /** Default: 0.999. */
  readonly maxRadius?: number;
}

/** The names of all sizes that `initRgLru` and `initComplexRgLru` take. */
export const rgLruArgs: readonly (keyof RgLruArgs)[] = ['width', 'heads', 'minRadius', 'maxRadius'];

/** The parameters of both gates: normal with a standard deviation of 1 / sqrt(D), biases 0. */
export function initGates(
  key: RandomKey,
  sizes: { readonly width: number; readonly outputWidth: number; readonly heads: number },
): Record<string, tf.Tensor> {
  const { width, outputWidth, heads } = sizes;
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0 || outputWidth % heads !== 0) {
    throw new ShapeError(
      `heads was ${described(heads)}; it must be a positive divisor of the width, ${outputWidth}`,
    );
  }
  const params: Record<string, tf.Tensor> = {};
  for (const gate of ['input_gate', 'a_gate']) {
    const shape = [heads, width / heads, outputWidth / heads];
    const gateKey = subkey(key, gate);
    params[`${gate}/w`] = normal(gateKey, shape, 1 / Math.sqrt(width));
    params[`${gate}/b`] = tf.zeros([heads, outputWidth / heads]);
  }
  return params;
}

/** Numbers p of which the sigmoid of -p is uniform by area in the ring from `minRadius` to `maxRadius`. */
export function ringParam(
  key: RandomKey,
  width: number,
  minRadius: number,
  maxRadius: number,
): tf.Tensor {
  if (!(Number.isFinite(maxRadius) && maxRadius > 0 && maxRadius < 1)) {
    throw new RangeError(`maxRadius was ${described(maxRadius)}; it must be above 0 and below 1`);
  }
  if (!(Number.isFinite(minRadius) && minRadius >= 0 && minRadius < maxRadius)) {
    throw new RangeError(
      `minRadius was ${described(minRadius)}; it must be at least 0 and below ${maxRadius}`,
    );
  }
  const values = Array.from(randomUniform(key, width), (u) => {
    // The same small number as in the official code keeps the logarithm finite at a radius of 0.
    const logRadius = 0.5 * Math.log(u * (maxRadius ** 2 - minRadius ** 2) + minRadius ** 2 + 1e-8);
    return Math.log(Math.expm1(-logRadius));
  });
  return tf.tensor1d(values);
}
