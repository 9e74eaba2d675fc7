import { afterEach, expect, it } from 'vitest';
import { type BackendName, probeBackends, setKernelMode, useBackend } from '../index.ts';
import { definedKernels, kernelStatusesAfter } from '../kernels/define-kernel.ts';
import { listed } from './describe-backends.ts';

/**
 * Tests, on each backend of this machine that has kernels of its own, that those of a package agree with their composites and serve.
 * Not by `describeBackends`, which lets kernels serve uncompared. Call it with `await` at the top level of a test file.
 *
 * @param load imports the package; the file has imported those below it. Kernels that there were before are left out.
 * @param expected the names of all kernels that the package has for a backend.
 * @param options `long`: the backends on which long cases are compared too. A GPU in software takes most of a minute for the
 * composites of 65,537 rows.
 */
export async function expectKernelsAgree(
  load: (() => Promise<unknown>) | undefined,
  expected: (backend: BackendName) => readonly string[],
  options: { readonly long: readonly BackendName[] },
): Promise<void> {
  const others = new Set(load === undefined ? [] : definedKernels());
  await load?.();
  const required = listed('NEVEREND_REQUIRE') ?? [];
  const available = (await probeBackends()).flatMap((one) => (one.available ? [one.name] : []));
  afterEach(() => setKernelMode(undefined));
  for (const backend of ['wasm', 'tensorflow', 'webgpu'] satisfies BackendName[]) {
    it.runIf(required.includes(backend) || available.includes(backend))(
      `the kernels on ${backend} agree with their composites on this machine, and serve`,
      async () => {
        await useBackend(backend);
        setKernelMode('native');
        const extent = options.long.includes(backend) ? 'all' : 'gradient';
        const statuses = await kernelStatusesAfter(extent, others);
        expect(statuses.filter(({ reason }) => reason !== undefined)).toEqual([]);
        const natives = statuses.filter(({ active }) => active === 'native');
        expect(natives.map(({ kernel }) => kernel).sort()).toEqual([...expected(backend)].sort());
      },
      600_000,
    );
  }
}
