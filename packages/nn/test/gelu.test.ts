import { DTypeError, randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectTensorClose,
  normalInput,
  poisonMemory,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  geluBackwardNaive,
  geluErfBackwardNaive,
  geluErfNaive,
  geluNaive,
} from '../src/gelu/naive.ts';
import { type GeluForm, gelu } from '../src/index.ts';

const references = {
  tanh: { forward: geluNaive, backward: geluBackwardNaive },
  erf: { forward: geluErfNaive, backward: geluErfBackwardNaive },
};

await describeBackends('gelu', (backend) => {
  for (const [form, { forward, backward }] of Object.entries(references)) {
    for (const shape of [[], [1], [7], [3, 5], [2, 3, 4], [64, 33]]) {
      it(`by ${form} has the reference's output and gradient for x [${shape}]`, async () => {
        poisonMemory();
        const x = normalInput(randomKey('x'), shape, 2);
        const dy = normalInput(randomKey('dy'), shape);
        await expectLikeReference({
          op: (tensors) => gelu(tensors['x'] as tf.Tensor, { form: form as GeluForm }),
          inputs: { x },
          dy,
          y: forward(x.data),
          gradients: { x: backward(x.data, dy.data) },
          tolerance: tolerances[backend],
        });
      });
    }

    for (const shape of [[1], [7], [3, 5], [2, 3, 4], [64, 33]]) {
      it(`by ${form} of x [${shape}] and a bias has the reference's output and gradients`, async () => {
        poisonMemory();
        const width = shape.at(-1) ?? 1;
        const x = normalInput(randomKey('x'), shape, 2);
        const bias = normalInput(randomKey('bias'), [width]);
        const dy = normalInput(randomKey('dy'), shape);
        const sum = x.data.map((v, at) => v + (bias.data[at % width] ?? 0));
        const dx = backward(sum, dy.data);
        const dBias = bias.data.map((_, d) =>
          dx.reduce((total, v, at) => (at % width === d ? total + v : total), 0),
        );
        await expectLikeReference({
          op: ({ x, bias }) =>
            gelu(x as tf.Tensor, { form: form as GeluForm, bias: bias as tf.Tensor }),
          inputs: { x, bias },
          dy,
          y: forward(sum),
          gradients: { x: dx, bias: dBias },
          tolerance: tolerances[backend],
        });
      });
    }
  }

  it.each(['tanh', 'erf'] as const)(
    'by %s lets all or nothing pass far from zero, forward and backward, to infinity',
    async (form) => {
      const far = [30, 100, 1e4, 1e10, 1e15, 1e20, 3e38, Number.POSITIVE_INFINITY];
      const x = tf.tensor1d([...far.map((value) => -value), 0, ...far]);
      const bias = tf.zeros([17]);
      const forward = [...far.map(() => 0), 0, ...far];
      const slopes = [...far.map(() => 0), 0.5, ...far.map(() => 1)];
      const plain = (input: tf.Tensor) => gelu(input, { form });
      const biased = (input: tf.Tensor) => gelu(input, { form, bias });
      for (const op of [plain, biased]) {
        const [y, dx] = [op(x), tf.grad(op)(x)];
        const values = await y.data();
        for (const [at, value] of forward.entries()) {
          const of = values[at] ?? Number.NaN;
          const isClose = Math.abs(of - value) <= 1e-6 * value + 1e-6;
          expect(of === value || isClose, `${of} is ${value}`).toBe(true);
        }
        await expectTensorClose(dx, slopes);
        const second = tf.grad((z: tf.Tensor) => tf.sum(tf.grad(op)(z)))(x);
        // 2 φ(0), which the approximation shares.
        const bend = Math.sqrt(2 / Math.PI);
        await expectTensorClose(second, [...far.map(() => 0), bend, ...far.map(() => 0)]);
        tf.dispose([y, dx, second]);
      }
      tf.dispose([x, bias]);
    },
  );

  it.each(['tanh', 'erf'] as const)('by %s keeps what is no number', async (form) => {
    const x = tf.tensor1d([Number.NaN, 0]);
    const first = tf.grad((z: tf.Tensor) => gelu(z, { form }));
    const second = tf.grad((z: tf.Tensor) => tf.sum(first(z)));
    for (const op of [(z: tf.Tensor) => gelu(z, { form }), first, second]) {
      expect([...(await op(x).data())].map(Number.isNaN)).toEqual([true, false]);
    }
  });
});

describe('the argument of gelu', () => {
  it('is refused when it is no form', () => {
    tf.tidy(() => {
      for (const form of ['exact', ''] as unknown as 'tanh'[]) {
        expect(() => gelu(tf.zeros([2]), { form })).toThrow(
          new RangeError(`form was "${form}"; it must be "tanh" or "erf"`),
        );
      }
    });
  });

  it('is refused when it is not float32', () => {
    tf.tidy(() => {
      expect(() => gelu(tf.zeros([2], 'int32'))).toThrow(
        new DTypeError('x was int32; it must be float32'),
      );
      expect(() => gelu(tf.zeros([2, 3]), { bias: tf.zeros([2]) })).toThrow(
        new ShapeError('bias was [2]; it must be [3]'),
      );
    });
  });
});
