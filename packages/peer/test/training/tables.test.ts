// In a process of its own: the feed-forward of its models is a fixture.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeBackends, expectClose, expectNoLeak } from '@neverend/backend/testing';
import { checkedParam, linear } from '@neverend/nn';
import { productKeyTopK, weightedRows } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { FeedForward } from '../../src/language-model/feed-forward/types.ts';
import { type TrainSettings, trainLanguageModel } from '../../src/training/index.ts';
import { small, training } from './fixtures/rhymes.ts';

const [width, rows, picks] = [8, 50, 3];

/** A memory: picks rows of a table by the largest scores, and counts its calls in a buffer. */
const memory = vi.hoisted(() => ({ layer: undefined as FeedForward | undefined }));
vi.mock('../../src/language-model/feed-forward/index.ts', () => ({
  feedForward: () => memory.layer,
}));
memory.layer = {
  shapes: { 'keys/kernel': [width, rows], values: [rows, width], calls: [1] },
  tables: ['values'],
  buffers: ['calls'],
  costs: { activeParameters: 0, flops: 0, tableBytes: 4 * picks * width },
  init: () => ({
    'keys/kernel': tf.truncatedNormal([width, rows], 0, 1, 'float32', 3),
    values: tf.truncatedNormal([rows, width], 0, 0.1, 'float32', 4),
    calls: tf.zeros([1]),
  }),
  apply: (x, params, { training }) => {
    const scores = linear(x, checkedParam(params, 'keys/kernel', [width, rows]));
    const best = productKeyTopK([scores], picks);
    const values = checkedParam(params, 'values', [rows, width]);
    return {
      y: weightedRows(values, best.indices, tf.softmax(best.scores)) as tf.Tensor2D,
      ...(training && { buffers: { calls: tf.add(params['calls'] as tf.Tensor, 1) } }),
    };
  },
};

const config = { ...small, blocks: small.blocks.slice(0, 1) };
const table = 'block_00/feed_forward/values';

let scratch: string;
let next = 0;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'peer-tables-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function train(settings: TrainSettings, folder = join(scratch, `run-${next++}`), stop = 0) {
  const options = training(folder, settings, config);
  const start = (await (options.params[table] as tf.Tensor).data()).slice();
  const controller = new AbortController();
  const { params } = await trainLanguageModel({
    ...options,
    signal: controller.signal,
    onProgress: ({ done }) => {
      if (done === stop) controller.abort(new Error('stopped'));
    },
  });
  const data = (await (params[table] as tf.Tensor).data()).slice();
  const calls = (await (params['block_00/feed_forward/calls'] as tf.Tensor).data())[0];
  tf.dispose(params);
  const touched = Array.from({ length: rows }, (_, row) =>
    data.subarray(row * width, (row + 1) * width).some((v, at) => v !== start[row * width + at]),
  );
  return { data, start, calls, touched };
}

await describeBackends('tables in a training', () => {
  it.each(['lazyAdam', 'adagrad', 'rowAdagrad'] as const)(
    'change in rows that were picked, by %s, and buffers move on',
    async (tableOptimizer) => {
      await expectNoLeak(async () => {
        const { touched, calls } = await train({ steps: 2, batchSize: 1, tableOptimizer });
        expect(touched.filter(Boolean).length).toBeGreaterThan(0);
        expect(touched.every(Boolean)).toBe(false);
        expect(calls).toBe(2);
      });
    },
  );

  it('go by their own rate and clipping', async () => {
    const still = await train({ tableLearningRate: 0 });
    expect(still.data).toEqual(still.start);
    const one = await train({
      steps: 2,
      warmupSteps: 0,
      tableOptimizer: 'adagrad',
      learningRate: 0,
    });
    expect(one.data).not.toEqual(one.start);
    // Adagrad's first step is the rate along each element's sign; with a clip far below its epsilon it is nearly nothing.
    const clipped = await train({
      steps: 2,
      warmupSteps: 0,
      tableOptimizer: 'adagrad',
      tableClipNorm: 1e-20,
    });
    expectClose(clipped.data, clipped.start, { rtol: 0, atol: 1e-6 });
  });

  it('have nearly the same rows in parts as at once', async () => {
    const [whole, parts] = [await train({}), await train({ accumulate: 2 })];
    expectClose(parts.data, whole.data, { rtol: 0, atol: 2e-3 });
    expect([whole.calls, parts.calls]).toEqual([8, 8]);
  });

  it('go on where a run was stopped, bit for bit', async () => {
    const whole = await train({});
    const folder = join(scratch, `run-${next++}`);
    await expect(train({}, folder, 3)).rejects.toThrow('stopped');
    expect(await train({}, folder)).toEqual(whole);
  });
}, ['cpu', 'wasm', 'tensorflow']);
