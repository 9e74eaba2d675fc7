import {
  kernelMode,
  type RandomKey,
  randomKey,
  randomUniform,
  ShapeError,
  withPeakBytes,
} from '@neverend/backend';
import { loadAddon } from '@neverend/backend/kernels';
import {
  describeBackends,
  expectLikeReference,
  normalInput,
  numbers,
  numericGradients,
  officialTolerances,
  poisonMemory,
  readGolden,
  tolerances,
  toTensor,
  toTensors,
} from '@neverend/backend/testing';
import { geluErfNaive, layerNormNaive, linearNaive } from '@neverend/nn/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { crossAttentionNaive } from '../src/cross-attention/naive.ts';
import { encoderBlockBackwardNaive, encoderBlockNaive } from '../src/encoder-block/naive.ts';
import { encoderBlock, initEncoderBlock, learnedPositions, mlp } from '../src/index.ts';
import { mlpBackwardNaive, mlpNaive } from '../src/mlp/naive.ts';
import { blockParams, inputsBelow } from './block-inputs.ts';
import { expectEachAlone } from './row-properties.ts';

await describeBackends('encoderBlock', (backend) => {
  const tolerance = tolerances[backend];

  it('and learned positions equal PyTorch, output and every gradient', async () => {
    poisonMemory();
    const { meta, arrays } = readGolden(new URL('golden/encoder-block.json', import.meta.url));
    const array = (name: string) => {
      const { shape, data } = arrays[name] ?? { shape: [], data: [] };
      return { shape, data: Float64Array.from(data) };
    };
    const named = (prefix: string) =>
      Object.fromEntries(
        Object.keys(arrays).flatMap((name) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), array(name)]] : [],
        ),
      );
    const heads = meta['heads'] as number;
    await expectLikeReference({
      op: ({ x, positions, ...params }) =>
        tf.tidy(() => {
          const placed = learnedPositions(x as tf.Tensor, positions as tf.Tensor);
          return encoderBlock(placed, params, { heads });
        }),
      inputs: { x: array('x'), ...named('w/') },
      dy: array('dy'),
      y: array('y').data,
      gradients: { x: array('dx').data, ...numbers(named('g/')) },
      tolerance,
    });
  });

  // The first width is of an MLP that keeps less than attention does.
  it.runIf(backend === 'tensorflow' && kernelMode() !== 'composite' && loadAddon().available).each([
    { mlpWidth: 8, most: 4 },
    { mlpWidth: 64, most: 10 },
  ])('with an MLP of $mlpWidth keeps $most times its input at once', ({ mlpWidth, most }) => {
    const params = toTensors(blockParams(8, 2, mlpWidth));
    const x = tf.ones([2, 5, 8]);
    const block = () => encoderBlock(x, params, { heads: 2 });
    // Compares the kernel with its composite.
    block().dispose();
    const { result, peakBytes } = withPeakBytes(block);
    expect(peakBytes / (4 * x.size)).toBe(most);
    tf.dispose([x, params, result]);
  });

  for (const [outer, tokens, width, heads, mlpWidth] of [
    [[1], 1, 3, 1, 1],
    [[5], 3, 6, 2, 13],
    [[2, 3], 5, 6, 2, 7],
    [[4], 16, 8, 4, 32],
  ] as const) {
    const shape = [...outer, tokens, width];
    it(`has the reference's output and gradients for x [${shape}]`, async () => {
      poisonMemory();
      const params = blockParams(width, heads, mlpWidth);
      const x = normalInput(randomKey('x'), shape);
      const dy = normalInput(randomKey('dy'), shape);
      const rows = outer.reduce((all: number, size) => all * size, 1);
      const sizes = { rows, tokens, width, heads };
      const gradients = encoderBlockBackwardNaive(x.data, numbers(params), sizes, dy.data);
      await expectLikeReference({
        op: ({ x, ...rest }) => encoderBlock(x as tf.Tensor, rest, { heads }),
        inputs: { x, ...params },
        dy,
        y: encoderBlockNaive(x.data, numbers(params), sizes),
        gradients: { x: gradients.x, ...gradients.params },
        tolerance,
      });
    });
  }

  it("has the reference's output and gradients with every option", async () => {
    poisonMemory();
    const [rows, tokens, width, heads, mlpWidth] = [2, 3, 4, 2, 5];
    const key = (name: string) => randomKey('options', name);
    const attention = 'MultiHeadDotProductAttention_0/';
    const inputs = {
      ...blockParams(width, heads, mlpWidth),
      [`${attention}query_ln/scale`]: normalInput(key('query_ln'), [2], 0.3, 1),
      [`${attention}key_ln/scale`]: normalInput(key('key_ln'), [2], 0.3, 1),
      [`${attention}query_ln/bias`]: normalInput(key('query_ln bias'), [2]),
      [`${attention}key_ln/bias`]: normalInput(key('key_ln bias'), [2]),
      'LayerScale_0/scale': normalInput(key('scale 0'), [width], 0.3, 0.5),
      'LayerScale_1/scale': normalInput(key('scale 1'), [width], 0.3, 0.5),
      x: normalInput(key('x'), [rows, tokens, width]),
    };
    const mask = normalInput(key('mask'), [tokens, tokens]);
    const [rate, weightRate, eps] = [0.3, 0.4, 0.01];
    /** What dropout multiplies by at a place below the block's key. */
    const factors = (place: RandomKey, of: number, size: number) =>
      randomUniform(place, size).map((u) => (u < of ? 0 : 1 / (1 - of)));
    const dropped = (values: Float64Array, place: string) => {
      const { low, high } = key('dropout');
      const by = factors(randomKey(low, high, place), rate, values.length);
      return values.map((value, at) => value * (by[at] ?? 0));
    };
    const forward = (arrays: Record<string, Float64Array>): Float64Array => {
      const at = (name: string) => arrays[name] as Float64Array;
      const below = (prefix: string) =>
        Object.fromEntries(
          Object.entries(arrays).map(([name, values]) => [name.replace(prefix, ''), values]),
        );
      const norm = (values: Float64Array, name: string) =>
        layerNormNaive({ x: values, scale: at(`${name}/scale`), bias: at(`${name}/bias`) }, eps);
      const dense = (values: Float64Array, name: string) =>
        linearNaive({
          x: values,
          kernel: at(`MlpBlock_0/${name}/kernel`),
          bias: at(`MlpBlock_0/${name}/bias`),
        });
      const sum = (a: Float64Array, b: Float64Array) => a.map((v, index) => v + (b[index] ?? 0));
      const scaled = (values: Float64Array, name: string) =>
        values.map((value, index) => value * (at(name)[index % width] ?? 0));
      const first = norm(at('x'), 'LayerNorm_0');
      const depth = width / heads;
      const attended = crossAttentionNaive(
        first,
        first,
        below(attention),
        { rows, queries: tokens, keys: tokens, heads, depth, valueDepth: depth },
        {
          added: (_row, _head, i, j) =>
            j <= i + 1 ? (mask.data[i * tokens + j] ?? 0) : Number.NEGATIVE_INFINITY,
          factors: factors(key('weights'), weightRate, rows * heads * tokens * tokens),
        },
        eps,
      );
      const middle = sum(at('x'), scaled(dropped(attended, 'attention'), 'LayerScale_0/scale'));
      const hidden = geluErfNaive(dense(norm(middle, 'LayerNorm_1'), 'Dense_0'));
      const outer = dropped(dense(dropped(hidden, 'Dense_0'), 'Dense_1'), 'Dense_1');
      return sum(middle, scaled(outer, 'LayerScale_1/scale'));
    };
    const dy = normalInput(key('dy'), [rows, tokens, width]);
    await expectLikeReference({
      op: ({ x, ...params }) =>
        tf.tidy(() =>
          encoderBlock(x as tf.Tensor, params, {
            ...{ heads, qkNorm: true, mask: toTensor(mask), causal: true, causalOffset: 1 },
            ...{ gelu: 'erf', eps, dropout: { rate, key: key('dropout') }, layerScale: true },
            attentionDropout: { rate: weightRate, key: key('weights') },
          }),
        ),
      inputs,
      dy,
      y: forward(numbers(inputs)),
      gradients: numericGradients(inputs, dy.data, forward),
      tolerance,
    });
  });

  it('has in its MLP, with the quick form of GELU, the output and gradients of finite differences', async () => {
    poisonMemory();
    const params = inputsBelow(blockParams(6, 1, 11), 'MlpBlock_0/');
    const inputs = { x: normalInput(randomKey('x'), [3, 6]), ...params };
    const dy = normalInput(randomKey('dy'), [3, 6]);
    const quick = (x: Float64Array) => x.map((value) => value / (1 + Math.exp(-1.702 * value)));
    const forward = ({ x, ...rest }: Record<string, Float64Array>) =>
      mlpNaive(x as Float64Array, rest, quick);
    await expectLikeReference({
      op: ({ x, ...rest }) => mlp(x as tf.Tensor, rest, { gelu: 'quick' }),
      inputs,
      dy,
      y: forward(numbers(inputs)),
      gradients: numericGradients(inputs, dy.data, forward),
      tolerance,
    });
  });

  it('has in its MLP, with SwiGLU, the output and gradients of finite differences', async () => {
    poisonMemory();
    const [rows, width, hidden] = [3, 6, 5];
    const params = inputsBelow(blockParams(width, 1, 2 * hidden), 'MlpBlock_0/');
    const inputs = {
      x: normalInput(randomKey('x'), [rows, width]),
      ...params,
      'Dense_1/kernel': normalInput(randomKey('second'), [hidden, width], 0.5),
    };
    const dy = normalInput(randomKey('dy'), [rows, width]);
    const gate = (y: Float64Array) =>
      Float64Array.from({ length: rows * hidden }, (_, index) => {
        const at = Math.floor(index / hidden) * 2 * hidden + (index % hidden);
        const [a = 0, b = 0] = [y[at], y[at + hidden]];
        return (a * b) / (1 + Math.exp(-a));
      });
    const forward = ({ x, ...rest }: Record<string, Float64Array>) =>
      mlpNaive(x as Float64Array, rest, gate);
    await expectLikeReference({
      op: ({ x, ...rest }) => mlp(x as tf.Tensor, rest, { swiglu: true }),
      inputs,
      dy,
      y: forward(numbers(inputs)),
      gradients: numericGradients(inputs, dy.data, forward),
      tolerance,
    });
  });

  for (const leading of [[], [5], [2, 3], [2, 2, 8]]) {
    it(`has in its MLP the reference's output and gradients for x [${[...leading, 6]}]`, async () => {
      poisonMemory();
      const params = inputsBelow(blockParams(6, 1, 11), 'MlpBlock_0/');
      const x = normalInput(randomKey('x'), [...leading, 6]);
      const dy = normalInput(randomKey('dy'), [...leading, 6]);
      const gradients = mlpBackwardNaive(x.data, numbers(params), dy.data);
      await expectLikeReference({
        op: ({ x, ...rest }) => mlp(x as tf.Tensor, rest),
        inputs: { x, ...params },
        dy,
        y: mlpNaive(x.data, numbers(params)),
        gradients: { x: gradients.x, ...gradients.params },
        tolerance,
      });
    });
  }

  it('treats every row by itself: permuted, split and alone, a row has the same output', async () => {
    const params = toTensors(blockParams(6, 2, 8));
    await expectEachAlone({
      run: (x) => encoderBlock(x, params, { heads: 2 }),
      shape: [1, 5, 6],
      axis: 0,
      tolerance: officialTolerances[backend],
      numRuns: backend === 'webgpu' ? 3 : 20,
    });
    tf.dispose(params);
  });

  it('treats in its MLP every vector by itself', async () => {
    const params = toTensors(inputsBelow(blockParams(6, 1, 11), 'MlpBlock_0/'));
    await expectEachAlone({
      run: (x) => mlp(x, params),
      shape: [1, 6],
      axis: 0,
      tolerance: officialTolerances[backend],
      numRuns: backend === 'webgpu' ? 2 : 10,
    });
    tf.dispose(params);
  });

  it('gives no row a gradient from another row', async () => {
    const heads = 2;
    const params = toTensors(blockParams(6, heads, 8));
    const x = toTensor(normalInput(randomKey('x'), [4, 3, 6]));
    const dx = tf.grad((input: tf.Tensor) =>
      tf.sum(tf.slice(encoderBlock(input, params, { heads }), 1, 1)),
    )(x);
    const size = 18;
    const slopes = await dx.data();
    const rows = [0, 1, 2, 3].map((row) => slopes.slice(row * size, (row + 1) * size));
    expect(rows.map((row) => row.some((slope) => slope !== 0))).toEqual([
      false,
      true,
      false,
      false,
    ]);
    tf.dispose([params, x, dx]);
  });

  it('has among its parameters none that the gradient passes by', async () => {
    const heads = 2;
    const params = toTensors(blockParams(6, heads, 8));
    const x = toTensor(normalInput(randomKey('x'), [4, 3, 6]));
    const dy = toTensor(normalInput(randomKey('dy'), [4, 3, 6]));
    const names = Object.keys(params);
    const gradients = tf.grads((...args: tf.Tensor[]) =>
      encoderBlock(x, Object.fromEntries(names.map((name, i) => [name, args[i] as tf.Tensor])), {
        heads,
      }),
    )(Object.values(params), dy);
    for (const [index, name] of names.entries()) {
      const slopes = await (gradients[index] as tf.Tensor).data();
      // The keys' bias moves all scores of a query alike, which softmax does not see.
      const passedBy = name.endsWith('key/bias');
      expect([name, slopes.some((slope) => Math.abs(slope) > 1e-3)]).toEqual([name, !passedBy]);
    }
    tf.dispose([params, x, dy, gradients]);
  });
});

describe('the arguments of encoderBlock', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const params = initEncoderBlock(randomKey(1), { width: 6, heads: 2, mlpWidth: 5 });
      const x = tf.zeros([2, 3, 6]);
      expect(() => encoderBlock(tf.zeros([2, 3, 4]), params, { heads: 2 })).toThrow(
        new ShapeError('params["LayerNorm_0/scale"] was [6]; it must be [4]'),
      );
      expect(() => encoderBlock(x, { ...params, 'LayerNorm_1/bias': x }, { heads: 2 })).toThrow(
        'params["LayerNorm_1/bias"] was [2, 3, 6]; it must be [6]',
      );
      const wrong = { ...params, 'MlpBlock_0/Dense_1/kernel': tf.zeros([6, 6]) };
      expect(() => encoderBlock(x, wrong, { heads: 2 })).toThrow(
        'Dense_1/kernel"] was [6, 6]; it must be [5, 6]',
      );
    });
  });
});
