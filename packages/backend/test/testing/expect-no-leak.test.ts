import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeBackends, expectNoLeak } from '../../src/testing/index.ts';

await describeBackends('expectNoLeak', () => {
  it('takes work that disposes what it makes', async () => {
    await expectNoLeak(async () => {
      const x = tf.tidy(() => tf.square(tf.ones([4])));
      await x.data();
      x.dispose();
    });
  });

  it('tells of a tensor that stays', async () => {
    const kept: tf.Tensor[] = [];
    await expect(expectNoLeak(() => kept.push(tf.ones([4])))).rejects.toThrow(
      /the work leaked: numTensors went from \d+ to \d+, numDataBuffers .*, numBytes/,
    );
    tf.dispose(kept);
  });

  it('tells of a second tensor on the same data', async () => {
    const x = tf.ones([4]);
    const kept: tf.Tensor[] = [];
    const share = () => kept.push(tf.engine().makeTensorFromDataId(x.dataId, [2, 2], x.dtype));
    await expect(expectNoLeak(share)).rejects.toThrow(
      /^the work leaked: numTensors went from \d+ to \d+, numBytes went from \d+ to \d+$/,
    );
    tf.dispose([x, ...kept]);
  });

  it('throws on what the work threw, unless it also leaked', async () => {
    const error = new Error('bad shape');
    const clean = expectNoLeak(() => {
      throw error;
    });
    await expect(clean).rejects.toBe(error);
    const kept: tf.Tensor[] = [];
    const leaking = expectNoLeak(async () => {
      kept.push(tf.ones([1]));
      throw error;
    });
    await expect(leaking).rejects.toThrow('the work leaked');
    await expect(leaking).rejects.toMatchObject({ cause: error });
    tf.dispose(kept);
  });
});
