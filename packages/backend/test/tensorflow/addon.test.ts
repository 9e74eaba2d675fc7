import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { starts } from '../../src/backends/start.ts';
import {
  loadAddon,
  runAddonOp,
  setAddonThreads,
  whyWithoutOps,
} from '../../src/tensorflow/addon.ts';
import { listed } from '../../src/testing/describe-backends.ts';

const backend = await starts.tensorflow({});
const status = backend.available ? loadAddon() : ({ available: false } as const);
const taskset = '/usr/bin/taskset';

it.runIf(listed('NEVEREND_REQUIRE')?.includes('tensorflow'))(
  'the kernels in C++ are there where the backend is required',
  () => {
    expect(status).toMatchObject({ available: true });
  },
);

/** The device of the backend in a process that may use one processor. */
function deviceOnOne(): string {
  const allowed = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const index = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href);
  const code = `const { useBackend } = await import(${index});
    console.log((await useBackend('tensorflow')).device);`;
  const node = [process.execPath, '--import', 'tsx', '--conditions=@neverend/source'];
  const args = ['-c', allowed?.[1] ?? '0', ...node, '--input-type=module', '--eval', code];
  return execFileSync(taskset, args, { encoding: 'utf8', stdio: 'pipe' }).trim();
}

describe.runIf(status.available)('the addon', () => {
  beforeAll(async () => {
    await tf.setBackend('tensorflow');
  });

  afterEach(() => setAddonThreads(status.available ? status.threads : 1));

  it.each([1, 2, 3, 8])('runs an op on all elements on %i threads', async (threads) => {
    setAddonThreads(threads);
    const x = Float32Array.from({ length: 200_003 }, (_, i) => i);
    const [y] = runAddonOp('NeverendTwice', [tf.tensor1d(x)], 1);
    expect(await y?.data()).toEqual(x.map((value) => 2 * value));
  });

  it.runIf(existsSync(taskset))(
    'has fewer threads where it may use fewer than the machine has',
    () => {
      expect(deviceOnOne()).toMatch(/, 1 thread\)$/);
    },
  );

  it('has the ops of the packages that were installed, in their versions', () => {
    expect(whyWithoutOps({ name: '@neverend/backend', version: '0.0.0' })).toBeUndefined();
    expect(whyWithoutOps({ name: 'later', version: '1.0.0' })).toBe(
      'later was not there at the last npm run tensorflow',
    );
  });
});
