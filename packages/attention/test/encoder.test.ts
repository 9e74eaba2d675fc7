import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectTensorClose,
  normalInput,
  numbers,
  numericGradients,
  officialTolerances,
  poisonMemory,
  tolerances,
  toTensor,
  toTensors,
  webgpuIfLong,
} from '@neverend/backend/testing';
import { layerNorm, subtree } from '@neverend/nn';
import { layerNormNaive } from '@neverend/nn/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { encoderBlockNaive } from '../src/encoder-block/naive.ts';
import { encoder, encoderBlock } from '../src/index.ts';
import { blockParams, inputsBelow } from './block-inputs.ts';
import { expectEachAlone, expectOnPermuted } from './row-properties.ts';

const [width, heads, mlpWidth, depth] = [4, 2, 3, 2];

/** Parameters of a stack of blocks that all differ. */
const stackParams = {
  ...Object.fromEntries(
    [0, 1].flatMap((index) =>
      Object.entries(blockParams(width, heads, mlpWidth, index)).map(([name, input]) => [
        `encoderblock_${index}/${name}`,
        input,
      ]),
    ),
  ),
  'encoder_norm/scale': normalInput(randomKey('scale'), [width], 0.3, 1),
  'encoder_norm/bias': normalInput(randomKey('bias'), [width]),
};

await describeBackends(
  'encoder',
  (backend) => {
    it('is its blocks and its norm one after the other, with the gradients of finite differences by every parameter', async () => {
      poisonMemory();
      const [rows, tokens] = [2, 3];
      const inputs = { x: normalInput(randomKey('x'), [rows, tokens, width]), ...stackParams };
      const naive = ({ x, ...params }: Record<string, Float64Array>) => {
        let y = x as Float64Array;
        for (let index = 0; index < depth; index++) {
          const prefix = `encoderblock_${index}/`;
          const block = Object.entries(params).flatMap(([name, array]) =>
            name.startsWith(prefix) ? [[name.slice(prefix.length), array] as const] : [],
          );
          y = encoderBlockNaive(y, Object.fromEntries(block), { rows, tokens, width, heads });
        }
        const [scale, bias] = [params['encoder_norm/scale'], params['encoder_norm/bias']];
        return layerNormNaive(
          { x: y, scale: scale as Float64Array, bias: bias as Float64Array },
          1e-6,
        );
      };
      const dy = normalInput(randomKey('dy'), [rows, tokens, width]);
      const { rtol, atol } = tolerances[backend];
      await expectLikeReference({
        op: ({ x, ...params }) => encoder(x as tf.Tensor, params, { depth, heads }),
        inputs,
        dy,
        y: naive(numbers(inputs)),
        gradients: numericGradients(inputs, dy.data, naive),
        // Five norms over four numbers each multiply rounding by what they divide by.
        tolerance: { rtol: 10 * rtol, atol: 10 * atol },
      });
    });

    it('without its norm is its blocks, and without any x itself', async () => {
      const params = toTensors(stackParams);
      const x = toTensor(normalInput(randomKey('x'), [2, 3, width]));
      const options = { heads, finalNorm: false };
      const y = encoder(x, params, { ...options, depth: 1 });
      const expected = encoderBlock(x, subtree(params, 'encoderblock_0/'), { heads });
      const none = encoder(x, {}, { ...options, depth: 0 });
      await expectTensorClose(y, { shape: y.shape, data: await expected.data() });
      await expectTensorClose(none, { shape: x.shape, data: await x.data() });
      // The result is a tensor of its own.
      none.dispose();
      expect(x.isDisposed).toBe(false);
      tf.dispose([params, x, y, expected]);
    });

    it('drops other numbers in every block', async () => {
      poisonMemory();
      const params = toTensors(stackParams);
      const block = toTensors(inputsBelow(stackParams, 'encoderblock_0/'));
      for (const [name, tensor] of Object.entries(block)) params[`encoderblock_1/${name}`] = tensor;
      const x = toTensor(normalInput(randomKey('x'), [2, 3, width]));
      const dropout = { rate: 0.5, key: randomKey('stack') };
      const y = encoder(x, params, { depth, heads, gelu: 'erf', dropout });
      const expected = tf.tidy(() => {
        const { low, high } = dropout.key;
        const once = (input: tf.Tensor, index: number) =>
          encoderBlock(input, block, {
            ...{ heads, gelu: 'erf' },
            dropout: { rate: 0.5, key: randomKey(low, high, index) },
          });
        return layerNorm(
          once(once(x, 0), 1),
          params['encoder_norm/scale'] as tf.Tensor,
          params['encoder_norm/bias'] as tf.Tensor,
        );
      });
      await expectTensorClose(y, { shape: [2, 3, width], data: await expected.data() });
      tf.dispose([block, params, x, y, expected]);
    });

    it('permutes its output as its tokens are permuted, and treats every row by itself', async () => {
      const params = toTensors(stackParams);
      const op = {
        run: (x: tf.Tensor) => encoder(x, params, { depth, heads }),
        // Norms over four numbers multiply rounding by what they divide by.
        tolerance: 10 * officialTolerances[backend],
        numRuns: backend === 'webgpu' ? 1 : 8,
      };
      await expectOnPermuted({ ...op, shape: [2, 1, width], axis: 1 }, 'permuted');
      await expectEachAlone({ ...op, shape: [1, 3, width], axis: 0 });
      tf.dispose(params);
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
