import { DTypeError, ShapeError } from '@neverend/backend';
import { describeBackends, expectNoLeak, expectTensorClose } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { normLinear, normOf } from '../src/index.ts';

await describeBackends('normLinear', () => {
  it('gives units of several axes, without a leak, and another result once a weight was assigned', async () => {
    await expectNoLeak(async () => {
      // Of rows that are 1 and -1 in turn, a layer norm changes nothing.
      const x = tf.tensor([1, -1, 1, -1, -1, 1, -1, 1], [1, 2, 4]);
      const [scale, bias] = [tf.ones([4]), tf.zeros([4])];
      const [ones, zeros] = [tf.ones([1, 2, 3]), tf.zeros([3, 2, 3])];
      const [start, first] = [tf.concat([ones, zeros]), tf.tensor2d([1, 0, 0, 0], [4, 1])];
      const kernel = tf.variable(start);
      const units = [tf.fill([2, 3], 5), tf.fill([1], 7)] as const;
      for (const factor of [1, 1, 2]) {
        const values = tf.mul(start, factor);
        kernel.assign(values);
        const [y, z] = normLinear(x, { scale, bias, eps: 0 }, [
          { kernel, bias: units[0] },
          { kernel: first, bias: units[1] },
        ]) as [tf.Tensor, tf.Tensor];
        const data = Array.from({ length: 12 }, (_, at) => (at < 6 ? 5 + factor : 5 - factor));
        await expectTensorClose(y, { shape: [1, 2, 2, 3], data });
        await expectTensorClose(z, { shape: [1, 2, 1], data: [8, 6] });
        tf.dispose([values, y, z]);
      }
      tf.dispose([x, scale, bias, ones, zeros, start, first, kernel, ...units]);
    });
  });

  it('makes nothing of rows of one number alone', async () => {
    await expectNoLeak(async () => {
      const [x, scale, bias] = [tf.fill([3, 768], 100.1), tf.ones([768]), tf.zeros([768])];
      const layer = { kernel: tf.ones([768, 2]), bias: tf.fill([2], 5) };
      const [y] = normLinear(x, { scale, bias }, [layer]) as [tf.Tensor];
      await expectTensorClose(y, new Array(6).fill(5), { rtol: 0, atol: 0 });
      tf.dispose([x, scale, bias, ...Object.values(layer), y]);
    });
  });

  it('sees a kernel of other numbers, call after call', async () => {
    await expectNoLeak(async () => {
      const [x, scale, bias] = [tf.tensor2d([[3, 4]]), tf.zeros([2]), tf.zeros([1])];
      // 3 and 4 over the root of (9 + 16) / 2.
      const [three, four] = [3, 4].map((value) => value / Math.sqrt(12.5)) as [number, number];
      for (const [a, b] of [
        [1, 0],
        [0, 1],
        [2, -1],
      ] as const) {
        const kernel = tf.tensor2d([[a], [b]]);
        for (let turn = 0; turn < 3; turn++) {
          const [y] = normLinear(x, { scale, eps: 0 }, [{ kernel, bias }]) as [tf.Tensor];
          await expectTensorClose(y, { shape: [1, 1], data: [a * three + b * four] });
          y.dispose();
        }
        kernel.dispose();
      }
      const y = normOf(x, { scale, eps: 0 });
      await expectTensorClose(y, { shape: [1, 2], data: [three, four] });
      tf.dispose([x, scale, bias, y]);
    });
  });
});

describe('the arguments of normLinear', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const [x, scale] = [tf.zeros([4, 3]), tf.zeros([3])];
      const layer = { kernel: tf.zeros([3, 5]), bias: tf.zeros([5]) };
      expect(() => normLinear(x, { scale: tf.zeros([2]) }, [layer])).toThrow(
        new ShapeError('norm.scale was [2]; it must be [3]'),
      );
      expect(() => normLinear(x, { scale, bias: tf.zeros([4]) }, [layer])).toThrow(
        new ShapeError('norm.bias was [4]; it must be [3]'),
      );
      expect(() => normLinear(x, { scale, eps: -1 }, [layer])).toThrow(RangeError);
      expect(() => normLinear(x, { scale }, [])).toThrow(
        new RangeError('layers was empty; it must have one at least'),
      );
      expect(() => normLinear(x, { scale }, [layer, { ...layer, bias: tf.zeros([4]) }])).toThrow(
        new ShapeError('layers[1].kernel was [3, 5]; it must be [3, 4]'),
      );
      expect(() => normLinear(tf.zeros([4, 3], 'int32'), { scale }, [layer])).toThrow(DTypeError);
    });
  });
});
