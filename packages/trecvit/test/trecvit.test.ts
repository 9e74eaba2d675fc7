import {
  kernelMode,
  packedWeightsBytes,
  randomKey,
  randomUniform,
  ShapeError,
} from '@neverend/backend';
import { loadAddon } from '@neverend/backend/kernels';
import { describeBackends, expectTensorClose, tolerances } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { inferenceMemory, initTRecViT, TRecViT } from '../src/index.ts';
import { tiny } from './tiny.ts';

await describeBackends('a model', (backend) => {
  const close = tolerances[backend];
  const packs =
    kernelMode() !== 'composite' &&
    (backend === 'wasm' || (backend === 'tensorflow' && loadAddon().available));

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'reads nothing of the frames of %d before a video that begins within a call',
    async (value) => {
      const model = TRecViT.init(tiny, randomKey(2));
      const frames = tf.tensor(randomUniform(randomKey('video'), 3 * 8 * 12 * 3), [1, 3, 8, 12, 3]);
      const broken = tf.concat([tf.fill([1, 2, 8, 12, 3], value), frames], 1);
      const segmentPos = tf.tensor2d([0, 1, 0, 1, 2], [1, 5], 'int32');
      for (const options of [{}, { decay: 0.9 }, { window: 4 }]) {
        const [alone, made] = [
          model.forward(frames, options),
          model.forward(broken, { ...options, segmentPos }),
        ];
        const { shape } = alone.logits;
        const data = await alone.logits.data();
        expect(data.every(Number.isFinite)).toBe(true);
        await expectTensorClose(made.logits, { shape, data }, close);
        // What it goes on with, too.
        const next = model.forward(frames, { ...options, state: made.state });
        const expected = model.forward(frames, { ...options, state: alone.state });
        await expectTensorClose(next.logits, { shape, data: await expected.logits.data() }, close);
      }
      model.dispose();
    },
  );

  it('averages logits and probabilities over the clips and crops of a video', async () => {
    const model = TRecViT.init(tiny, randomKey(2));
    const pixels = randomUniform(randomKey('video'), 4 * 8 * 8 * 12 * 3);
    // Two videos, each of two crops, of two clips of 4 frames.
    const video = tf.tensor(pixels, [4, 8, 8, 12, 3]);
    const { logits, probabilities } = model.classify(video, { crops: 2 });
    const clips = tf.tidy(() => model.forward(tf.reshape(video, [8, 4, 8, 12, 3])).logits);
    const values = await clips.data();
    const expectedLogits = new Float64Array(10);
    const expectedShares = new Float64Array(10);
    for (let clip = 0; clip < 8; clip++) {
      const row = Array.from(values.subarray(5 * clip, 5 * clip + 5));
      const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
      for (const [index, value] of row.entries()) {
        const at = 5 * Math.floor(clip / 4) + index;
        expectedLogits[at] = (expectedLogits[at] ?? 0) + value / 4;
        expectedShares[at] = (expectedShares[at] ?? 0) + Math.exp(value) / total / 4;
      }
    }
    await expectTensorClose(logits, { shape: [2, 5], data: expectedLogits }, close);
    await expectTensorClose(probabilities, { shape: [2, 5], data: expectedShares }, close);
    tf.dispose([video, logits, probabilities, clips]);
    model.dispose();
  });

  it('names a state that is none', () => {
    const model = TRecViT.init(tiny, randomKey(4));
    const video = tf.zeros([1, 1, 8, 12, 3]);
    for (const [state, message] of [
      [null, 'state was null; it must be an object with layers and head'],
      [{ layers: 2 }, 'state.layers was 2; it must be a list of states of layers'],
      [
        { ...model.forward(video).state, head: null },
        'state.head was null; it must be an object with values and weights',
      ],
    ] as const) {
      expect(() => model.forward(video, { state: state as never })).toThrow(new TypeError(message));
    }
  });

  it('reads the average of the tokens where it has no class token, as plain loops do', async () => {
    const model = TRecViT.init({ ...tiny, pooling: 'average' }, randomKey(4));
    const pixels = randomUniform(randomKey('average'), 2 * 3 * 8 * 12 * 3);
    const video = tf.tensor(pixels, [2, 3, 8, 12, 3]);
    const { features, logits, state } = model.forward(video);
    expect(features.shape).toEqual([2, 3, 6, 8]);
    const x = await features.data();
    const of = (name: string) => (model.params[`decoder/${name}`] as tf.Tensor).data();
    const [into, out] = [await of('pre_logits/kernel'), await of('cls_head/kernel')];
    const expected = [0, 1].flatMap((row) => {
      const hidden = Array.from({ length: 10 }, (_, p) => {
        const frames = [0, 1, 2].map((frame) => {
          let sum = 0;
          for (let token = 0; token < 6; token++) {
            for (let d = 0; d < 8; d++) {
              const at = ((row * 3 + frame) * 6 + token) * 8 + d;
              sum += ((x[at] ?? 0) * (into[d * 10 + p] ?? 0)) / 6;
            }
          }
          return Math.tanh(sum);
        });
        return frames.reduce((a, b) => a + b, 0) / 3;
      });
      return [0, 1, 2, 3, 4].map((c) =>
        hidden.reduce((sum, value, p) => sum + value * (out[p * 5 + c] ?? 0), 0),
      );
    });
    await expectTensorClose(logits, { shape: [2, 5], data: expected }, close);
    // One frame after the other it is the same.
    const stream = model.stream({ batch: 2, halfLife: Number.POSITIVE_INFINITY });
    const steps = tf.split(video, 3, 1).map((frame) => stream.push(frame));
    await expectTensorClose(
      steps.at(-1)?.logits as tf.Tensor,
      { shape: [2, 5], data: expected },
      close,
    );
    stream.dispose();
    tf.dispose([video, features, logits, state]);
    for (const step of steps) step.dispose();
    model.dispose();
  });

  it('has no more in memory than one layer and its input, however many there are', () => {
    const memoryOf = (layers: number) => {
      const model = TRecViT.init({ ...tiny, layers }, randomKey(2));
      const [tensors, packed] = [tf.memory().numTensors, packedWeightsBytes()];
      const memory = inferenceMemory(model, { frames: 16 });
      expect(tf.memory().numTensors).toBe(tensors);
      const weights = Object.values(model.params).reduce((sum, { size }) => sum + 4 * size, 0);
      expect(memory).toMatchObject({ weights, video: 4 * 16 * 8 * 12 * 3 });
      expect(memory.packed).toBe(packedWeightsBytes() - packed);
      if (packs) expect(memory.packed).toBeGreaterThan(0);
      model.dispose();
      return { ...memory, working: memory.peak - memory.weights - memory.packed - memory.video };
    };
    const [two, six] = [memoryOf(2), memoryOf(6)];
    expect(two.working).toBeGreaterThan(two.state);
    // What a layer adds is its state alone: the activations of the two are far more.
    expect(six.working - two.working).toBeLessThanOrEqual(six.state - two.state);
    expect(two.working - two.state).toBeGreaterThan(4 * 16 * 7 * (tiny.width + tiny.mlpWidth));
  });
});

it('names the likeliest classes of whole videos by their average probabilities, and of a stream by its logits', async () => {
  const params = initTRecViT(randomKey(2), tiny);
  const model = new TRecViT(tiny, params, { classNames: ['a', 'b', 'c', 'd', 'e'] });
  const video = tf.tensor(randomUniform(randomKey('top'), 2 * 8 * 8 * 12 * 3), [2, 8, 8, 12, 3]);
  const whole = model.classify(video);
  const stream = model.stream({ batch: 2 });
  const step = stream.push(video);
  const shares = tf.softmax(step.logits);
  for (const [top, probabilities] of [
    [whole.top, whole.probabilities],
    [step.top, shares],
  ] as const) {
    const guesses = await top(2);
    const values = await probabilities.data();
    for (const [row, [first, second]] of guesses.entries()) {
      const ofRow = [...values.subarray(5 * row, 5 * row + 5)];
      const ranked = ofRow.toSorted((a, b) => b - a);
      expect(first?.probability).toBeCloseTo(ranked[0] ?? 0, 6);
      expect(second?.probability).toBeCloseTo(ranked[1] ?? 0, 6);
      expect(first?.name).toBe('abcde'[ofRow.indexOf(Math.max(...ofRow))]);
    }
    expect(await top()).toMatchObject([{ length: 5 }, { length: 5 }]);
  }
  const { numTensors } = tf.memory();
  whole.dispose();
  step.dispose();
  expect(tf.memory().numTensors).toBe(numTensors - 4);
  tf.dispose([video, shares]);
  stream.dispose();
  model.dispose();
});

it('refuses frames that clips do not divide, and rows that crops do not', () => {
  const model = TRecViT.init(tiny, randomKey(2));
  const video = tf.zeros([3, 9, 8, 12, 3]);
  expect(() => model.classify(video)).toThrow(ShapeError);
  expect(() => model.classify(video)).toThrow(
    'video had 9 frames; their number must be a multiple of 2 clips, such as 8',
  );
  expect(() => model.classify(video, { clips: 3, crops: 2 })).toThrow(
    'video had 3 rows; their number must be a multiple of 2 crops',
  );
  video.dispose();
  model.dispose();
});
