import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { starts } from '../../src/backends/start.ts';
import { loadAddon } from '../../src/tensorflow/addon.ts';

const backend = await starts.tensorflow({});
const status = backend.available ? loadAddon() : ({ available: false } as const);
const taskset = '/usr/bin/taskset';

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

describe.runIf(status.available)('the threads of the kernels in C++', () => {
  it.runIf(existsSync(taskset))('are fewer where it may use fewer than the machine has', () => {
    expect(deviceOnOne()).toMatch(/, 1 thread\)$/);
  });
});
