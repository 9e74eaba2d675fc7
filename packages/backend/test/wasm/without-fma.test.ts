import { expect, it, vi } from 'vitest';
import { kernelStatuses, setKernelMode, useBackend } from '../../src/index.ts';

const { had } = vi.hoisted(() => ({ had: { relaxedSimd: false } }));

vi.mock(import('../../src/wasm/relaxed-simd.ts'), async (original) => {
  had.relaxedSimd = (await original()).hasRelaxedSimd();
  return { hasRelaxedSimd: () => false };
});

it('the kernels agree with their composites without FMA', async () => {
  // Every Node that is supported has it: elsewhere in these tests the other binaries run.
  expect(had.relaxedSimd).toBe(true);
  await useBackend('wasm');
  setKernelMode('native');
  const statuses = await kernelStatuses();
  const own = statuses.filter(({ active }) => active === 'native');
  expect(statuses.filter(({ reason }) => reason !== undefined)).toEqual([]);
  expect(own.map(({ kernel }) => kernel)).toContain('NeverendMatMul');
});
