import { kernelMode, randomKey, randomUniform } from '@neverend/backend';
import {
  describeBackends,
  expectTensorClose,
  type Inputs,
  normalInput,
  numbers,
  poisonMemory,
  tolerances,
  toTensors,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  attentionBackwardNaive,
  attentionNaive,
  type NaiveOptions,
} from '../src/scaled-dot-product-attention/naive.ts';
import { attend, inputsOf, maskIndex, type Options, sizesOf } from './attention-case.ts';

const nothing = Number.NEGATIVE_INFINITY;
const lowest = -3.4028234663852886e38;

/** Holds a tensor against numbers among which may be some that are none: those must be in the same places. */
async function expectSame(
  name: string,
  tensor: tf.Tensor,
  expected: Float64Array,
  tolerance: { rtol: number; atol: number },
): Promise<void> {
  const actual = await tensor.data();
  const none = (all: ArrayLike<number>) =>
    Array.from(all).flatMap((value, at) => (Number.isNaN(value) ? [at] : []));
  expect(none(actual), `where ${name} is NaN`).toEqual(none(expected));
  const rest = tf.tensor1d(Array.from(actual, (value) => (Number.isNaN(value) ? 0 : value)));
  await expectTensorClose(
    rest,
    expected.map((value) => (Number.isNaN(value) ? 0 : value)),
    tolerance,
  );
  rest.dispose();
}

/** Output and all gradients against the reference, which skips what is hidden. */
async function expectHidden(
  backend: keyof typeof tolerances,
  list: Parameters<typeof sizesOf>[0],
  spoil: (inputs: Record<string, Float64Array>) => void,
  options: Options,
  naive: NaiveOptions,
): Promise<void> {
  poisonMemory();
  const size = sizesOf(list);
  const { rows, queries, heads, valueDepth } = size;
  const inputs: Inputs = {
    ...inputsOf(size),
    dy: normalInput(randomKey('dy'), [rows, queries, heads, valueDepth]),
  };
  spoil(numbers(inputs));
  const tensors = toTensors(inputs) as Record<'q' | 'k' | 'v' | 'dy', tf.Tensor>;
  const arrays = numbers(inputs) as Record<'q' | 'k' | 'v' | 'dy', Float64Array>;
  const tolerance = tolerances[backend];
  const y = attend(tensors, options);
  await expectSame('y', y, attentionNaive(arrays, size, naive), tolerance);
  const wanted = attentionBackwardNaive(arrays, size, arrays.dy, naive);
  const { q, k, v, dy } = tensors;
  const grads = tf.grads((q, k, v) => attend({ q, k, v } as never, options))([q, k, v], dy);
  for (const [index, name] of (['q', 'k', 'v'] as const).entries()) {
    await expectSame(`d${name}`, grads[index] as tf.Tensor, wanted[name], tolerance);
  }
  tf.dispose([tensors, y, grads]);
}

/** Makes all numbers of these tokens of one row `value`, or those of their channel alone. */
const fill =
  (
    name: string,
    tokens: readonly number[],
    value: number,
    shape: readonly number[],
    channel = -1,
  ) =>
  (arrays: Record<string, Float64Array>): void => {
    const [, length = 1, heads = 1, width = 1] = shape;
    arrays[name]?.forEach((_, at, all) => {
      const token = Math.floor(at / (heads * width)) % length;
      if (tokens.includes(token) && (channel < 0 || at % width === channel)) all[at] = value;
    });
  };

await describeBackends('what is hidden', (backend) => {
  const spoilt = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  // Small, and with more tokens than a block or a tile has, with heads of one number and of more than a panel.
  for (const list of [
    [2, 5, 7, 2, 3, 5],
    [1, 70, 70, 2, 16, 9],
    [1, 1, 6, 2, 4, 1],
    [2, 1, 40, 2, 18, 20],
  ] as const) {
    const [rows, queries, keys, heads, depth, valueDepth] = list;
    const shapes = {
      q: [rows, queries, heads, depth],
      k: [rows, keys, heads, depth],
      v: [rows, keys, heads, valueDepth],
      dy: [rows, queries, heads, valueDepth],
    };
    const last = keys - 1;
    // The last of these numbers makes infinite products.
    for (const value of [...spoilt, 3e38]) {
      for (const name of ['k', 'v'] as const) {
        it(`by a mask of keys is not met, with ${value} in ${name}: [${list}]`, async () => {
          const seen = Array.from({ length: keys }, (_, j) => j !== 1 && j !== last);
          for (const mask of [
            tf.tensor1d(seen, 'bool'),
            tf.tensor1d(seen.map((sees) => (sees ? 0 : nothing))),
          ]) {
            await expectHidden(
              backend,
              list,
              fill(name, [1, last], value, shapes[name]),
              { mask },
              { added: (_row, _head, _i, j) => (seen[j] ? 0 : nothing) },
            );
            mask.dispose();
          }
        });
      }
    }
    for (const value of spoilt) {
      // A composite on WebGPU takes a key that is seen and not finite for NaN.
      const likeReference =
        Number.isNaN(value) || backend !== 'webgpu' || kernelMode() !== 'composite';
      for (const name of ['k', 'v'] as const) {
        it.runIf(likeReference)(
          `by causal is not met, with ${value} in ${name}: [${list}]`,
          async () => {
            const offset = 0;
            await expectHidden(
              backend,
              list,
              fill(name, [last, Math.min(2, last)], value, shapes[name], 0),
              { causal: true, causalOffset: offset },
              { added: (_row, _head, i, j) => (j <= i + offset ? 0 : nothing) },
            );
          },
        );
      }

      it.runIf(likeReference)(
        `by a mask of pairs is not met, with ${value} in one input: [${list}]`,
        async () => {
          const shape = [queries, keys];
          const seen = [...randomUniform(randomKey('pairs'), queries * keys)].map((u) => u < 0.7);
          const mask = tf.tensor(seen, shape, 'bool');
          // A composite does not see that 0, a weight that was dropped, meets Infinity.
          const [rate, key] = [Number.isNaN(value) ? 0.3 : 0, randomKey('dropped')];
          const factors = randomUniform(key, rows * heads * queries * keys).map((u) =>
            u < rate ? 0 : 1 / (1 - rate),
          );
          const offset = keys - queries;
          for (const name of ['q', 'k', 'v', 'dy'] as const) {
            const [, length = 1, , width = 1] = shapes[name];
            await expectHidden(
              backend,
              list,
              fill(
                name,
                [Math.min(3, length - 1)],
                value,
                shapes[name],
                'qk'.includes(name) ? -1 : width - 1,
              ),
              { mask, causal: true, causalOffset: offset, dropout: { rate, key } },
              {
                added: (row, head, i, j) =>
                  seen[maskIndex(shape, [row, head, i, j])] && j <= i + offset ? 0 : nothing,
                factors,
              },
            );
          }
          mask.dispose();
        },
      );
    }
  }
});

await describeBackends('a mask of finite numbers', (backend) => {
  const list = [2, 5, 7, 2, 3, 5] as const;
  for (const added of [lowest, -1e9, -65504, -1e30, -1e31]) {
    it(`hides no key: a row of ${added} gives what PyTorch gives`, async () => {
      for (const [queries, keys] of [
        [5, 7],
        [1, 7],
        [40, 70],
      ] as const) {
        const mask = tf.fill([keys], added);
        const size = sizesOf([1, queries, keys, 2, 1, 3]);
        const { v } = numbers(inputsOf(size)) as { v: Float64Array };
        const zeros = { q: new Float64Array(2 * queries), k: new Float64Array(2 * keys) };
        const tensors = {
          q: tf.zeros([1, queries, 2, 1]),
          k: tf.zeros([1, keys, 2, 1]),
          v: tf.tensor(Float32Array.from(v), [1, keys, 2, 3]),
        };
        const y = attend(tensors, { mask });
        const wanted = attentionNaive({ ...zeros, v }, size, { added: () => added });
        await expectTensorClose(y, wanted, tolerances[backend]);
        const dv = tf.grad((v) => attend({ ...tensors, v }, { mask }))(tensors.v);
        await expectTensorClose(dv, new Float64Array(v.length).fill(queries / keys), {
          rtol: 1e-4,
          atol: 1e-5,
        });
        tf.dispose([mask, tensors, y, dv]);
      }
    });
  }

  it('has a gradient that NaN in a hidden key does not reach', async () => {
    poisonMemory();
    const size = sizesOf(list);
    const inputs = inputsOf(size);
    const arrays = numbers(inputs) as Record<'q' | 'k' | 'v', Float64Array>;
    for (const name of ['k', 'v'] as const) {
      fill(name, [1], Number.NaN, inputs[name]?.shape ?? [])(arrays);
    }
    const added = Float32Array.from({ length: 35 }, (_, at) => (at % 7 === 1 ? nothing : at / 35));
    const tensors = toTensors(inputs);
    const mask = tf.tensor2d(added, [5, 7]);
    const dy = normalInput(randomKey('dy'), [2, 5, 2, 5]);
    const wanted = attentionBackwardNaive(arrays, size, dy.data, {
      added: (_row, _head, i, j) => added[7 * i + j] ?? 0,
    }).added;
    const sums = new Float64Array(35);
    wanted.forEach((slope, at) => {
      sums[at % 35] = (sums[at % 35] ?? 0) + slope;
    });
    const slopes = tf.tensor(Float32Array.from(dy.data), [...dy.shape]);
    const dMask = tf.grad((mask: tf.Tensor) => attend(tensors, { mask }))(mask, slopes);
    await expectTensorClose(dMask, sums, tolerances[backend]);
    tf.dispose([tensors, mask, slopes, dMask]);
  });

  it('of which some are -Infinity hides those alone, and a row of them gives zeros', async () => {
    const rowsOfMask = [
      [nothing, lowest, lowest, nothing, lowest, nothing, lowest],
      [nothing, nothing, nothing, nothing, nothing, nothing, nothing],
      [0, lowest, -1e9, 1, nothing, -65504, 2],
      [lowest, lowest, lowest, lowest, lowest, lowest, lowest],
      [lowest, -1e38, -2e38, nothing, -1e38, lowest, lowest],
    ];
    const mask = tf.tensor2d(rowsOfMask);
    await expectHidden(
      backend,
      list,
      (arrays) => {
        arrays['q']?.fill(0);
      },
      { mask },
      { added: (_row, _head, i, j) => rowsOfMask[i]?.[j] ?? 0 },
    );
    mask.dispose();
  });
});
