import { kernelMode, randomKey, ShapeError, withPeakBytes } from '@neverend/backend';
import { loadAddon } from '@neverend/backend/kernels';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  initResidualBlock,
  type RecurrentState,
  residualBlock,
  type SequenceOptions,
} from '../../src/index.ts';
import { positionsTensor } from '../positions.ts';
import { cuts, expectPartsLikeWhole } from '../splits.ts';
import { blockCase } from './block-case.ts';
import { residualBlockNaive } from './naive.ts';

const sizes = { width: 6, lruWidth: 8, heads: 2, mlpWidth: 9, minRadius: 0.5 };

await describeBackends(
  'residualBlock',
  (backend) => {
    for (const [shape, mlpWidth] of [
      [[2, 5, 3], undefined],
      [[2, 3, 2, 3], 4],
    ] as const) {
      const name = `of [${shape}], ${mlpWidth === undefined ? 'without' : 'with'} the MLP,`;
      it(`${name} has the reference's output and states, and the gradients of finite differences`, async () => {
        poisonMemory();
        const of = { width: 3, lruWidth: 4, heads: 2, taps: 3 };
        const params = initResidualBlock(randomKey(1), {
          ...of,
          ...(mlpWidth === undefined ? {} : { mlpWidth }),
        });
        const { rtol, atol } = tolerances[backend];
        // A norm over three numbers multiplies rounding by what it divides by.
        const tolerance = { rtol: 5 * rtol, atol: 5 * atol };
        const test = blockCase(residualBlock, residualBlockNaive, shape, params, 2, tolerance);
        tf.dispose(params);
        await expectLikeReference(test);
      });
    }

    it("with another decay and another epsilon has the reference's output, states and gradients", async () => {
      poisonMemory();
      const params = initResidualBlock(randomKey(1), { width: 3, lruWidth: 4, heads: 2, taps: 3 });
      const { rtol, atol } = tolerances[backend];
      const tolerance = { rtol: 5 * rtol, atol: 5 * atol };
      const constants = { decayPower: 3, eps: 0.1 };
      const test = blockCase(
        ...([residualBlock, residualBlockNaive, [2, 5, 3], params, 2, tolerance] as const),
        constants,
      );
      tf.dispose(params);
      await expectLikeReference(test);
    });

    it
      .runIf(backend === 'tensorflow' && kernelMode() !== 'composite' && loadAddon().available)
      .each([
        { lruWidth: 8, most: 3 },
        { lruWidth: 2, most: 1.25 },
      ])('of width $lruWidth keeps $most times its input at once', ({ lruWidth, most }) => {
      const params = initResidualBlock(randomKey(1), { width: 8, lruWidth, heads: 2, taps: 3 });
      const x = tf.ones([2, 50, 8]);
      const block = () => residualBlock(x, params);
      // Compares the kernel with its composite.
      const first = block();
      const { result, peakBytes } = withPeakBytes(block);
      // States, and what stands for those that are not given, are small beside x.
      expect(peakBytes / (4 * x.size)).toBeGreaterThanOrEqual(most);
      expect(peakBytes / (4 * x.size)).toBeLessThan(most + 0.2);
      tf.dispose([x, params, first.y, first.state, result.y, result.state]);
    });

    it('of parts, cut at any points, is that of the whole, with restarts and without', async () => {
      const params = initResidualBlock(randomKey(1), sizes);
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 9 }),
          fc.nat({ max: 8 }),
          fc.boolean(),
          fc.boolean(),
          fc.nat(),
          async (steps, count, restarts, tokens, seed) => {
            const x = randomTensor(randomKey(seed, 'x'), tokens ? [2, steps, 3, 6] : [2, steps, 6]);
            const segmentPos = positionsTensor(2, steps, seed);
            await expectPartsLikeWhole(
              (part, options: SequenceOptions<RecurrentState>) =>
                residualBlock(part, params, options),
              x,
              restarts ? segmentPos : undefined,
              cuts(randomKey(seed, 'cuts'), steps, count),
              tolerances[backend],
            );
            tf.dispose([x, segmentPos]);
          },
        ),
        { numRuns: backend === 'webgpu' ? 3 : 15 },
      );
      tf.dispose(params);
    });

    it('over [B, T, N, D] is that of every token as a row of its own', async () => {
      const params = initResidualBlock(randomKey(2), sizes);
      const x = randomTensor(randomKey('x'), [2, 5, 3, 6]);
      const rows = tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [6, 5, 6]);
      const { y, state } = residualBlock(x, params);
      const expected = residualBlock(rows, params);
      const back = tf.transpose(tf.reshape(expected.y, [2, 3, 5, 6]), [0, 2, 1, 3]);
      const close = tolerances[backend];
      await expectTensorClose(y, { shape: x.shape, data: await back.data() }, close);
      const lru = { shape: [2, 3, 8], data: await expected.state.rgLru.data() };
      await expectTensorClose(state.rgLru, lru, close);
      expect(state.conv.shape).toEqual([2, 3, 3, 8]);
    });

    it('begins a row anew as if nothing had come before', async () => {
      const params = initResidualBlock(randomKey(3), sizes);
      const x = randomTensor(randomKey('x'), [2, 6, 6]);
      const segmentPos = tf.tensor2d([0, 1, 2, 3, 4, 5, 4, 5, 0, 1, 2, 3], [2, 6], 'int32');
      const { y } = residualBlock(x, params, { segmentPos });
      const tail = tf.slice(x, [1, 2, 0], [1, 4, 6]);
      const alone = residualBlock(tail, params);
      await expectTensorClose(tf.slice(y, [1, 2, 0], [1, 4, 6]), await alone.y.data());
    });

    it('keeps nothing but what it returns, also where it throws', async () => {
      const params = initResidualBlock(randomKey(4), sizes);
      const x = randomTensor(randomKey('x'), [2, 3, 6]);
      await expectNoLeak(() =>
        tf.dispose(residualBlock(x, params) as unknown as tf.TensorContainer),
      );
      const { 'mlp_block/ffw_down/bias': _, ...rest } = params;
      const message = 'params["mlp_block/ffw_down/bias"] was missing; it must be [6]';
      await expect(expectNoLeak(() => residualBlock(x, rest))).rejects.toThrow(
        new ShapeError(message),
      );
      tf.dispose([params, x]);
    });

    it('passes a gradient to every parameter', async () => {
      const params = initResidualBlock(randomKey(5), sizes);
      const x = randomTensor(randomKey('x'), [2, 5, 6]);
      const names = Object.keys(params);
      const gradients = tf.grads((...tensors: tf.Tensor[]) =>
        tf.square(
          residualBlock(
            x,
            Object.fromEntries(names.map((name, index) => [name, tensors[index] as tf.Tensor])),
          ).y,
        ),
      )(Object.values(params));
      for (const [index, name] of names.entries()) {
        const slopes = await (gradients[index] as tf.Tensor).data();
        expect([name, slopes.some((slope) => slope !== 0)]).toEqual([name, true]);
      }
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

describe('the weights of initResidualBlock', () => {
  const deviation = (tensor: tf.Tensor) => {
    const { variance } = tf.moments(tensor);
    return variance.data().then(([value]) => Math.sqrt(value ?? 0));
  };

  it('have the names and shapes of the official checkpoints', () => {
    const shapes = (mlpWidth?: number) => {
      const args = { width: 6, lruWidth: 8, heads: 2, ...(mlpWidth ? { mlpWidth } : {}) };
      const params = initResidualBlock(randomKey(1), args);
      const result = Object.fromEntries(
        Object.entries(params).map(([name, { shape }]) => [name, shape]),
      );
      tf.dispose(params);
      return result;
    };
    const plain = {
      'temporal_pre_norm/scale': [6],
      'recurrent_block/linear_x/kernel': [6, 8],
      'recurrent_block/linear_x/bias': [8],
      'recurrent_block/linear_y/kernel': [6, 8],
      'recurrent_block/linear_y/bias': [8],
      'recurrent_block/linear_out/kernel': [8, 6],
      'recurrent_block/linear_out/bias': [6],
      'recurrent_block/conv_1d/w': [4, 8],
      'recurrent_block/conv_1d/b': [8],
      'recurrent_block/rg_lru/a_param': [8],
      'recurrent_block/rg_lru/input_gate/w': [2, 4, 4],
      'recurrent_block/rg_lru/input_gate/b': [2, 4],
      'recurrent_block/rg_lru/a_gate/w': [2, 4, 4],
      'recurrent_block/rg_lru/a_gate/b': [2, 4],
    };
    expect(shapes()).toEqual(plain);
    expect(shapes(9)).toEqual({
      ...plain,
      'channel_pre_norm/scale': [6],
      'mlp_block/ffw_up/w': [2, 6, 9],
      'mlp_block/ffw_up/b': [2, 1, 1, 9],
      'mlp_block/ffw_down/kernel': [9, 6],
      'mlp_block/ffw_down/bias': [6],
    });
  });

  it('have the taps and the ring that were asked for', async () => {
    const args = { width: 4, lruWidth: 50, heads: 5, taps: 3, minRadius: 0.99 };
    const params = initResidualBlock(randomKey(1), args);
    expect(params['recurrent_block/conv_1d/w']?.shape).toEqual([3, 50]);
    const aParam = params['recurrent_block/rg_lru/a_param'] as tf.Tensor;
    const radii = Array.from(await aParam.data(), (value) => 1 / (1 + Math.exp(value)));
    expect(Math.min(...radii)).toBeGreaterThan(0.99 - 1e-5);
    expect(Math.max(...radii)).toBeLessThan(0.999 + 1e-5);
    tf.dispose(params);
  });

  it('have the deviations of the official code', async () => {
    const [width, lruWidth, mlpWidth, outVariance] = [64, 128, 192, 0.5];
    const args = { width, lruWidth, mlpWidth, heads: 4, outVariance };
    const params = initResidualBlock(randomKey(1), args);
    const expected: Record<string, number> = {
      'recurrent_block/linear_x/kernel': 1 / Math.sqrt(width),
      'recurrent_block/linear_y/kernel': 1 / Math.sqrt(width),
      'recurrent_block/linear_out/kernel': Math.sqrt(outVariance / lruWidth),
      'recurrent_block/rg_lru/input_gate/w': 1 / Math.sqrt(lruWidth),
      'recurrent_block/rg_lru/a_gate/w': 1 / Math.sqrt(lruWidth),
      'mlp_block/ffw_up/w': 1 / Math.sqrt(2 * width),
      'mlp_block/ffw_down/kernel': Math.sqrt(outVariance / mlpWidth),
    };
    for (const [name, wanted] of Object.entries(expected)) {
      // Of 4096 numbers or more, to four deviations.
      const ratio = (await deviation(params[name] as tf.Tensor)) / wanted;
      expect(Math.abs(ratio - 1), name).toBeLessThan(4 / Math.sqrt(2 * 4096));
    }
    tf.dispose(params);
  });
});
