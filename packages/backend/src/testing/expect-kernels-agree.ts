import { afterEach, expect, it } from 'vitest';
import {
  type BackendName,
  kernelStatuses,
  probeBackends,
  setKernelMode,
  useBackend,
} from '../index.ts';
import { listed } from './describe-backends.ts';

/**
 * Tests, on each backend of this machine that has kernels of its own, that these agree with their composites and serve. Not by
 * `describeBackends`, which lets kernels serve uncompared.
 *
 * @param expected the names of all kernels that the imported packages have for a backend.
 * @param on the backends that are not skipped.
 */
export async function expectKernelsAgree(
  expected: (backend: BackendName) => readonly string[],
  on: readonly BackendName[] = ['wasm', 'tensorflow', 'webgpu'],
): Promise<void> {
  const required = listed('NEVEREND_REQUIRE') ?? [];
  const available = (await probeBackends()).flatMap((one) => (one.available ? [one.name] : []));
  afterEach(() => setKernelMode(undefined));
  for (const backend of ['wasm', 'tensorflow', 'webgpu'] as const) {
    const here = required.includes(backend) || available.includes(backend);
    it.runIf(here && on.includes(backend))(
      `the kernels on ${backend} agree with their composites on this machine, and serve`,
      async () => {
        await useBackend(backend);
        setKernelMode('native');
        const statuses = await kernelStatuses();
        expect(statuses.filter(({ reason }) => reason !== undefined)).toEqual([]);
        const natives = statuses.filter(({ active }) => active === 'native');
        expect(natives.map(({ kernel }) => kernel).sort()).toEqual([...expected(backend)].sort());
      },
      // A GPU in software takes its time for the reductions of 65,537 rows in the composites.
      600_000,
    );
  }
}
