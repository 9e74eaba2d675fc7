import { checkNumber, checkOptions, checkTensor, ShapeError } from '@neverend/backend';
import { withGradient } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { checkBase } from '../checks.ts';

/** Options of `rotaryPositions`. */
export interface RotaryOptions {
  /** Position of the first token, the others following by one, or those of all N tokens; 0 where it is left out. */
  readonly positions?: number | readonly number[] | undefined;
  /** Longest wavelength over 2π; 10,000 where it is left out. */
  readonly base?: number | undefined;
}

/**
 * Rotary position embedding (arXiv 2104.09864, section 3.2): number c of each head's vector and number c + d/2 are turned as a
 * point in the plane by position · base^(-2c / d). The pairs are those of GPT-NeoX, Gemma and Llama. The product of a
 * query and a key then depends on the difference of their positions alone.
 *
 * @param x queries or keys `[rows, N, H, d]`, float32, with d even.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a position that is not finite, or a base that is not
 * above 0. @throws TypeError for an unknown option.
 */
export function rotaryPositions(x: tf.Tensor, options: RotaryOptions = {}): tf.Tensor {
  checkOptions('rotaryPositions', options, ['positions', 'base']);
  checkTensor('x', x, ['rows', 'N', 'H', 'd']);
  const [, tokens, , depth] = x.shape as [number, number, number, number];
  if (depth % 2 !== 0) {
    throw new ShapeError(`x was [${x.shape.join(', ')}]; its last dimension must be even`);
  }
  const { positions = 0, base = 10_000 } = options;
  if (typeof positions !== 'number' && positions.length !== tokens) {
    throw new ShapeError(
      `positions held ${positions.length} numbers; it must hold one for each of the ${tokens} tokens`,
    );
  }
  checkBase('base', base);
  for (const position of typeof positions === 'number' ? [positions] : positions) {
    checkNumber('positions', position);
  }
  const half = depth / 2;
  // In float64: a float32 angle of some thousand turns has three digits behind the point.
  const angles = Array.from({ length: tokens * half }, (_, index) => {
    const [token, c] = [Math.floor(index / half), index % half];
    const position = typeof positions === 'number' ? positions + token : (positions[token] ?? 0);
    return position * base ** (-c / half);
  });
  return withGradient([x], () => ({
    value: turned(x, angles),
    saved: [],
    backward: (dy) => [
      turned(
        dy,
        angles.map((angle) => -angle),
      ),
    ],
  }));
}

function turned(x: tf.Tensor, angles: readonly number[]): tf.Tensor {
  const shape = [1, x.shape[1] ?? 1, 1, (x.shape[3] ?? 2) / 2];
  const [cos, sin] = [Math.cos, Math.sin].map((f) => tf.tensor(angles.map(f), shape)) as [
    tf.Tensor,
    tf.Tensor,
  ];
  const [first, second] = tf.split(x, 2, 3) as [tf.Tensor, tf.Tensor];
  return tf.concat(
    [
      tf.sub(tf.mul(first, cos), tf.mul(second, sin)),
      tf.add(tf.mul(second, cos), tf.mul(first, sin)),
    ],
    3,
  );
}
