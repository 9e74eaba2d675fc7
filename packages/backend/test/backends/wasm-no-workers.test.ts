import { afterEach, expect, it, vi } from 'vitest';
import { useBackend } from '../../src/index.ts';

afterEach(() => vi.restoreAllMocks());

it('runs on one thread, and says why, where Node starts no worker', async () => {
  const threads = process.getBuiltinModule('node:worker_threads');
  vi.spyOn(threads, 'Worker').mockImplementation(function refuse() {
    throw new Error('Access to this API has been restricted');
  });
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const choice = await useBackend('wasm', { threads: 2 });
  expect(choice.device).toBe('CPU, WebAssembly SIMD, 1 thread');
  expect(choice.warning).toBe(
    'it runs on one thread, since others did not start: Access to this API has been restricted',
  );
  expect(await useBackend('wasm')).toMatchObject({ warning: choice.warning });
});
