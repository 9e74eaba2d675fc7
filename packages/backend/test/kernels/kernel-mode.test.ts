import { afterEach, expect, it, vi } from 'vitest';
import { BackendError, kernelMode, setKernelMode } from '../../src/index.ts';

afterEach(() => {
  setKernelMode(undefined);
  vi.unstubAllEnvs();
});

it('is auto where nothing is said', () => {
  vi.stubEnv('NEVEREND_KERNELS', '');
  expect(kernelMode()).toBe('auto');
});

it('is that of the environment', () => {
  vi.stubEnv('NEVEREND_KERNELS', 'composite');
  expect(kernelMode()).toBe('composite');
});

it('is what was set rather than that of the environment', () => {
  vi.stubEnv('NEVEREND_KERNELS', 'composite');
  setKernelMode('native');
  expect(kernelMode()).toBe('native');
});

it('is refused when it is none of them', () => {
  vi.stubEnv('NEVEREND_KERNELS', 'fast');
  expect(kernelMode).toThrow(
    new BackendError('NEVEREND_KERNELS was "fast"; it must be one of auto, composite, native'),
  );
});
