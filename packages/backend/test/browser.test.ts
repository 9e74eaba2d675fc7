import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendChoice, BackendStatus } from '../src/index.ts';
import { listed } from '../src/testing/describe-backends.ts';
import { runsInBrowser } from '../src/testing/find-chromium.ts';
import { openSite, type Site } from '../src/testing/op-cases/open-site.ts';

const required = listed('NEVEREND_REQUIRE') ?? [];

/** A page that has the package and TensorFlow.js as globals. */
const entry = `
  import * as backend from '@neverend/backend';
  import * as tf from '@tensorflow/tfjs-core';
  Object.assign(globalThis, { backend, tf });
`;

interface PageGlobals {
  backend: typeof import('../src/index.ts');
  tf: typeof import('@tensorflow/tfjs-core');
}

describe.runIf(runsInBrowser())('in a browser', () => {
  let site: Site;
  let page: Page;

  beforeAll(async () => {
    const resolveDir = fileURLToPath(new URL('.', import.meta.url));
    site = await openSite({ stdin: { contents: entry, resolveDir } }, 'backend');
    page = await site.open();
  });

  afterAll(() => site?.close());

  /** What `useBackend('wasm')` says in this page. */
  function startWasm(where: Page, wasmPath?: string): Promise<string> {
    return where.evaluate(async (path) => {
      const { backend } = globalThis as unknown as PageGlobals;
      const options = path === undefined ? {} : { wasmPath: path };
      return backend.useBackend('wasm', options).then(
        ({ name }) => name,
        (error: Error) => error.message,
      );
    }, wasmPath);
  }

  const fix = 'mend it: pass wasmPath, the folder that holds the .wasm files';

  it('names the address that a wrong wasmPath leads to, and then starts from the right one', async () => {
    const wrong = await startWasm(page, '/nowhere');
    expect(wrong).toMatch(/wasmPath led to \/nowhere\/tfjs-backend-wasm.*\.wasm: .* answered 404/);
    expect(wrong).toContain(fix);
    expect(await startWasm(page, '/any/')).toContain('it is no WebAssembly file');
    expect(await startWasm(page, '/wasm')).toBe('wasm');
  });

  it('tells to pass wasmPath where it is missing, and to reload', async () => {
    const fresh = await site.open();
    try {
      for (const path of [undefined, '/wasm/', undefined]) {
        const message = await startWasm(fresh, path);
        expect(message).toContain(fix);
        expect(message).toContain('to the first call: reload the page');
      }
      await fresh.reload();
      await fresh.waitForFunction(() => 'backend' in globalThis);
      expect(await startWasm(fresh, '/wasm/')).toBe('wasm');
    } finally {
      await fresh.close();
    }
  });

  /** The device of wasm in a fresh page, and the numbers of a product there. */
  async function multiplyIn(path: string, threads: number): Promise<[string, number[]]> {
    const fresh = await site.open(`/${path}`);
    try {
      return await fresh.evaluate(async (count) => {
        const { backend, tf } = globalThis as unknown as PageGlobals;
        const options = { wasmPath: '/wasm/', threads: count };
        const { device } = await backend.useBackend('wasm', options);
        const values = backend.randomNormal(backend.randomKey(7, 'x'), 150 * 150);
        const x = tf.tensor2d(values, [150, 150]);
        return [device, Array.from(tf.matMul(x, x, false, true).dataSync())];
      }, threads);
    } finally {
      await fresh.close();
    }
  }

  it('wasm shares its work out where a page may share memory, to the same bits', async () => {
    const [alone, expected] = await multiplyIn('', 3);
    const [single, sameAlone] = await multiplyIn('isolated', 1);
    const [shared, actual] = await multiplyIn('isolated', 3);
    expect([alone, single, shared]).toEqual([
      'CPU, WebAssembly SIMD, 1 thread',
      'CPU, WebAssembly SIMD, 1 thread',
      'CPU, WebAssembly SIMD, 3 threads',
    ]);
    expect(sameAlone).toEqual(expected);
    expect(actual).toEqual(expected);
  });

  it('auto takes wasm before a software GPU, and tensorflow is told to exist in Node only', async () => {
    await page.reload();
    await page.waitForFunction(() => 'backend' in globalThis);
    const choice = await page.evaluate(async (): Promise<BackendChoice> => {
      const { backend } = globalThis as unknown as PageGlobals;
      return backend.useBackend('auto', { wasmPath: '/wasm/' });
    });
    expect(choice).toMatchObject({ name: 'wasm', kept: false });
    expect(choice.device).toMatch(/^CPU, WebAssembly SIMD, \d+ threads?$/);
    expect(choice.skipped[0]).toEqual({
      name: 'tensorflow',
      reason: 'it exists in Node only',
    });
    expect(choice.skipped[1]?.name).toBe('webgpu');
  });

  it('each backend that a probe finds multiplies and differentiates', async () => {
    const results = await page.evaluate(async () => {
      const { backend, tf } = globalThis as unknown as PageGlobals;
      const statuses: BackendStatus[] = await backend.probeBackends();
      const found: { name: string; product: number[]; gradient: number[] }[] = [];
      for (const { name, available } of statuses) {
        if (!available) continue;
        await backend.useBackend(name);
        const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
        const product = Array.from(await tf.matMul(x, x).data());
        const loss = (t: Parameters<typeof tf.square>[0]) => tf.sum(tf.square(t));
        found.push({ name, product, gradient: Array.from(await tf.grad(loss)(x).data()) });
      }
      return found;
    });
    const demanded = required.filter((name) => name !== 'tensorflow');
    const names = results.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['wasm', 'cpu', ...demanded]));
    for (const { product, gradient } of results) {
      expect(product).toEqual([7, 10, 15, 22]);
      expect(gradient).toEqual([2, 4, 6, 8]);
    }
  });

  it('random numbers are those of Node', async () => {
    const inPage = await page.evaluate(() => {
      const { backend } = globalThis as unknown as PageGlobals;
      return Array.from(backend.randomBits(backend.randomKey(7, 'x'), 9));
    });
    const { randomBits, randomKey } = await import('../src/index.ts');
    expect(inPage).toEqual([...randomBits(randomKey(7, 'x'), 9)]);
  });
});
