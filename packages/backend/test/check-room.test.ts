import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { BackendError, checkRoom } from '../src/index.ts';
import { describeBackends } from '../src/testing/index.ts';

const advice = 'take a smaller one';

await describeBackends('room for what is about to be made', (backend) => {
  it('is there for what is small', () => {
    expect(() => checkRoom({ small: [4, 4] }, advice)).not.toThrow();
  });

  it.runIf(backend === 'wasm')('ends on wasm with the heap, and what is in use counts', () => {
    const half = [2 ** 19, 1000];
    expect(() => checkRoom({ one: half, two: half }, advice)).not.toThrow();
    expect(() => checkRoom({ one: half, two: half, three: half }, advice)).toThrow(
      /^there is no room for one \[524288, 1000\], two \[524288, 1000\], three \[524288, 1000\], 6\.29 GB: the wasm backend has, .* 4\.2\d GB; take a smaller one$/,
    );
    const used = tf.zeros([50, 1000, 1000]);
    expect(() => checkRoom({ one: half, two: half }, advice)).toThrow(BackendError);
    used.dispose();
    expect(() => checkRoom({ one: half, two: half }, advice)).not.toThrow();
  });

  it.runIf(backend === 'webgpu')(
    'ends on webgpu with the largest binding, for each by itself',
    () => {
      const { limits } = (tf.backend() as unknown as { device: GPUDevice }).device;
      const rows = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) / 4;
      expect(() => checkRoom({ one: [rows], two: [rows] }, advice)).not.toThrow();
      expect(() => checkRoom({ one: [rows], two: [rows + 1] }, advice)).toThrow(
        `there is no room for two [${rows + 1}]`,
      );
    },
  );
});
