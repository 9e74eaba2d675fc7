import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectTensorClose,
  randomTensor,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import { forward, type TRecViTConfig } from '@neverend/trecvit';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { armFeatures, armLogits, initArm } from '../../src/motions/arms/arm-model.ts';
import { armNames } from '../../src/motions/arms/time-mixers.ts';
import { config } from '../../src/motions/setup.ts';

/** As the experiment's, but of 4 tokens. */
const small: TRecViTConfig = { ...config, imageSize: [16, 16], frames: 5 };

it('has arms within a twentieth of each other in parameters', async () => {
  const counts = armNames.map((arm) => {
    const params = initArm(arm, randomKey(1), config);
    const count = Object.values(params).reduce((sum, { size }) => sum + size, 0);
    tf.dispose(params);
    return count;
  });
  expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.05);
});

it('has all parameters but those over time in common', () => {
  const [first, ...others] = armNames.map((arm) => initArm(arm, randomKey(1), small));
  const shared = Object.keys(first ?? {}).filter((name) => !name.includes('residualblock'));
  expect(shared.length).toBeGreaterThan(20);
  for (const other of others) {
    const names = Object.keys(other).filter((name) => !name.includes('residualblock'));
    expect(names).toEqual(shared);
    for (const name of names) {
      const [own, shared] = [other[name], first?.[name]].map((param) =>
        Buffer.from(new Uint8Array(Float32Array.from(param?.dataSync() ?? []).buffer)),
      );
      expect(own?.equals(shared ?? Buffer.of()), name).toBe(true);
    }
  }
  tf.dispose([first, ...others]);
});

await describeBackends(
  'arms',
  (backend) => {
    const video = (key: string, frames: number) =>
      randomTensor(randomKey(key), [2, frames, ...small.imageSize, 3]);

    it('is TRecViT itself with the LRU', async () => {
      const params = initArm('lru', randomKey(1), small);
      const clip = video('clip', 5);
      const own = armLogits('lru', clip, params, small);
      const { features, logits, state } = forward(clip, params, small);
      const expected = { shape: [2, small.classes], data: await logits.data() };
      await expectTensorClose(own, expected, tolerances[backend]);
      tf.dispose([params, clip, own, features, logits, state]);
    });

    for (const arm of armNames) {
      it(`lets no frame see a later one, ${arm}`, async () => {
        const params = initArm(arm, randomKey(1), small);
        const past = video('past', 3);
        const [one, other] = [video('one', 2), video('other', 2)];
        const features = [one, other].map((future) =>
          tf.tidy(() => armFeatures(arm, tf.concat([past, future], 1), params, small)),
        ) as [tf.Tensor, tf.Tensor];
        const differences = tf.tidy(() =>
          tf.max(tf.abs(tf.sub(features[0], features[1])), [0, 2, 3]),
        );
        const found = Array.from(await differences.data());
        for (const frame of [0, 1, 2]) expect(found[frame]).toBeLessThan(1e-5);
        for (const frame of [3, 4]) expect(found[frame]).toBeGreaterThan(0.1);
        tf.dispose([params, past, one, other, features, differences]);
      });

      it(`remembers the first frame in the last one, ${arm}`, async () => {
        const params = initArm(arm, randomKey(1), small);
        const rest = video('rest', 4);
        const [one, other] = [video('one', 1), video('other', 1)];
        const features = [one, other].map((first) =>
          tf.tidy(() => armFeatures(arm, tf.concat([first, rest], 1), params, small)),
        ) as [tf.Tensor, tf.Tensor];
        const differences = tf.tidy(() =>
          tf.max(tf.abs(tf.sub(features[0], features[1])), [0, 2, 3]),
        );
        expect((await differences.data())[4]).toBeGreaterThan(1e-4);
        tf.dispose([params, rest, one, other, features, differences]);
      });

      it(`has a finite gradient for each parameter, ${arm}`, async () => {
        const params = initArm(arm, randomKey(1), small);
        const clip = video('clip', 5);
        const variables = Object.fromEntries(
          Object.entries(params).map(([name, value]) => [name, tf.variable(value)]),
        );
        const loss = () =>
          tf.tidy(() => {
            const logits = armLogits(arm, clip, variables, small);
            return tf.neg(tf.mean(tf.slice(tf.logSoftmax(logits), [0, 3], [2, 1]))) as tf.Scalar;
          });
        const { value, grads } = tf.variableGrads(loss, Object.values(variables));
        expect(Object.keys(grads)).toHaveLength(Object.keys(params).length);
        for (const [name, variable] of Object.entries(variables)) {
          const gradient = (await grads[variable.name]?.data()) ?? [];
          expect(gradient.every(Number.isFinite), name).toBe(true);
          // Attention does not hang on what is added to all keys.
          const vanishes = name.endsWith('key/bias');
          if (!vanishes)
            expect(
              gradient.some((number) => number !== 0),
              name,
            ).toBe(true);
        }
        tf.dispose([params, clip, value, grads, variables]);
      });
    }
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
