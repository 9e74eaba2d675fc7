import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { watchBytes, withPeakBytes } from '../src/index.ts';
import { withHeldBytes } from '../src/peak-bytes.ts';
import { describeBackends } from '../src/testing/index.ts';

await describeBackends('the peak of bytes', () => {
  it('is that of the tensors that were there at once, above those before', () => {
    const x = tf.ones([100]);
    const { result, peakBytes } = withPeakBytes(() => {
      // 400 bytes that go again, then two times 400 that stay.
      tf.add(x, 1).dispose();
      return [tf.add(x, 2), tf.mul(x, x)];
    });
    expect(result).toHaveLength(2);
    // A number that becomes a tensor has 4 bytes.
    expect(peakBytes).toBeGreaterThanOrEqual(800);
    expect(peakBytes).toBeLessThanOrEqual(808);
    tf.dispose([x, result]);
  });

  it('counts what is only there within a tidy, and ends with the work also where that throws', () => {
    const before = tf.engine().runKernel;
    const { peakBytes } = withPeakBytes(() =>
      tf.tidy(() => tf.sum(tf.concat([tf.ones([50]), tf.ones([50])]))).dispose(),
    );
    expect(peakBytes).toBeGreaterThanOrEqual(800);
    expect(() =>
      withPeakBytes(() => {
        throw new Error('boom');
      }),
    ).toThrow('boom');
    expect(tf.engine().runKernel).toBe(before);
  });

  it('counts what a kernel says that it holds, for as long as it runs', () => {
    const { result, peakBytes } = withPeakBytes(() => {
      tf.ones([10]).dispose();
      expect(() =>
        withHeldBytes(600, () => {
          throw new Error('boom');
        }),
      ).toThrow('boom');
      const first = withHeldBytes(500, () => tf.ones([50]));
      return [first, tf.ones([100])];
    });
    expect(peakBytes).toBe(700);
    tf.dispose(result);
  });

  it('counts what tensors share once, and nothing for another look at what was there', () => {
    const x = tf.ones([10, 10]);
    const seen = withPeakBytes(() => tf.reshape(x, [100]));
    expect(seen.peakBytes).toBe(0);
    const made = withPeakBytes(() =>
      tf.tidy(() => {
        const one = tf.reshape(tf.square(x), [100]);
        return tf.square(tf.reshape(one, [5, 20]));
      }),
    );
    expect(made.peakBytes).toBe(800);
    const watch = watchBytes([x]);
    const copy = tf.reshape(x, [100]);
    expect(watch.peakBytes()).toBe(400);
    watch.end();
    tf.dispose([x, seen.result, made.result, copy]);
  });
});
