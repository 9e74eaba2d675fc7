import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runsInBrowser } from '../find-chromium.ts';
import type { NamedCase } from '../op-case.ts';
import type { PageBackend, PageReport } from '../page.ts';
import { openSite, type Site } from './open-site.ts';

/** What pages run beside the cases' own packages: products of this one, in TensorFlow.js' own WGSL. */
const ownComposites = ['NeverendMatMul'];

/**
 * Runs the cases that a module exports as `opCases` in Chromium: on wasm with and without shared memory, on webgpu by WGSL, and on
 * webgl by composites. Skipped where there is no Chromium, unless `NEVEREND_REQUIRE` names webgpu.
 *
 * @param module its URL.
 * @param cases what it exports.
 * @param options `all: false` leaves out what Node runs too: wasm with memory of its own, and the composites, on webgl. Default: true.
 * `withoutWgsl`: the kernels of the cases' packages that have no WGSL. Default: none.
 */
export function describeInBrowser(
  module: URL,
  cases: readonly NamedCase[],
  options: { readonly all?: boolean; readonly withoutWgsl?: readonly string[] } = {},
): void {
  const file = fileURLToPath(module);
  const names = cases.map(({ name }) => name);
  const { all = true, withoutWgsl = [] } = options;

  describe.runIf(runsInBrowser())('the operations in a browser', () => {
    let site: Site;

    beforeAll(async () => {
      const contents = `
        import { defineRun } from '@neverend/backend/testing/page';
        import { opCases } from ${JSON.stringify(file)};
        defineRun(opCases);`;
      site = await openSite({ stdin: { contents, resolveDir: dirname(file) } }, 'run');
    });

    afterAll(() => site?.close());

    async function report(backend: PageBackend, path?: string): Promise<PageReport> {
      const page = await site.open(path);
      try {
        return await page.evaluate(
          (name) =>
            (globalThis as unknown as { run: (name: string) => Promise<PageReport> }).run(name),
          backend,
        );
      } finally {
        await page.close();
      }
    }

    function expectAllRight({ backend, passed, failures, kernels }: PageReport): void {
      expect(failures, backend).toEqual([]);
      expect(passed).toEqual(names);
      expect(kernels.filter(({ reason }) => reason !== undefined)).toEqual([]);
    }

    it.runIf(all)(
      'are right on wasm with memory of its own',
      async () => {
        const result = await report('wasm');
        expectAllRight(result);
        expect(result.shared).toBe(false);
      },
      300_000,
    );

    it('are right on wasm with memory that its threads share', async () => {
      const result = await report('wasm', '/isolated');
      expectAllRight(result);
      expect(result.shared).toBe(true);
    }, 300_000);

    it('are right on webgpu, by the kernels in WGSL', async () => {
      const result = await report('webgpu');
      expectAllRight(result);
      const composites = result.kernels.filter(({ active }) => active === 'composite');
      const unexpected = composites.filter(
        ({ kernel }) => ![...ownComposites, ...withoutWgsl].includes(kernel),
      );
      expect(unexpected).toEqual([]);
    }, 300_000);

    it.runIf(all)(
      'are right on webgl, by composites alone',
      async () => {
        const result = await report('webgl');
        expectAllRight(result);
        expect(new Set(result.kernels.map(({ active }) => active))).toEqual(new Set(['composite']));
      },
      300_000,
    );
  });
}
