import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, expect, it } from 'vitest';
import { keepPackedWeights, markEdited, packedWeightsBytes } from '../src/index.ts';
import { releasePacked, withPackedWeights } from '../src/packed-weights.ts';
import { describeBackends } from '../src/testing/index.ts';

await describeBackends('packed weights', () => {
  // Files that share this process leave weights.
  beforeEach(() => {
    keepPackedWeights(false);
    keepPackedWeights(true);
  });

  /** Uses weights, and tells whether they were packed for it. */
  const use = (...weights: tf.Tensor[]): boolean => {
    const backend = tf.backend();
    let packs = 0;
    const pack = (): tf.TensorInfo => {
      packs++;
      const shape = [weights[0]?.size ?? 1];
      const dataId = backend.write(new Float32Array(shape[0] ?? 1), shape, 'float32') as tf.DataId;
      return { dataId, shape, dtype: 'float32' };
    };
    const size = withPackedWeights(backend, weights, 'test', pack, (packed) => packed.shape[0]);
    expect(size).toBe(weights[0]?.size);
    return packs === 1;
  };

  it('are kept from the second use on, and go with the weights', () => {
    const before = [packedWeightsBytes(), tf.backend().numDataIds()];
    const weights = tf.ones([3, 4]);
    expect([use(weights), use(weights), use(weights)]).toEqual([true, true, false]);
    expect(packedWeightsBytes()).toBe(48);
    weights.dispose();
    expect([packedWeightsBytes(), tf.backend().numDataIds()]).toEqual(before);
  });

  it('are packed anew once weights were edited in place', () => {
    const weights = tf.ones([5]);
    for (let turn = 0; turn < 3; turn++) use(weights);
    markEdited(weights);
    expect(packedWeightsBytes()).toBe(0);
    expect([use(weights), use(weights), use(weights)]).toEqual([true, true, false]);
    weights.dispose();
  });

  it('of several tensors go with the first that goes', () => {
    const [a, b, c] = [tf.ones([2]), tf.ones([2]), tf.ones([2])];
    expect([use(a, b), use(a, b), use(a, b)]).toEqual([true, true, false]);
    expect(use(a, c)).toBe(true);
    b.dispose();
    expect(packedWeightsBytes()).toBe(8);
    tf.dispose([a, c]);
    expect(packedWeightsBytes()).toBe(0);
  });

  it('live as long as a clone of the weights does', () => {
    const weights = tf.ones([7]);
    for (let turn = 0; turn < 2; turn++) use(weights);
    const clone = weights.clone();
    weights.dispose();
    if (tf.getBackend() === 'wasm') expect(use(clone)).toBe(false);
    clone.dispose();
    expect(packedWeightsBytes()).toBe(0);
  });

  it('are not kept within a gradient, or where that is turned off', () => {
    const weights = tf.ones([4]);
    const within = (): boolean[] => {
      const packs: boolean[] = [];
      tf.grad((x) => {
        packs.push(use(weights));
        return tf.square(x);
      })(weights).dispose();
      return packs;
    };
    expect([within(), within(), within()].flat()).toEqual([true, true, true]);
    for (let turn = 0; turn < 3; turn++) use(weights);
    expect(packedWeightsBytes()).toBe(16);
    const others = tf.ones([4]);
    expect([[weights], [others, weights], [others], []].map(packedWeightsBytes)).toEqual([
      16, 16, 0, 0,
    ]);
    others.dispose();
    try {
      keepPackedWeights(false);
      expect(packedWeightsBytes()).toBe(0);
      expect([use(weights), use(weights), use(weights)]).toEqual([true, true, true]);
    } finally {
      keepPackedWeights(true);
    }
    weights.dispose();
  });

  it('are given up for room, but for those that are being read', () => {
    const weights = tf.ones([6]);
    use(weights);
    use(weights);
    const backend = tf.backend();
    const fail = (): tf.TensorInfo => {
      throw new Error('they are there');
    };
    withPackedWeights(backend, [weights], 'test', fail, () => {
      expect(releasePacked(backend)).toBe(false);
    });
    expect(releasePacked(backend)).toBe(true);
    expect(packedWeightsBytes()).toBe(0);
    weights.dispose();
  });
}, ['cpu', 'wasm', 'tensorflow']);
