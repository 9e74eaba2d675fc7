import { describeBackends, tolerances, webgpuIfLong } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  type ClipRequest,
  type ClipSource,
  evaluateClassifier,
  predictVideos,
  type Trainee,
} from '../../src/training/index.ts';

/** Logits are the mean red, green and blue of a clip, each times 4, and 0 for what classes there are beyond. */
const colours = (classes: number): Trainee => ({
  params: {},
  format: {
    frames: 2,
    imageSize: [2, 2],
    input: { framesPerSecond: 5, crop: 'centre', range: [0, 1] },
  },
  logits: (video) =>
    tf.tidy(() => {
      const mean = tf.mul(tf.mean(tf.reshape(video, [video.shape[0], 8, 3]), 1), 4);
      return tf.pad(mean, [
        [0, 0],
        [0, classes - 3],
      ]) as tf.Tensor2D;
    }),
});

/** Pictures of 2 x 4 pixels, in columns of brightness 0, 100, 200 and 255 of the colour of their class, brighter by 51 a clip. */
function columns(
  labels: readonly number[],
  classes: number,
  asked: ClipRequest[] = [],
): ClipSource {
  return {
    classNames: Array.from({ length: classes }, (_, index) => `${index}`),
    labels,
    clip: async (video, request) => {
      asked.push(request);
      const pixels = Uint8Array.from({ length: 2 * 2 * 4 * 3 }, (_, at) => {
        const column = [0, 100, 200, 255][Math.floor(at / 3) % 4] as number;
        return at % 3 === video % 3 ? Math.min(255, column + 51 * request.place) : 0;
      });
      return { frames: 2, rows: 2, columns: 4, pixels };
    },
  };
}

await describeBackends(
  'an evaluation',
  (backend) => {
    it('averages logits and probabilities over clips and crops, as computed by hand', async () => {
      const asked: ClipRequest[] = [];
      const source = columns([0, 1, 2], 3, asked);
      const found = [];
      // Batches cut through videos.
      const options = { clips: 2, crops: 3, batchSize: 4 };
      for await (const one of predictVideos(colours(3), source, options)) found.push(one);
      expect(asked.map(({ place, shortSide }) => [place, shortSide])).toEqual(
        [0, 1, 0, 1, 0, 1].map((place) => [place, 2]),
      );
      const own = [0, 51].flatMap((more) => {
        const [a, b, c, d] = [more, 100 + more, 200 + more, 255] as const;
        return [a + b, b + c, c + d].map((sum) => (4 * sum) / 2 / 255);
      });
      const logit = own.reduce((sum, one) => sum + one) / 6;
      const share = own.reduce((sum, one) => sum + Math.exp(one) / (Math.exp(one) + 2), 0) / 6;
      for (const [video, { logits, probabilities, label }] of found.entries()) {
        expect(label).toBe(video);
        const { atol, rtol } = tolerances[backend];
        for (const index of [0, 1, 2]) {
          const expected = index === video ? [logit, share] : [0, (1 - share) / 2];
          const error = (value: number | undefined, at: 0 | 1) =>
            Math.abs((value as number) - (expected[at] as number));
          expect(error(logits[index], 0)).toBeLessThan(atol + 10 * rtol);
          expect(error(probabilities[index], 1)).toBeLessThan(atol + 10 * rtol);
        }
      }
    });

    it('counts the likeliest class, and the five likeliest, ties as wrong', async () => {
      // Six videos of the colours 0, 1, 2, 0, 1, 2 and eight classes, five of which are as likely as each other.
      const source = columns([0, 1, 2, 1, 2, 7], 8);
      const done: number[] = [];
      const evaluation = await evaluateClassifier(colours(8), source, {
        ...{ clips: 1, crops: 1, batchSize: 2 },
        onProgress: (videos) => done.push(videos),
      });
      expect(evaluation).toMatchObject({ videos: 6, top1: 0.5, top5: 0.5 });
      // The middle two columns at the place 0.5.
      const own = Math.exp((4 * (150 + Math.floor(25.5))) / 255);
      const loss = Math.log(own + 7) - (3 * Math.log(own)) / 6;
      expect(evaluation.loss).toBeCloseTo(loss, 2);
      expect(done).toEqual([1, 2, 3, 4, 5, 6]);
    });

    it('stops when its signal says so', async () => {
      const controller = new AbortController();
      const stopped = evaluateClassifier(colours(3), columns([0, 1, 2], 3), {
        ...{ clips: 1, crops: 1, batchSize: 1, signal: controller.signal },
        onProgress: () => controller.abort(new Error('enough')),
      });
      await expect(stopped).rejects.toThrow('enough');
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
