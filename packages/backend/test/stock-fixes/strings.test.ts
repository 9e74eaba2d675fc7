import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeBackends, expectNoLeak } from '../../src/testing/index.ts';

const text = (values: string[], shape: number[] = [values.length]) =>
  tf.tensor(values, shape, 'string');

const animals = () => text(['cat', 'dog', 'ant']);
const cats = () => text(['cat', 'cat', 'cät']);

/** What strings go through, and what comes out by hand. */
const cases: Readonly<Record<string, readonly [() => tf.Tensor, (string | number)[]]>> = {
  equal: [() => tf.equal(animals(), cats()), [1, 0, 0]],
  'equal to one': [() => tf.equal(animals(), text(['dog'])), [0, 1, 0]],
  notEqual: [() => tf.notEqual(animals(), cats()), [0, 1, 1]],
  greater: [() => tf.greater(animals(), cats()), [0, 1, 0]],
  greaterEqual: [() => tf.greaterEqual(animals(), cats()), [1, 1, 0]],
  less: [() => tf.less(animals(), cats()), [0, 0, 1]],
  lessEqual: [() => tf.lessEqual(animals(), cats()), [1, 0, 1]],
  tile: [() => tf.tile(cats(), [2]), ['cat', 'cat', 'cät', 'cat', 'cat', 'cät']],
  fill: [() => tf.fill([2], 'cät'), ['cät', 'cät']],
  gatherND: [() => tf.gatherND(animals(), tf.tensor2d([2, 1], [2, 1], 'int32')), ['ant', 'dog']],
  stridedSlice: [() => tf.stridedSlice(animals(), [2], [-4], [-1], 0, 1), ['ant', 'dog', 'cat']],
  sparseToDense: [
    () => tf.sparseToDense(tf.tensor1d([1], 'int32'), text(['x']), [3], tf.scalar('-')),
    ['-', 'x', '-'],
  ],
  concat: [() => tf.concat([animals(), cats()]), ['cat', 'dog', 'ant', 'cat', 'cat', 'cät']],
  slice: [() => tf.slice(animals(), [1], [2]), ['dog', 'ant']],
};

await describeBackends(
  'strings',
  () => {
    it.each(Object.keys(cases))('go through %s', async (name) => {
      const [make, expected] = cases[name] as (typeof cases)[string];
      const y = tf.tidy(make);
      expect([...(await y.data())]).toEqual(expected);
      y.dispose();
      await expectNoLeak(() => tf.tidy(() => void make()));
    });

    it('go through unique, with the places of each', async () => {
      const { values, indices } = tf.unique(text(['b', 'a', 'b']));
      expect([...(await values.data())]).toEqual(['b', 'a']);
      expect([...(await indices.data())]).toEqual([0, 1, 0]);
    });
  },
  // webgpu has no kernel for some, and tensorflow compares bytes.
  ['cpu', 'wasm'],
);
