import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

it.each(['1', '2'])(
  'kernels on %s thread(s) of wasm tell of a full heap, and leave nothing behind',
  async (threads) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@neverend/source', '--import', 'tsx', 'test/fixtures/full-heap.ts', threads],
      { cwd: root, timeout: 100_000, env: { ...process.env, NEVEREND_KERNELS: 'native' } },
    );
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
