import {
  checkFlag,
  checkList,
  checkNumber,
  checkOptions,
  checkTensor,
  described,
  ShapeError,
} from '@neverend/backend';
import { withGradient } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { checkBase } from '../checks.ts';

/** The positions of N tokens, also as int64. */
export type PositionList = ArrayLike<number> | BigInt64Array | BigUint64Array;

/** Options of `rotaryPositions`. */
export interface RotaryOptions {
  /**
   * Position of the first token, the others following by one; or those of all N tokens; or a list of N for each row, as rows
   * that start with padding have them. Lists may be typed arrays. 0 where it is left out.
   */
  readonly positions?: number | PositionList | readonly PositionList[] | undefined;
  /** Longest wavelength over 2π; 10,000 where it is left out. */
  readonly base?: number | undefined;
  /**
   * How many of a vector's first numbers are turned, an even number; the others stay (`rotary_pct` · d of GPT-NeoX,
   * `partial_rotary_factor` · d of Phi, `rotary_dim` of GPT-J). All d where it is left out.
   */
  readonly dims?: number | undefined;
  /**
   * Whether number 2c is turned with number 2c + 1, as in RoFormer and GPT-J, instead of number c with number c + dims/2, as in GPT-NeoX,
   * Llama and Gemma. False where it is left out.
   */
  readonly interleaved?: boolean | undefined;
  /** What positions are divided by (linear scaling, arXiv 2306.15595); 1 where it is left out. */
  readonly factor?: number | undefined;
}

/** The names of the options that are the same for all calls of a model. */
export const rotaryOptions = ['base', 'dims', 'interleaved', 'factor'] as const;

/**
 * Rotary position embedding (arXiv 2104.09864, section 3.2): pair c of the first `dims` numbers of each head's vector is turned as a
 * point in the plane by position / factor · base^(-2c / dims). The product of a query and a key then depends on the difference of
 * their positions alone.
 *
 * @param x queries or keys `[rows, N, H, d]`, float32, with d even where there is no `dims`.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a position that is not finite, or a base or factor that is
 * not above 0. @throws TypeError for an unknown option.
 */
export function rotaryPositions(x: tf.Tensor, options: RotaryOptions = {}): tf.Tensor {
  checkOptions('rotaryPositions', options, ['positions', ...rotaryOptions]);
  checkTensor('x', x, ['rows', 'N', 'H', 'd']);
  checkRotary(options);
  const [rows, tokens, heads, depth] = x.shape as [number, number, number, number];
  const { base = 10_000, factor = 1, interleaved = false } = options;
  if (options.dims === undefined && depth % 2 !== 0) {
    throw new ShapeError(`x was [${x.shape.join(', ')}]; its last dimension must be even`);
  }
  const { dims = depth } = options;
  if (dims > depth) {
    throw new ShapeError(`dims was ${dims}; it must be at most the width of a head, ${depth}`);
  }
  const lists = positionsOf(options.positions, rows, tokens);
  const half = dims / 2;
  // In float64: a float32 angle of some thousand turns has three digits behind the point.
  const rates = Array.from({ length: half }, (_, c) => base ** (-c / half) / factor);
  const angles = lists.flatMap((list) =>
    list.flatMap((position) => rates.map((rate) => position * rate)),
  );
  // Pairs of neighbours are rows of two numbers.
  const [view, axes] = interleaved
    ? [
        [rows, tokens, heads * half, 2],
        [1, 1, heads, 1],
      ]
    : [
        [rows, tokens, heads, dims],
        [1, 1, 1, 1],
      ];
  const waves = (f: (angle: number) => number) => {
    const wave = tf.tensor(angles.map(f), [lists.length, tokens, 1, half]);
    const last = interleaved ? [heads * half, 1] : [1, half];
    return tf.reshape(tf.tile(wave, axes), [lists.length, tokens, ...last]);
  };
  const turned = (of: tf.Tensor, direction: 1 | -1): tf.Tensor => {
    const [cos, sin] = [waves(Math.cos), waves((angle) => direction * Math.sin(angle))];
    const [part, rest] = dims < depth ? tf.split(of, [dims, depth - dims], 3) : [of];
    const [a, b] = tf.split(tf.reshape(part as tf.Tensor, view), 2, 3) as [tf.Tensor, tf.Tensor];
    const first = tf.sub(tf.mul(a, cos), tf.mul(b, sin));
    const second = tf.add(tf.mul(b, cos), tf.mul(a, sin));
    const made = tf.reshape(tf.concat([first, second], 3), [rows, tokens, heads, dims]);
    return rest === undefined ? made : tf.concat([made, rest], 3);
  };
  return withGradient([x], () => ({
    value: turned(x, 1),
    saved: [],
    backward: (dy) => [turned(dy, -1)],
  }));
}

/** @throws naming an option of all calls that is wrong. */
function checkRotary({ base, dims, interleaved, factor }: RotaryOptions): void {
  if (base !== undefined) checkBase('base', base);
  if (factor !== undefined) checkBase('factor', factor);
  if (dims !== undefined) checkRotaryDims('dims', dims);
  if (interleaved !== undefined) checkFlag('interleaved', interleaved);
}

/** @throws ShapeError naming a number of turned numbers that is not even, or not above 0. */
export function checkRotaryDims(name: string, dims: number): void {
  if (!(Number.isInteger(dims) && dims % 2 === 0 && dims > 0)) {
    throw new ShapeError(`${name} was ${described(dims)}; it must be a positive even number`);
  }
}

/** The positions of all tokens, once or for each row. */
function positionsOf(
  positions: RotaryOptions['positions'],
  rows: number,
  tokens: number,
): readonly (readonly number[])[] {
  if (positions === undefined || typeof positions === 'number') {
    const first = positions ?? 0;
    checkNumber('positions', first);
    return [Array.from({ length: tokens }, (_, token) => first + token)];
  }
  const given = asList(positions) as readonly number[] | readonly ArrayLike<number>[];
  checkList('positions', given, 'numbers or lists of numbers');
  const ofRows = typeof given[0] === 'object';
  const lists = (ofRows ? given.map(asList) : [given]) as readonly (readonly number[])[];
  if (ofRows && lists.length !== rows) {
    throw new ShapeError(
      `positions held ${lists.length} lists; it must hold one for each of the ${rows} rows`,
    );
  }
  for (const [row, list] of lists.entries()) {
    const name = ofRows ? `positions[${row}]` : 'positions';
    if (ofRows) checkList(name, list, 'numbers');
    if (list.length !== tokens) {
      throw new ShapeError(
        `${name} held ${list.length} numbers; it must hold one for each of the ${tokens} tokens`,
      );
    }
    for (const position of list) checkNumber(name, position);
  }
  return lists;
}

/** A typed array as a list of numbers; anything else stays what it is. */
const asList = (value: unknown): unknown =>
  ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? Array.from(value as unknown as ArrayLike<number | bigint>, Number)
    : value;
