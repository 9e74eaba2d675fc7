import { randomKey } from '@neverend/backend';
import {
  type Inputs,
  normalInput,
  numbers,
  numericGradients,
  type OpCase,
  type Tolerance,
} from '@neverend/backend/testing';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { RecurrentState, ResidualBlockOptions } from '../../src/index.ts';
import type { Arrays, BlockOutputs, BlockSizes } from '../../src/recurrent-block/naive.ts';
import { positions, positionsTensor } from '../positions.ts';

type Block = (
  x: tf.Tensor,
  params: Params,
  options: ResidualBlockOptions,
) => { y: tf.Tensor; state: RecurrentState };

type Naive = (arrays: Arrays, segmentPos: ArrayLike<number>, sizes: BlockSizes) => BlockOutputs;

/** Numbers for parameters of these shapes: those of a recurrence as units start with them, all others normal. */
function paramInputs(params: Readonly<Record<string, tf.Tensor>>): Inputs {
  return Object.fromEntries(
    Object.entries(params).map(([name, { shape }]) => {
      const isRecurrence = name.endsWith('a_param');
      return [
        name,
        normalInput(randomKey('param', name), shape, isRecurrence ? 1 : 0.5, isRecurrence ? -2 : 0),
      ];
    }),
  );
}

/**
 * A block from states, with restarts, or from nothing, with its reference: its output and both of its states, one after the other.
 *
 * @param shape `[rows, T, D]` or `[B, T, N, D]`. @param params of any numbers, for their shapes.
 * @param constants those that differ from what the block has by itself.
 */
export function blockCase(
  block: Block,
  naive: Naive,
  shape: readonly number[],
  params: Readonly<Record<string, tf.Tensor>>,
  heads: number,
  tolerance: Tolerance,
  {
    fromNothing = false,
    ...constants
  }: Pick<ResidualBlockOptions, 'decayPower' | 'eps'> & { readonly fromNothing?: boolean } = {},
): OpCase {
  const [outer, steps, ...rest] = shape as readonly number[] as [number, number, ...number[]];
  const lanes = rest.slice(0, -1);
  const [taps = 1, inner = 1] =
    Object.entries(params).find(([name]) => name.endsWith('conv_1d/w'))?.[1].shape ?? [];
  const width = rest.at(-1) ?? 1;
  const sizes = { outer, steps, tokens: lanes[0] ?? 1, width, inner, heads, taps, ...constants };
  const states = {
    rgLru: normalInput(randomKey('rgLru'), [outer, ...lanes, inner]),
    conv: normalInput(randomKey('conv'), [outer, taps - 1, ...lanes, inner]),
  };
  const inputs: Inputs = {
    x: normalInput(randomKey('x'), shape),
    ...(fromNothing ? {} : states),
    ...paramInputs(params),
  };
  const nothing = {
    rgLru: new Float64Array(states.rgLru.data.length),
    conv: new Float64Array(states.conv.data.length),
  };
  const segmentPos = fromNothing
    ? Array.from({ length: outer * steps }, (_, step) => step % steps)
    : positions(outer, steps);
  const reference = (arrays: Arrays) =>
    Float64Array.from(
      naive({ ...nothing, ...arrays }, segmentPos, sizes).flatMap((array) => [...array]),
    );
  const y = reference(numbers(inputs));
  const dy = normalInput(randomKey('dy'), [y.length]);
  return {
    op: ({ x, rgLru, conv, ...given }) =>
      tf.tidy(() => {
        const result = block(x as tf.Tensor, given, {
          ...constants,
          ...(!fromNothing && {
            segmentPos: positionsTensor(outer, steps),
            state: { rgLru: rgLru as tf.Tensor, conv: conv as tf.Tensor },
          }),
        });
        const outputs = [result.y, result.state.rgLru, result.state.conv];
        return tf.concat(outputs.map((output) => tf.reshape(output, [-1])));
      }),
    inputs,
    dy,
    y,
    gradients: numericGradients(inputs, dy.data, reference),
    tolerance,
  };
}
