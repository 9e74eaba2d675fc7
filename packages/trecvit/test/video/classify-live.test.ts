import { randomKey } from '@neverend/backend';
import { describeBackends } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { type ForwardOptions, officialInput, stateBytes, TRecViT, topK } from '../../src/index.ts';
import {
  classifyLive,
  type LiveStep,
  type Picture,
  picturesToTensor,
} from '../../src/video/index.ts';
import { tiny } from '../tiny.ts';

const input = { ...officialInput, framesPerSecond: 10 };

/** A picture of one grey. */
const grey = (seconds: number, level: number): Picture => ({
  seconds,
  ...{ rows: 8, columns: 12 },
  pixels: new Uint8Array(8 * 12 * 3).fill(level),
});

/** A picture that has to be closed, as browsers' frames have. */
const closable = (seconds: number, closed: number[]) => ({
  ...grey(seconds, 9),
  close: () => closed.push(seconds),
});

async function* from<T>(frames: Iterable<T>): AsyncGenerator<T> {
  yield* frames;
}

async function all<T>(steps: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const step of steps) list.push(step);
  return list;
}

/** A model that notes how many frames each call has, and takes its time. */
function watched(model: TRecViT, milliseconds = 0) {
  const calls: number[] = [];
  return {
    calls,
    config: model.config,
    input: model.input,
    forward(video: tf.Tensor, options: ForwardOptions) {
      calls.push(video.shape[1] ?? 0);
      const end = performance.now() + milliseconds;
      while (performance.now() < end) {}
      return model.forward(video, options);
    },
  };
}

// What it calls is tested on all of them.
const backends = ['cpu', 'wasm'] as const;

await describeBackends(
  'classifyLive',
  () => {
    const withModel = async (work: (model: TRecViT) => Promise<void>): Promise<void> => {
      const model = TRecViT.init(tiny, randomKey(1), { input });
      try {
        await work(model);
      } finally {
        model.dispose();
      }
    };

    it('says what a stream of the same frames says', () =>
      withModel(async (model) => {
        const frames = Array.from({ length: 7 }, (_, at) => grey(at / 10, 30 * at));
        const steps = await all(classifyLive(model, from(frames), { top: 3 }));
        const stream = model.stream();
        const expected: unknown[] = [];
        // The first one has its turn with the second, whose time says how long it was shown.
        for (const frame of frames.slice(1)) {
          const video = picturesToTensor([frame], tiny, input);
          const { features, logits } = stream.push(video);
          expected.push((await topK(logits, 3))[0]);
          tf.dispose([video, features, logits]);
        }
        stream.dispose();
        expect(steps.map(({ guesses }) => guesses)).toEqual(expected);
        expect(steps.map(({ seconds }) => seconds)).toEqual(
          frames.slice(1).map(({ seconds }) => seconds),
        );
        expect(steps.at(-1)).toMatchObject({ seen: 6, dropped: 0 });
      }));

    it('takes ten of the thirty frames of a second, and closes them all', () =>
      withModel(async (model) => {
        const one = watched(model);
        const closed: number[] = [];
        const frames = Array.from({ length: 91 }, (_, at) => closable(5 + at / 30, closed));
        const steps = await all(classifyLive(one, from(frames)));
        expect(steps.at(-1)).toMatchObject({ seen: 30, dropped: 0 });
        expect(one.calls).toEqual(Array(30).fill(1));
        expect(closed).toEqual(frames.map(({ seconds }) => seconds));
      }));

    it('shows pictures of a slow camera as often as they are due', () =>
      withModel(async (model) => {
        const one = watched(model);
        const steps = await all(
          classifyLive(one, from([0, 0.1, 0.5, 0.6].map((seconds) => grey(seconds, 9)))),
        );
        // A backend's first call prepares kernels, and may be slower than the frames come.
        expect(one.calls[0]).toBe(1);
        const { seen = 0, dropped = 0 } = steps.at(-1) ?? {};
        expect(seen + dropped).toBe(6);
        expect(steps.every(({ stateBytes: bytes }) => bytes === stateBytes(tiny))).toBe(true);
      }));

    it('leaves frames out, and counts them, where a frame takes longer than there is between two', () =>
      withModel(async (model) => {
        const slow = watched(model, 150);
        const frames = [0, 0.1, 0.3, 0.5, 0.7].map((seconds) => grey(seconds, 9));
        const steps: LiveStep[] = await all(classifyLive(slow, from(frames)));
        expect(slow.calls).toEqual([1, 1, 1, 1]);
        expect(steps.map(({ seen, dropped }) => [seen, dropped])).toEqual([
          [1, 0],
          [2, 1],
          [3, 2],
          [4, 3],
        ]);
        expect(steps.at(-1)?.milliseconds).toBeGreaterThanOrEqual(150);
      }));

    it('goes on after a pause, and after a camera that began anew, as if nothing had been', () =>
      withModel(async (model) => {
        const one = watched(model);
        const times = [0, 0.1, 60, 60.1, 3, 3.1];
        const steps = await all(classifyLive(one, from(times.map((seconds) => grey(seconds, 9)))));
        expect(steps.at(-1)).toMatchObject({ seen: 5, dropped: 0 });
      }));

    it('closes its frames and ends its stream when it is left, and when a frame cannot be read', () =>
      withModel(async (model) => {
        const before = tf.memory().numTensors;
        const closed: number[] = [];
        const frames = [0, 0.1, 0.2, 0.3].map((seconds) => closable(seconds, closed));
        for await (const { seconds } of classifyLive(model, from(frames))) {
          if (seconds === 0.2) break;
        }
        expect(closed).toEqual([0, 0.1, 0.2]);
        const broken = { ...closable(0.1, closed), pixels: new Uint8Array(3) };
        await expect(
          all(classifyLive(model, from([frames[0] as Picture, broken]))),
        ).rejects.toThrow('pixels');
        expect(closed).toEqual([0, 0.1, 0.2, 0, 0.1]);
        expect(tf.memory().numTensors).toBe(before);
      }));

    it('names an option that there is not', () =>
      withModel(async (model) => {
        const wrong = { tops: 3 } as object;
        await expect(all(classifyLive(model, from([]), wrong))).rejects.toThrow('tops');
      }));
  },
  backends,
);
