import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allOpCases, opCaseFiles } from '../all-op-cases.ts';
import type { PageBackend, PageReport } from './kernel-page.ts';
import { openSite, runsInBrowser, type Site } from './open-site.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const names = (await allOpCases()).map(({ name }) => name);

/** Composites on webgpu: they have versions for other backends alone. */
const withoutWgsl = ['NeverendMatMul'];

describe.runIf(runsInBrowser)('the operations in a browser', () => {
  let site: Site;

  beforeAll(async () => {
    const lists = opCaseFiles.map(
      (file, at) => `opCases as cases${at} } from ${JSON.stringify(file)}`,
    );
    const contents = [
      "import { defineRun } from './kernel-page.ts';",
      ...lists.map((list) => `import { ${list};`),
      `defineRun([${opCaseFiles.map((_, at) => `...cases${at}`)}]);`,
    ].join('\n');
    site = await openSite({ stdin: { contents, resolveDir: here } }, 'run');
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

  it('are right on wasm with memory of its own', async () => {
    const result = await report('wasm');
    expectAllRight(result);
    expect(result.shared).toBe(false);
  }, 300_000);

  it('are right on wasm with memory that its threads share', async () => {
    const result = await report('wasm', '/isolated');
    expectAllRight(result);
    expect(result.shared).toBe(true);
  }, 300_000);

  it('are right on webgpu, by the kernels in WGSL', async () => {
    const result = await report('webgpu');
    expectAllRight(result);
    const composites = result.kernels.filter(({ active }) => active === 'composite');
    expect(composites.map(({ kernel }) => kernel).sort()).toEqual(withoutWgsl);
  }, 300_000);

  it('are right on webgl, by composites alone', async () => {
    const result = await report('webgl');
    expectAllRight(result);
    expect(new Set(result.kernels.map(({ active }) => active))).toEqual(new Set(['composite']));
  }, 300_000);
});
