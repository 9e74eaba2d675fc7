import { randomKey, randomUniform } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import { CheckpointError } from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TRecViT, type VideoStream } from '../src/index.ts';
import { tiny } from './tiny.ts';

const frameSize = 8 * 12 * 3;

/** `[batch, frames, 8, 12, 3]` of random pixels. */
function clip(name: string, batch: number, frames: number): tf.Tensor {
  const pixels = randomUniform(randomKey('clip', name), batch * frames * frameSize);
  return tf.tensor(pixels, [batch, frames, 8, 12, 3]);
}

/** A model whose parameters all differ from zero. */
function model(): TRecViT {
  const made = TRecViT.init(tiny, randomKey(3));
  return new TRecViT(
    tiny,
    Object.fromEntries(
      Object.entries(made.params).map(([name, param]) => [
        name,
        tf.tidy(() => {
          const noise = randomUniform(randomKey('noise', name), param.size);
          return tf.add(param, tf.mul(0.2, tf.sub(tf.tensor(noise, param.shape), 0.5)));
        }),
      ]),
    ),
  );
}

/** What a stream gives for a video that is cut after these numbers of frames. */
function pushed(stream: VideoStream, video: tf.Tensor, cuts: readonly number[]) {
  const [, frames = 1, ...rest] = video.shape;
  const ends = [...cuts, frames];
  return ends.map((end, index) => {
    const start = ends[index - 1] ?? 0;
    const part = tf.slice(video, [0, start, 0, 0, 0], [stream.batch, end - start, ...rest]);
    const step = stream.push(part);
    part.dispose();
    return step;
  });
}

await describeBackends(
  'a stream',
  (backend) => {
    const close = tolerances[backend];

    it('gives what the whole video gives, wherever it is cut', async () => {
      const net = model();
      await expectNoLeak(async () => {
        const video = clip('whole', 2, 7);
        const whole = net.forward(video);
        const expected = {
          features: await whole.features.data(),
          logits: await whole.logits.data(),
        };
        await fc.assert(
          fc.asyncProperty(
            fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 6 }),
            async (cuts) => {
              const stream = net.stream({ batch: 2, halfLife: Number.POSITIVE_INFINITY });
              const steps = pushed(
                stream,
                video,
                cuts.sort((a, b) => a - b),
              );
              const features = tf.concat(
                steps.map((step) => step.features),
                1,
              );
              await expectTensorClose(
                features,
                { shape: whole.features.shape, data: expected.features },
                close,
              );
              await expectTensorClose(
                steps.at(-1)?.logits as tf.Tensor,
                { shape: [2, 5], data: expected.logits },
                close,
              );
              tf.dispose([features, ...steps.flatMap((step) => [step.features, step.logits])]);
              stream.dispose();
            },
          ),
          { numRuns: backend === 'webgpu' ? 3 : 8, seed: 5 },
        );
        tf.dispose([video, whole.features, whole.logits, whole.state]);
      });
      net.dispose();
    });

    it.each([
      ['by a half-life', { halfLife: 2 }, [1, 2, 3, 4, 5]],
      ['by a half-life, in chunks,', { halfLife: 2 }, [3, 4]],
      ['over a window', { window: 3 }, [1, 2, 3, 4, 5]],
      ['over a window shorter than a chunk', { window: 3 }, [1, 5]],
    ])('averages %s as plain loops do', async (_, options, cuts) => {
      const net = model();
      const video = clip('averages', 1, 6);
      const stream = net.stream(options);
      const heads = await Promise.all(
        [...Array(6).keys()].map(async (frame) => {
          const until = tf.slice(video, [0, 0, 0, 0, 0], [1, frame + 1, 8, 12, 3]);
          // What the head makes of one frame alone: the sum over all frames so far, less that over those before.
          const { state } = net.forward(until);
          const mean = await state.head.values.data();
          return [...mean].map((value) => value * (frame + 1));
        }),
      );
      const hidden = heads.map((sum, frame) =>
        sum.map((value, p) => value - (heads[frame - 1]?.[p] ?? 0)),
      );
      const kernel = await (net.params['decoder/cls_head/kernel'] as tf.Tensor).data();
      const bias = await (net.params['decoder/cls_head/bias'] as tf.Tensor).data();
      const steps = pushed(stream, video, cuts);
      for (const [index, { logits, features }] of steps.entries()) {
        const frame = (cuts[index] ?? 6) - 1;
        const weights = hidden.map((_, at) => {
          if (at > frame) return 0;
          return 'window' in options ? Number(at > frame - 3) : 0.5 ** ((frame - at) / 2);
        });
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const average = (p: number) =>
          weights.reduce((sum, weight, at) => sum + (weight * (hidden[at]?.[p] ?? 0)) / total, 0);
        const expected = Array.from({ length: 5 }, (_, c) =>
          Array.from({ length: 10 }, (_, p) => average(p) * (kernel[p * 5 + c] ?? 0)).reduce(
            (a, b) => a + b,
            bias[c] ?? 0,
          ),
        );
        await expectTensorClose(
          logits,
          { shape: [1, 5], data: expected },
          { rtol: 1e-4, atol: 1e-5 },
        );
        tf.dispose([logits, features]);
      }
      stream.dispose();
      net.dispose();
    });

    it('begins single rows anew, and the others go on as if nothing had happened', async () => {
      const net = model();
      const [first, second] = [clip('first', 2, 3), clip('second', 2, 4)];
      const row = (of: tf.Tensor, index: number) => tf.slice(of, [index], [1]);
      for (const options of [{}, { window: 5 }]) {
        const stream = net.stream({ batch: 2, ...options });
        stream.push(first);
        stream.reset([1]);
        const both = stream.push(second);
        const [going, anew] = [net.stream(options), net.stream(options)];
        going.push(row(first, 0));
        for (const [index, alone] of [
          going.push(row(second, 0)),
          anew.push(row(second, 1)),
        ].entries()) {
          for (const of of ['features', 'logits'] as const) {
            const data = await alone[of].data();
            await expectTensorClose(row(both[of], index), { shape: alone[of].shape, data }, close);
          }
        }
        expect(stream.seen).toEqual([7, 4]);
        expect(() => stream.reset([2])).toThrow(
          'rows had 2; a row of this stream is one from 0 to 1',
        );
        for (const one of [stream, going, anew]) one.dispose();
      }
      net.dispose();
    });

    it('goes on from its saved state, to the same numbers', async () => {
      const net = model();
      const [before, after] = [clip('before', 2, 3), clip('after', 2, 2)];
      const stream = net.stream({ batch: 2 });
      stream.push(before);
      stream.reset([0]);
      const bytes = await stream.saveState();
      const restored = net.stream({ batch: 2 });
      restored.restoreState(bytes);
      const [a, b] = [stream.push(after), restored.push(after)];
      expect(await b.logits.data()).toEqual(await a.logits.data());
      expect(await b.features.data()).toEqual(await a.features.data());
      expect(restored.seen).toEqual(stream.seen);
      stream.dispose();
      restored.dispose();
      net.dispose();
    });

    it('forgets what is not finite where a row begins anew, and there alone', async () => {
      const net = model();
      const frame = clip('finite', 2, 1);
      const broken = tf.tidy(() =>
        tf.concat([tf.fill([1, 1, 8, 12, 3], Number.NaN), tf.slice(frame, 1)]),
      );
      for (const options of [{}, { window: 3 }]) {
        const stream = net.stream({ batch: 2, ...options });
        stream.push(broken);
        stream.reset([0]);
        const [healed, alone] = [stream.push(frame), net.stream(options)];
        const expected = alone.push(tf.slice(frame, [0], [1]));
        for (const of of ['features', 'logits'] as const) {
          const data = await expected[of].data();
          await expectTensorClose(
            tf.slice(healed[of], [0], [1]),
            { shape: expected[of].shape, data },
            close,
          );
        }
        expect((await healed.logits.data()).every(Number.isFinite)).toBe(true);
        stream.dispose();
        alone.dispose();
      }
      net.dispose();
    });

    it('goes on from its state as tensors', async () => {
      const net = model();
      const frames = clip('tensors', 2, 2);
      const stream = net.stream({ batch: 2 });
      stream.push(frames);
      stream.reset([1]);
      const state = stream.state();
      const restored = net.stream({ batch: 2 });
      restored.restoreState(state);
      tf.dispose(state.model);
      expect(restored.seen).toEqual([2, 0]);
      const [a, b] = [stream.push(frames), restored.push(frames)];
      expect(await b.logits.data()).toEqual(await a.logits.data());
      stream.dispose();
      expect(() => stream.push(frames)).toThrow('the stream was disposed; make another one');
      restored.dispose();
      net.dispose();
    });

    it('refuses a state of another model, batch or average by its name, and stays as it was', async () => {
      const net = model();
      const others = [{ lruWidth: 8 }, { decayPower: 4 }].map((change) =>
        TRecViT.init({ ...tiny, ...change }, randomKey(1)),
      );
      const frame = clip('refused', 1, 1);
      const stream = net.stream();
      stream.push(frame).dispose();
      const [bytes, tensors] = [await stream.saveState(), stream.state()];
      const refusals: [VideoStream | undefined, string][] = [
        [others[0]?.stream(), 'the state was made with lruWidth "12"; this stream has "8"'],
        [others[1]?.stream(), 'the state was made with decayPower "8"; this stream has "4"'],
        [net.stream({ batch: 2 }), 'the state was made with batch "1"; this stream has "2"'],
        [
          net.stream({ halfLife: 9 }),
          'average "a half-life of 4"; this stream has "a half-life of 9"',
        ],
        [net.stream({ window: 2 }), 'average "a half-life of 4"; this stream has "a window of 2"'],
      ];
      for (const [one, message] of refusals) {
        for (const state of [bytes, tensors]) {
          expect(() => one?.restoreState(state)).toThrow(CheckpointError);
          expect(() => one?.restoreState(state)).toThrow(message);
        }
        expect(one?.seen.every((count) => count === 0)).toBe(true);
      }
      const short = { ...tensors.model, layers: tensors.model?.layers.slice(1) };
      const broken = { ...tensors, model: short } as typeof tensors;
      expect(() => stream.restoreState(broken)).toThrow('state.model had no layers/1/rg_lru');
      expect(() => stream.restoreState(bytes.subarray(0, 100))).toThrow(CheckpointError);
      expect(stream.seen).toEqual([1]);
      // It goes on as one to which nothing happened.
      const same = net.stream();
      same.push(frame);
      const [a, b] = [stream.push(frame), same.push(frame)];
      expect(await a.logits.data()).toEqual(await b.logits.data());
      same.dispose();
      frame.dispose();
      stream.dispose();
      for (const one of [net, ...others]) one.dispose();
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
