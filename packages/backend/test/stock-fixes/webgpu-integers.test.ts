// In a process of its own: it takes kernels as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeBackends, poisonMemory } from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

const large = [2_133_929_217, -2_133_929_215, 16_777_217, -16_777_219, 0];

await describeBackends(
  'integers',
  (backend) => {
    // No backend has been used so far.
    const stock = backend === 'webgpu' ? tf.getKernel('Add', backend) : undefined;

    const numbers = async (y: tf.Tensor): Promise<number[]> => {
      const data = [...(await y.data())];
      y.dispose();
      return data;
    };

    it.runIf(stock)('are rounded to float32 by stock TensorFlow.js', async () => {
      const [x, one] = [tf.tensor1d(large, 'int32'), tf.scalar(1, 'int32')];
      const work = () => tf.add(x, one);
      expect(await numbers(withKernel(stock as tf.KernelConfig, work))).not.toEqual(
        large.map((value) => value + 1),
      );
      expect(await numbers(work())).toEqual(large.map((value) => value + 1));
    });

    it.each([
      { name: 'add', op: tf.add, of: (a: number, b: number) => a + b },
      { name: 'sub', op: tf.sub, of: (a: number, b: number) => a - b },
      { name: 'maximum', op: tf.maximum, of: Math.max },
      { name: 'minimum', op: tf.minimum, of: Math.min },
      { name: 'equal', op: tf.equal, of: (a: number, b: number) => Number(a === b) },
      { name: 'notEqual', op: tf.notEqual, of: (a: number, b: number) => Number(a !== b) },
      { name: 'less', op: tf.less, of: (a: number, b: number) => Number(a < b) },
      { name: 'lessEqual', op: tf.lessEqual, of: (a: number, b: number) => Number(a <= b) },
      { name: 'greater', op: tf.greater, of: (a: number, b: number) => Number(a > b) },
      { name: 'greaterEqual', op: tf.greaterEqual, of: (a: number, b: number) => Number(a >= b) },
    ])('are exact in $name, whatever is broadcast', async ({ op, of }) => {
      poisonMemory();
      const [few, most] = [[0, 1, -3], large];
      for (const [a, b] of [
        [tf.tensor2d(most, [5, 1], 'int32'), tf.tensor1d(few, 'int32')],
        [tf.tensor1d(few, 'int32'), tf.tensor3d(most, [1, 5, 1], 'int32')],
      ] as const) {
        const [x, y] = [[...(await a.data())], [...(await b.data())]];
        const expected =
          a.rank === 2
            ? x.flatMap((v) => y.map((w) => of(v, w)))
            : y.flatMap((w) => x.map((v) => of(v, w)));
        expect(await numbers(op(a, b))).toEqual(expected);
        tf.dispose([a, b]);
      }
    });

    it('are exact in products and quotients', async () => {
      const a = tf.tensor1d([64_664_521, -64_664_521, 46_339, 7, -7, -6], 'int32');
      const b = tf.tensor1d([33, 33, 46_339, 2, 2, 2], 'int32');
      expect(await numbers(tf.mul(a, b))).toEqual([
        ...[2_133_929_193, -2_133_929_193, 46_339 ** 2, 14, -14, -12],
      ]);
      expect(await numbers(tf.floorDiv(a, b))).toEqual([1_959_530, -1_959_531, 1, 3, -4, -3]);
      const [c, d] = [tf.tensor1d([16_777_217, 3], 'int32'), tf.tensor1d([16_777_187, 5], 'int32')];
      expect(await numbers(tf.squaredDifference(c, d))).toEqual([900, 4]);
      tf.dispose([a, b, c, d]);
    });
  },
  ['cpu', 'tensorflow', 'webgpu'],
);
