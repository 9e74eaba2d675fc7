import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { kernelMode, randomInt, randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectThreadsShare,
  randomTensor,
  setAddonThreads,
} from '@neverend/backend/testing';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { productKeyTopK, rowProducts, weightedRows } from '../src/index.ts';
import { threadWork } from './fixtures/thread-work.ts';

// In a process of its own: wasm has as many threads as at its first start.
process.env['NEVEREND_THREADS'] = '2';

const program = await bundleForNode(new URL('./fixtures/threads.ts', import.meta.url));

/** What the fixture prints: the device, and a line for each result. */
async function onThreads(threads: number): Promise<[device: string, ...results: string[]]> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, String(threads)], {
    timeout: 100_000,
    env: { ...process.env, NEVEREND_KERNELS: 'native' },
  });
  return stdout.split('\n') as [string, ...string[]];
}

const native = kernelMode() !== 'composite';

describe.runIf(native)('picked rows, searches and their gradients', () => {
  it('are the same bits on any number of threads of wasm', async () => {
    const [device, ...one] = await onThreads(1);
    expect(device).toBe('CPU, WebAssembly SIMD, 1 thread');
    expect(one).toHaveLength(23);
    for (const threads of [2, 5]) {
      const [device, ...others] = await onThreads(threads);
      expect(device).toBe(`CPU, WebAssembly SIMD, ${threads} threads`);
      expect(others).toEqual(one);
    }
  }, 300_000);
});

await describeBackends(
  'picked rows and searches',
  (backend) => {
    it.runIf(native && backend === 'tensorflow')(
      'are the same bits on any number of threads',
      async () => {
        const bits: Record<string, ArrayLike<number>>[] = [];
        for (const threads of [1, 2, 5]) {
          setAddonThreads(threads);
          const results = await threadWork();
          const names = Object.keys(results);
          const data = await Promise.all(names.map((name) => (results[name] as tf.Tensor).data()));
          bits.push(Object.fromEntries(names.map((name, at) => [name, data[at] ?? []])));
          tf.dispose(results);
        }
        for (const other of bits) expect(other).toEqual(bits[0]);
      },
      100_000,
    );

    it.runIf(native && backend === 'wasm')('are done in part by another thread', () => {
      const [T, K, N, D] = [700, 8, 90, 130];
      const table = randomTensor(randomKey('table'), [N, D]);
      const [x, w] = [randomTensor(randomKey('x'), [T, D]), randomTensor(randomKey('w'), [T, K])];
      const picks = Int32Array.from(randomInt(randomKey('rows'), T * K, N));
      const indices = tf.tensor2d(picks, [T, K], 'int32');
      const scores = [
        randomTensor(randomKey('first'), [T, 300]),
        randomTensor(randomKey('second'), [T, 200]),
      ];
      expectThreadsShare(T, () => weightedRows(table, indices, w).dispose());
      expectThreadsShare(T, () => rowProducts(table, indices, x).dispose());
      expectThreadsShare(T, () => tf.dispose({ ...productKeyTopK(scores, 16) }));
      tf.dispose([table, x, w, indices, scores]);
    });
  },
  ['wasm', 'tensorflow'],
);
