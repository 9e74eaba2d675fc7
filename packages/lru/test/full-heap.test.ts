import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import { expect, it } from 'vitest';

const program = await bundleForNode(new URL('fixtures/full-heap.ts', import.meta.url));

it.each(['1', '2'])(
  'kernels on %s thread(s) of wasm tell of a full heap, and leave nothing behind',
  async (threads) => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, threads], {
      timeout: 100_000,
      env: { ...process.env, NEVEREND_KERNELS: 'native' },
    });
    expect(JSON.parse(stdout)).toEqual({
      wrong: [],
      failed: [
        'gelu',
        'the gradient of gelu',
        'the gradient of layerNorm',
        'gatherRows',
        'linearScan',
        'the gradients of linearScan',
      ],
    });
  },
  120_000,
);
