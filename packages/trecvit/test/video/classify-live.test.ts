import { randomKey } from '@neverend/backend';
import { describeBackends } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { type ForwardOptions, officialInput, stateBytes, TRecViT, topK } from '../../src/index.ts';
import {
  classifyLive,
  type Picture,
  picturesToTensor,
  samplePictures,
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

/** Frames of a source that does not wait for who takes them, but gives a model that is fast enough the time for each. */
async function* from<T>(frames: Iterable<T>): AsyncGenerator<T> {
  for (const frame of frames) {
    yield frame;
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 16; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

async function all<T>(steps: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const step of steps) list.push(step);
  return list;
}

/** A model that notes the grey of each frame, and takes its time. */
function watched(model: TRecViT, milliseconds = 0) {
  const levels: number[] = [];
  return {
    levels,
    config: model.config,
    input: model.input,
    forward(video: tf.Tensor, options: ForwardOptions) {
      const [level = Number.NaN] = video.dataSync();
      levels.push(Math.round(255 * level));
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
        for (const frame of frames) {
          const video = picturesToTensor([frame], tiny, input);
          const { features, logits } = stream.push(video);
          expected.push((await topK(logits, 3))[0]);
          tf.dispose([video, features, logits]);
        }
        stream.dispose();
        expect(steps.map(({ guesses }) => guesses)).toEqual(expected);
        expect(steps.map(({ seconds }) => seconds)).toEqual(frames.map(({ seconds }) => seconds));
        expect(steps.at(-1)).toMatchObject({ seen: 7, dropped: 0 });
        expect(steps.every(({ stateBytes: bytes }) => bytes === stateBytes(tiny))).toBe(true);
      }));

    it.each([
      ['a camera that gives thirty a second', Array.from({ length: 31 }, (_, at) => at / 30)],
      ['a slow camera, whose pictures are due several times', [0, 0.1, 0.5, 0.6, 1.3]],
      ['a camera that comes before and after each tick', [0, 0.07, 0.13, 0.18, 0.24, 0.27, 0.36]],
    ])('shows the model what sampling a file shows it, with %s, and closes all', (_, times) =>
      withModel(async (model) => {
        const one = watched(model);
        const closed: number[] = [];
        const frames = times.map((time, at) => ({ ...closable(5 + time, closed), level: 8 * at }));
        for (const { pixels, level } of frames) pixels.fill(level);
        const steps = await all(classifyLive(one, from(frames)));
        const sampled = await all(samplePictures(from(frames), input.framesPerSecond));
        expect(one.levels).toEqual(sampled.map(({ level }) => level));
        expect(steps.map(({ seconds }) => seconds)).toEqual(sampled.map(({ seconds }) => seconds));
        expect(steps.at(-1)).toMatchObject({ seen: sampled.length, dropped: 0 });
        expect(closed).toEqual(frames.map(({ seconds }) => seconds));
      }),
    );

    it('leaves frames out, and counts them, where a frame takes longer than there is between two', () =>
      withModel(async (model) => {
        const slow = watched(model, 40);
        // Ten ticks come while the model is at its first frame, as from a camera that does not wait.
        async function* camera() {
          for (let at = 0; at < 11; at++) yield grey(at / 10, 20 * at);
          // One that is still there when the model has seen all.
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
        const steps = await all(classifyLive(slow, camera()));
        const { seen = 0, dropped = 0, seconds, milliseconds } = steps.at(-1) ?? {};
        expect(seen).toBe(slow.levels.length);
        expect(seen).toBeLessThan(6);
        expect(seen + dropped).toBe(11);
        expect(seconds).toBe(1);
        expect(milliseconds).toBeGreaterThanOrEqual(40);
      }));

    it('goes on after a pause, and after a camera that began anew, as if nothing had been', () =>
      withModel(async (model) => {
        const one = watched(model);
        const times = [0, 0.1, 60, 60.1, 3, 3.1];
        const steps = await all(classifyLive(one, from(times.map((seconds) => grey(seconds, 9)))));
        expect(steps.at(-1)).toMatchObject({ seen: 6, dropped: 0 });
      }));

    it('closes its frames and ends its stream when it is left, and when a frame cannot be read', () =>
      withModel(async (model) => {
        const before = tf.memory().numTensors;
        const closed: number[] = [];
        const frames = [0, 0.1, 0.2, 0.3].map((seconds) => closable(seconds, closed));
        for await (const { seconds } of classifyLive(model, from(frames))) {
          if (seconds === 0.1) break;
        }
        await settled();
        // What came after it was left is closed, too.
        expect(closed).toEqual([0, 0.1, 0.2, 0.3]);
        const broken = { ...closable(0.1, closed), pixels: new Uint8Array(3) };
        const steps = all(classifyLive(model, from([closable(0, closed), broken])));
        await expect(steps).rejects.toThrow('pixels');
        expect(closed.slice(4)).toEqual([0, 0.1]);
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
