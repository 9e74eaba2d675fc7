import { afterAll, beforeAll, beforeEach, it } from 'vitest';
import type { BackendName } from '../backend-name.ts';
import { setKernelMode } from '../kernels/kernel-mode.ts';
import { describeBackends } from './describe-backends.ts';
import type { NamedCase } from './op-case.ts';
import { poisonMemory } from './poison-memory.ts';

/**
 * Holds operations against their references with composites forced, on each backend that has kernels of its own, and with
 * composites forbidden on two threads of wasm. (A suite of `describeBackends` has the kernels, and one thread.) Call it with
 * `await` at the top level of a test file.
 *
 * @param cases of the operations of a package.
 */
export async function describeOpCases(cases: readonly NamedCase[]): Promise<void> {
  process.env['NEVEREND_THREADS'] ??= '2';
  const suite = (mode: 'composite' | 'native') => (backend: BackendName) => {
    const leavesOut = mode === 'composite' && backend === 'webgpu';
    const taken = cases.filter(({ slowOnWebgpu }) => !(leavesOut && slowOnWebgpu));
    beforeAll(() => setKernelMode(mode));
    afterAll(() => setKernelMode(undefined));
    beforeEach(poisonMemory);
    it.each(taken)('$name', ({ check }) => check());
  };
  await describeBackends('composites', suite('composite'), ['tensorflow', 'webgpu', 'wasm']);
  await describeBackends('kernels', suite('native'), ['wasm']);
}
