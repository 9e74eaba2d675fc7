import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useBackend } from '@neverend/backend';
import { retrieve } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { casesOf } from '../src/cases/index.ts';
import { uniqueRows } from '../src/cases/peer.ts';
import { benchmark } from '../src/harness.ts';
import { writeInputs } from '../src/inputs.ts';
import { oneByOne } from '../src/one-by-one.ts';
import { commandOf, type RunnerKind, runnerKinds } from '../src/runner-list.ts';
import type { Case } from '../src/types.ts';

const wrong = fileURLToPath(new URL('fixtures/wrong-runner.mjs', import.meta.url));

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'neverend-benchmarks-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

const peerCases = (size: 'full' | 'tiny') =>
  casesOf(size).filter(({ items }) => items !== undefined);

describe('the cases of PEER', () => {
  it.each([64, 256, 1024])(
    'have as many rows in a limit as batches pick, of %i² experts',
    async (n) => {
      await useBackend('wasm', { threads: 1 });
      const one = peerCases('full').find(({ id }) => id === `peer-${n}-forward`) as Case;
      // Not the tables, which are gigabytes.
      const inputs = one.inputs.filter(({ name }) => !['down', 'up'].includes(name));
      const tensors = Object.fromEntries(
        writeInputs({ ...one, inputs }, scratch).inputs.map(({ name, file, shape }) => [
          name,
          tf.tensor(new Float32Array(new Uint8Array(readFileSync(file)).buffer), [...shape]),
        ]),
      );
      const { x, ...params } = tensors as { x: tf.Tensor; [name: string]: tf.Tensor };
      const { heads, k } = one.attrs as { heads: number; k: number };
      const config = { heads, k, sizes: [n, n], keyWidth: 128, norm: 'none', bias: false } as const;
      const counts = tf.unstack(x).map((batch) => {
        const picked = tf.tidy(() => retrieve(batch, params, config).indices);
        const count = new Set(picked.dataSync()).size;
        tf.dispose([batch, picked]);
        return count;
      });
      tf.dispose(Object.values(tensors));
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
      expect(Math.round(mean)).toBe(uniqueRows[n]);
    },
  );

  it('run one by one where they are large, and are compared in the end', async () => {
    const one = peerCases('tiny').find(({ id }) => id === 'peer-64-forward') as Case;
    const wasm = runnerKinds.find(({ id }) => id === 'neverend-wasm') as RunnerKind;
    const described: string[] = [];
    const { outcomes, reference } = await oneByOne(
      one,
      {
        ...{ threads: [1], size: 'full', secondsPerCase: 0.01, scratch },
        cases: () => true,
        runners: ({ id }) => ['torch', 'jax', 'faiss', 'machine', 'neverend-wasm'].includes(id),
        // A runner that computes zeros in the place of PyTorch, and ours in that of JAX.
        command: ({ id }) =>
          id === 'torch'
            ? { file: process.execPath, args: [wrong], env: process.env }
            : commandOf(wasm, 1, 'no Python here'),
        say: () => {},
      },
      1,
      (found) => described.push(...found.keys()),
    );
    expect(described).toEqual(['torch', 'jax', 'neverend-wasm']);
    expect(reference).toBe('jax');
    expect(outcomes['torch']).toMatchObject({ disagrees: expect.stringContaining('shape') });
    expect(outcomes['neverend-wasm']).toHaveProperty('milliseconds');
    expect(readdirSync(scratch).filter((name) => !name.endsWith('.raw'))).toEqual([]);
  });

  it('agree between backends, and between optimisers of rows and written ones', async () => {
    const { cases } = await benchmark({
      threads: [1],
      cases: ({ id }) => id.startsWith('peer-64'),
      runners: ({ id }) => ['neverend-wasm', 'neverend-cpu', 'tfjs-wasm', 'faiss'].includes(id),
      size: 'tiny',
      secondsPerCase: 0.01,
      scratch,
      command: (kind, threads) => commandOf(kind, threads, 'no Python here'),
      say: () => {},
    });
    expect(cases.map((one) => one.case)).toEqual(
      peerCases('tiny')
        .map(({ id }) => id)
        .filter((id) => id.startsWith('peer-64')),
    );
    for (const { outcomes } of cases) {
      expect(outcomes['neverend-cpu']).toEqual({ agrees: true });
      expect(outcomes['neverend-wasm']).toHaveProperty('milliseconds');
      expect(outcomes['tfjs-wasm']).toHaveProperty('unable');
    }
  });
});
