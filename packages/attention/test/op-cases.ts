import { randomKey } from '@neverend/backend';
import {
  currentTolerance,
  expectLikeReference,
  normalInput,
  numbers,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { encoderBlockBackwardNaive, encoderBlockNaive } from '../src/encoder-block/naive.ts';
import { encoderBlock } from '../src/index.ts';
import { expectLikeNaive, sizes, sizesOf } from './attention-case.ts';
import { blockParams } from './block-inputs.ts';

/** Twice with the same weights, which stay packed for the second time. */
async function checkEncoderBlock(
  shape: readonly [number, number, number, number],
  heads: number,
  mlpWidth: number,
): Promise<void> {
  const [outer, inner, tokens, width] = shape;
  const params = blockParams(width, heads, mlpWidth);
  const [x, dy] = [normalInput(randomKey('x'), shape), normalInput(randomKey('dy'), shape)];
  const size = { rows: outer * inner, tokens, width, heads };
  const gradients = encoderBlockBackwardNaive(x.data, numbers(params), size, dy.data);
  await expectLikeReference({
    op: ({ x, ...rest }) =>
      tf.tidy(() => {
        const once = () => encoderBlock(x as tf.Tensor, rest, { heads });
        return tf.sub(tf.mul(once(), 2), once());
      }),
    inputs: { x, ...params },
    dy,
    y: encoderBlockNaive(x.data, numbers(params), size),
    gradients: { x: gradients.x, ...gradients.params },
    tolerance: currentTolerance(),
  });
}

/** Attention held against its reference on the current backend; the tests of backend run it in browsers. */
export const opCases: readonly { readonly name: string; readonly check: () => Promise<void> }[] = [
  ...(
    [
      [[1, 1, 1, 3], 1, 1],
      [[2, 3, 7, 6], 2, 13],
      [[1, 1, 101, 24], 3, 70],
    ] as const
  ).map(([shape, heads, mlpWidth]) => ({
    name: `encoderBlock of [${shape}] with ${heads} heads`,
    check: () => checkEncoderBlock(shape, heads, mlpWidth),
  })),
  ...sizes.flatMap((list) => {
    const size = sizesOf(list);
    return [
      {
        name: `scaledDotProductAttention of [${list}]`,
        check: () => expectLikeNaive(currentTolerance(), size, {}, {}),
      },
      {
        name: `scaledDotProductAttention of [${list}], causal`,
        check: () =>
          expectLikeNaive(
            currentTolerance(),
            size,
            { causal: true },
            { added: (_row, _head, i, j) => (j <= i ? 0 : -Infinity) },
          ),
      },
    ];
  }),
];
