import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { markEdited } from '../../src/index.ts';
import { describeBackends, expectTensorClose, poisonMemory } from '../../src/testing/index.ts';
import { asWebgpu, makeOutput, type WebgpuBackend } from '../../src/webgpu/backend.ts';
import { dispatch, gridOf, type WgslProgram } from '../../src/webgpu/dispatch.ts';

const gpu = (): WebgpuBackend => asWebgpu(tf.backend() as tf.KernelBackend);
const tensorOf = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info);

/** The number of the group, and a factor less it, from every group's first thread. */
const numbering: WgslProgram<'whole' | 'real' | 'x', 'groups' | 'factor'> = {
  key: 'test: numbering',
  buffers: { whole: 'write i32', real: 'write f32', x: 'read f32' },
  uniforms: { groups: 'u32', factor: 'f32' },
  code: () => `
fn kernel(group : u32, thread : u32) {
  if (thread != 0u || group >= uniforms.groups) { return; }
  whole[group] = i32(group);
  real[group] = uniforms.factor * x[0] - f32(group);
}`,
};

const increment: WgslProgram<'x', never> = {
  key: 'test: increment',
  buffers: { x: 'write f32' },
  uniforms: {},
  code: () => `
fn kernel(group : u32, thread : u32) {
  if (group * 256u + thread < arrayLength(&x)) { x[group * 256u + thread] += 1.0; }
}`,
};

await describeBackends('dispatch', () => {
  it('writes several outputs at once, from more groups than one dimension holds', async () => {
    poisonMemory();
    const groups = 70_001;
    const x = tf.tensor1d([4]);
    const [whole, real] = [makeOutput(gpu(), [groups], 'int32'), makeOutput(gpu(), [groups])];
    dispatch(gpu(), numbering, { whole, real, x }, { groups, factor: 0.25 }, groups);
    const outputs = [tensorOf(whole), tensorOf(real)] as const;
    const numbers = Array.from({ length: groups }, (_, group) => group);
    await expectTensorClose(outputs[0], { shape: [groups], data: numbers });
    await expectTensorClose(outputs[1], {
      shape: [groups],
      data: numbers.map((group) => 1 - group),
    });
    tf.dispose([x, ...outputs]);
  });

  it('takes tensors without numbers', async () => {
    const x = tf.tensor1d([1, 2]);
    const empty = tf.tensor2d([], [0, 3]);
    const none = tensorOf(makeOutput(gpu(), [0, 3]));
    dispatch(gpu(), increment, { x: none }, {}, 0);
    await expectTensorClose(none, { shape: [0, 3], data: [] });
    const [whole, real] = [makeOutput(gpu(), [1], 'int32'), makeOutput(gpu(), [1])];
    dispatch(gpu(), numbering, { whole, real, x: empty }, { groups: 1, factor: 0 }, 1);
    const output = tensorOf(whole);
    await expectTensorClose(output, [0]);
    const integers = tf.tensor2d([], [0, 3], 'int32');
    const cast = tf.cast(integers, 'float32');
    dispatch(gpu(), numbering, { whole, real, x: cast }, { groups: 1, factor: 0 }, 1);
    await expectTensorClose(output, [0]);
    tf.dispose([x, empty, none, integers, cast, output, tensorOf(real)]);
  });

  it('shares a batch with stock kernels, before and after it', async () => {
    const x = tf.tidy(() => tf.mul(tf.ones([300]), 2));
    dispatch(gpu(), increment, { x }, {}, 2);
    const y = tf.square(x);
    await expectTensorClose(y, new Array(300).fill(9));
    tf.dispose([x, y]);
  });
}, ['webgpu']);

await describeBackends('markEdited', () => {
  it('lets later reads see what a kernel wrote in place, also past a read that was under way', async () => {
    const x = tf.tidy(() => tf.mul(tf.ones([300]), 2));
    await expectTensorClose(x, new Array(300).fill(2));
    dispatch(gpu(), increment, { x }, {}, 2);
    markEdited(x);
    const before = x.data();
    dispatch(gpu(), increment, { x }, {}, 2);
    markEdited(x);
    expect((await before)[7]).toBe(3);
    await expectTensorClose(x, new Array(300).fill(4));
    x.dispose();
  });

  it('is needed: TensorFlow.js itself would go on with what it read', async () => {
    const x = tf.tidy(() => tf.mul(tf.ones([300]), 2));
    await x.data();
    dispatch(gpu(), increment, { x }, {}, 2);
    expect((await x.data())[0]).toBe(2);
    x.dispose();
  });
}, ['webgpu']);

describe('gridOf', () => {
  const device = (limit: number) =>
    ({ limits: { maxComputeWorkgroupsPerDimension: limit } }) as GPUDevice;

  it.each([1, 7, 65_535, 65_536, 70_001, 131_071, 4_000_000])(
    'has room for %i groups',
    (groups) => {
      const [x, y, z] = gridOf(device(65_535), groups);
      expect(Math.max(x, y)).toBeLessThanOrEqual(65_535);
      expect(x * y * z).toBeGreaterThanOrEqual(groups);
      expect(x * y * z - groups).toBeLessThan(y);
    },
  );
});
