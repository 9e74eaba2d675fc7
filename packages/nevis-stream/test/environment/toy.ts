import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { makeStream } from '../../src/streams/make-stream.ts';
import type { Json, Learner, Stream } from '../../src/types.ts';

/** Two tasks of 2 x 2 grey images whose class is how bright they are; the second comes back in a later year. */
export function toyStream(seed = 1): Stream {
  const examples = (n: number, from: number) => ({
    images: Uint8Array.from({ length: n * 4 }, (_, at) => {
      const image = Math.floor(at / 4) + from;
      return ((image * 7 + seed) % 3) * 80 + ((at * 13 + from) % 40);
    }),
    labels: Int32Array.from({ length: n }, (_, image) => ((image + from) * 7 + seed) % 3),
  });
  const task = (name: string, from: number) => ({
    name,
    domain: 'toy',
    classNames: ['dark', 'grey', 'bright'],
    shape: [2, 2, 1] as const,
    examples: {
      train: examples(20, from),
      dev: examples(6, from + 20),
      dev_test: examples(9, from + 26),
      test: examples(5, from + 35),
    },
  });
  const [first, second] = [task('Bright - A', 0), task('Bright B', 5)];
  return makeStream({
    name: 'toy',
    tasks: [
      { year: 2001, data: first },
      { year: 2002, data: second },
      { year: 2010, data: second },
    ],
  });
}

interface Sums {
  readonly step: number;
  readonly total: readonly number[];
  readonly count: readonly number[];
}

/**
 * Learns the mean brightness of each class, one image a step, and writes a checkpoint after every step: the
 * whole of a learner, without a tensor library. `flops` is what a step claims to cost.
 */
export function meansLearner(name = 'means', flops = 10n): Learner {
  return {
    name,
    title: 'Class means',
    settings: { flops: String(flops) },
    init: async () => ({}),
    async train(event, state, context, resume) {
      const train = await context.dataset(event.train);
      let sums = (resume?.meta as unknown as Sums | undefined) ?? {
        step: 0,
        total: [0, 0, 0],
        count: [0, 0, 0],
      };
      while (sums.step < train.size) {
        const { images, labels } = train.batch([sums.step]);
        const brightness = images.reduce((sum, value) => sum + value, 0) / images.length;
        const at = (list: readonly number[], amount: number) =>
          list.map((value, index) => value + (index === labels[0] ? amount : 0));
        sums = {
          step: sums.step + 1,
          total: at(sums.total, brightness),
          count: at(sums.count, 1),
        };
        context.progress({ phase: 'train', label: name, done: sums.step, total: train.size });
        await context.checkpoint({
          meta: sums as unknown as { readonly [key: string]: Json },
          tensors: {
            total: { dtype: 'float32', shape: [3], data: Float32Array.from(sums.total) },
          },
        });
      }
      const means = sums.total.map((total, index) => total / (sums.count[index] ?? 1));
      const sha256 = await context.store(`task-${event.position}`, {
        meta: { means },
        tensors: { means: { dtype: 'float64', shape: [3], data: Float64Array.from(means) } },
      });
      return {
        state: { ...(state as object), [event.position]: sha256 },
        usage: {
          flops: { train: flops * BigInt(sums.step), validation: 1n, prediction: 0n },
          peakParameters: 3,
        },
        summary: {
          trials: [],
          chosen: null,
          startedFrom: null,
          startSha256: 'none',
          endSha256: 'none',
        },
      };
    },
    async *predict(event, state, context) {
      const dataset = await context.dataset(event.dataset);
      const sha256 = (state as Record<string, string>)[event.position] ?? 'none';
      const { meta } = await context.restore(`task-${event.position}`, sha256);
      const means = meta['means'] as readonly number[];
      for (let start = 0; start < dataset.size; start += 4) {
        const length = Math.min(4, dataset.size - start);
        const { images, labels } = dataset.batch(Array.from({ length }, (_, i) => start + i));
        const logits = Float32Array.from({ length: length * 3 }, (_, at) => {
          const image = images.subarray(Math.floor(at / 3) * 4, Math.floor(at / 3) * 4 + 4);
          const brightness = image.reduce((sum, value) => sum + value, 0) / 4;
          return -Math.abs(brightness - (means[at % 3] ?? 0));
        });
        context.progress({ phase: 'predict', label: name, done: start, total: dataset.size });
        yield { labels, logits };
      }
      return { flops: { train: 0n, validation: 0n, prediction: 2n }, peakParameters: 3 };
    },
  };
}

/** SHA-256 of every file of a run that must not depend on time: all but the wall times and the page with them. */
export async function runDigests(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => name !== 'timing.jsonl' && name !== 'report.html')
    .sort();
  const digest = async (name: string) => [
    name,
    createHash('sha256')
      .update(await readFile(join(folder, name)))
      .digest('hex'),
  ];
  return Object.fromEntries(await Promise.all(files.map(digest)));
}
