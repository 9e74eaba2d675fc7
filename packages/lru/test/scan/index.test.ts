import { DTypeError, randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearScan } from '../../src/index.ts';
import { inputsOf, scanCase, shapes } from './scan-case.ts';

await describeBackends('the linear scan', (backend) => {
  for (const shape of shapes) {
    for (const reverse of [false, true]) {
      const name = `of [${shape}]${reverse ? ', reversed' : ''}`;
      it(`${name} has the reference's output and gradients`, async () => {
        poisonMemory();
        await expectLikeReference(scanCase(shape, reverse, tolerances[backend]));
      });
    }
  }

  it('gives the last state, whose gradient goes to all that led to it', async () => {
    const f = (a: tf.Tensor, x: tf.Tensor, h0: tf.Tensor) =>
      tf.tidy(() => linearScan(a, x, { h0 }).hLast);
    await expectNoLeak(async () => {
      const inputs = [
        tf.tensor3d([0.5, 2, -1], [1, 3, 1]),
        tf.tensor3d([1, 3, 5], [1, 3, 1]),
        tf.tensor2d([[4]]),
      ] as [tf.Tensor, tf.Tensor, tf.Tensor];
      const last = f(...inputs);
      // h = 3, 9, -4.
      await expectTensorClose(last, { shape: [1, 1], data: [-4] });
      const dy = tf.ones([1, 1]);
      const gradients = tf.grads(f)(inputs, dy);
      await expectTensorClose(gradients[0] as tf.Tensor, { shape: [1, 3, 1], data: [-8, -3, 9] });
      await expectTensorClose(gradients[1] as tf.Tensor, { shape: [1, 3, 1], data: [-2, -1, 1] });
      await expectTensorClose(gradients[2] as tf.Tensor, { shape: [1, 1], data: [-1] });
      tf.dispose([inputs, dy, last, gradients]);
    });
  });

  it('begins with zeros where no state is given', async () => {
    const [a, x] = [
      randomTensor(randomKey('a'), [2, 4, 3]),
      randomTensor(randomKey('x'), [2, 4, 3]),
    ];
    const { y, hLast } = linearScan(a, x);
    const { y: expected } = linearScan(a, x, { h0: tf.zeros([2, 3]) });
    await expectTensorClose(y, { shape: [2, 4, 3], data: await expected.data() });
    expect(hLast.shape).toEqual([2, 3]);
  });

  it('of parts, each from the last state of the part before, is that of the whole', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 1, max: 11 }),
        async (length, cutAt) => {
          const cut = Math.min(cutAt, length - 1);
          const shape: [number, number, number] = [2, length, 3];
          const { a, x } = inputsOf(shape);
          const [ta, tx] = [
            tf.tensor3d(Float32Array.from(a.data), shape),
            tf.tensor3d(Float32Array.from(x.data), shape),
          ];
          const part = (t: tf.Tensor3D, from: number, to: number) =>
            tf.slice(t, [0, from, 0], [2, to - from, 3]);
          const whole = linearScan(ta, tx);
          const head = linearScan(part(ta, 0, cut), part(tx, 0, cut));
          const tail = linearScan(part(ta, cut, length), part(tx, cut, length), {
            h0: head.hLast,
          });
          const joined = tf.concat([head.y, tail.y], 1);
          await expectTensorClose(
            joined,
            { shape, data: await whole.y.data() },
            tolerances[backend],
          );
          tf.dispose([ta, tx, whole, head, tail, joined]);
        },
      ),
      { numRuns: backend === 'webgpu' ? 5 : 20 },
    );
  });

  it('forgets what came before a step whose a is 0', async () => {
    const a = tf.tensor3d([0.5, 0, 0.5], [1, 3, 1]);
    const { y } = linearScan(a, tf.tensor3d([8, 1, 1], [1, 3, 1]), { h0: tf.tensor2d([[1e30]]) });
    await expectTensorClose(tf.slice(y, [0, 1, 0], [1, 2, 1]), [1, 1.5]);
  });
});

describe('an argument of linearScan', () => {
  it.each([
    ['x', [2, 3], undefined, undefined, 'x was [2, 3]; it must be [rows, T, E]'],
    [
      'x',
      [0, 3, 2],
      undefined,
      undefined,
      'x was [0, 3, 2]; it must be [rows, T, E] and not be empty',
    ],
    ['a', [2, 3, 4], [2, 3, 5], undefined, 'a was [2, 3, 5]; it must be [2, 3, 4]'],
    ['h0', [2, 3, 4], undefined, [2, 3], 'h0 was [2, 3]; it must be [2, 4]'],
    ['h0', [2, 3, 4, 5], undefined, [2, 20], 'h0 was [2, 20]; it must be [2, 4, 5]'],
  ] as const)('%s is refused when it does not fit', (_, x, a, h0, message) => {
    tf.tidy(() => {
      const call = () =>
        linearScan(tf.zeros([...(a ?? x)]), tf.zeros([...x]), h0 ? { h0: tf.zeros([...h0]) } : {});
      expect(call).toThrow(new ShapeError(message));
    });
  });

  it('is refused when it is not float32', () => {
    tf.tidy(() => {
      const [real, whole] = [tf.zeros([1, 2, 3]), tf.zeros([1, 2, 3], 'int32')];
      expect(() => linearScan(whole, real)).toThrow(DTypeError);
      expect(() => linearScan(real, whole)).toThrow(
        new DTypeError('x was int32; it must be float32'),
      );
    });
  });
});
