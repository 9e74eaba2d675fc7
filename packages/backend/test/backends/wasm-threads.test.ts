import { afterEach, expect, it, vi } from 'vitest';
import { canStartThreadedInNode } from '../../src/backends/wasm-threads.ts';
import { useBackend } from '../../src/index.ts';

afterEach(() => vi.restoreAllMocks());

it('runs on one thread where the files that threads run are gone, as in a bundle', async () => {
  expect(canStartThreadedInNode()).toBe(true);
  const fs = process.getBuiltinModule('node:fs');
  const { existsSync } = fs;
  vi.spyOn(fs, 'existsSync').mockImplementation(
    (path) => !String(path).endsWith('-threaded-simd.worker.js') && existsSync(path),
  );
  expect(canStartThreadedInNode()).toBe(false);
  const { device, warning } = await useBackend('wasm', { threads: 2 });
  expect(device).toBe('CPU, WebAssembly SIMD, 1 thread');
  expect(warning).toContain('it runs on one thread, since the files');
});
