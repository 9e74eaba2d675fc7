import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { useBackend } from '@neverend/backend';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

const program = await bundleForNode(new URL('../fixtures/threads.ts', import.meta.url));

/** What the fixture prints, once its process has ended by itself. */
async function onThreads(...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
    timeout: 100_000,
    env: { ...process.env, NEVEREND_KERNELS: 'native' },
  });
  return stdout.trimEnd().split('\n');
}

describe('wasm in Node', () => {
  it('has the same bits on any number of threads, its process ends, and no thread is left after a removal', async () => {
    const [one, ...others] = [
      await onThreads('1'),
      await onThreads('2'),
      await onThreads('3', 'remove'),
    ];
    expect(one?.[0]).toBe('CPU, WebAssembly SIMD, 1 thread');
    expect(others.map(([device]) => device)).toEqual([
      'CPU, WebAssembly SIMD, 2 threads',
      'CPU, WebAssembly SIMD, 3 threads',
    ]);
    for (const [, hash, worker] of others) {
      expect(hash).toBe(one?.[1]);
      // A global Worker would look like a browser.
      expect(worker).toBe('undefined');
    }
    if (process.platform !== 'linux') return;
    const [before = 0, during, after] = (others[1]?.[3] ?? '').split(' ').map(Number);
    expect(during).toBeGreaterThanOrEqual(before + 2);
    expect(after).toBe(before);
    // Threads that wait for each other are slow where others take the processors.
  }, 300_000);

  it('has one thread in stock TensorFlow.js', async () => {
    const program = `
      import * as tf from '@tensorflow/tfjs-core';
      import '@tensorflow/tfjs-backend-wasm';
      await tf.setBackend('wasm');
      process.stdout.write(String(await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT')));`;
    const args = ['--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
    expect(stdout).toBe('false');
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %d threads', async (threads) => {
    await expect(useBackend('wasm', { threads })).rejects.toThrow(
      `threads was ${threads}; it must be a whole number of at least 1`,
    );
  });

  it('takes as many threads as there are processors where none are named', async () => {
    const { device } = await useBackend('wasm');
    const count = availableParallelism();
    expect(device).toBe(`CPU, WebAssembly SIMD, ${count} thread${count === 1 ? '' : 's'}`);
  });
});
