import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runsInBrowser } from '../../src/testing/find-chromium.ts';
import { openSite, type Site } from '../../src/testing/op-cases/open-site.ts';

/** A page that counts how often the version of a kernel runs; in a worker too, which is the same script. */
const contents = `
  import { defineKernel, useBackend } from '@neverend/backend';
  import * as tf from '@tensorflow/tfjs-core';
  let runs = 0;
  const twice = defineKernel({
    name: 'TestTwice',
    composite: ({ inputs: { x } }) => [tf.mul(x, 2)],
    backendKernels: { wasm: { compute: ({ inputs: { x } }) => (runs++, [tf.add(x, x)]) } },
    code: import.meta.neverendCode,
    cases: [1, 7].map((size) => () => ({ inputs: { x: tf.ones([size]) }, attrs: {} })),
    flops: () => 0,
  });
  globalThis.comparisons = async () => {
    await useBackend('wasm', { wasmPath: '/wasm/', threads: 1 });
    twice.run({ x: tf.ones([3]) }, {});
    return runs - 1;
  };
  globalThis.onmessage = async () => postMessage(await comparisons());
`;

interface PageGlobals {
  comparisons(): Promise<number>;
}

describe.runIf(runsInBrowser())('a page of a built package', () => {
  let site: Site;
  let page: Page;

  beforeAll(async () => {
    const resolveDir = fileURLToPath(new URL('.', import.meta.url));
    const define = { 'import.meta.neverendCode': '"code"' };
    site = await openSite({ stdin: { contents, resolveDir }, define }, 'comparisons');
    page = await site.open();
  }, 120_000);

  afterAll(() => site?.close());

  const compare = () => page.evaluate(() => (globalThis as unknown as PageGlobals).comparisons());

  const compareInWorker = () =>
    page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const worker = new Worker('/page.js', { type: 'module' });
          worker.onmessage = ({ data }) => resolve(data as number);
          worker.postMessage('start');
        }),
    );

  async function reload(): Promise<void> {
    // Verdicts are written a moment after the call.
    await page.waitForTimeout(1000);
    await page.reload();
    await page.waitForFunction(() => 'comparisons' in globalThis);
  }

  /** A page waits for what is stored for a moment only, and compares again on a machine that is slower than that. */
  const reloaded = (count: () => Promise<number>) =>
    expect.poll(
      async () => {
        await reload();
        return count();
      },
      { timeout: 60_000 },
    );

  it('compares at its first load, and neither later nor in its workers', async () => {
    expect(await compare()).toBe(2);
    await reloaded(compare).toBe(0);
    await reloaded(compareInWorker).toBe(0);
  }, 120_000);

  it('compares again where the store is gone or holds something else', async () => {
    await reload();
    await page.evaluate(async () => {
      const open = indexedDB.open('neverend');
      await new Promise((resolve) => {
        open.onsuccess = resolve;
      });
      const transaction = open.result.transaction('verdicts', 'readwrite');
      transaction.objectStore('verdicts').put('nothing of ours', 'verdicts');
      await new Promise((resolve) => {
        transaction.oncomplete = resolve;
      });
      open.result.close();
    });
    expect(await compare()).toBe(2);
    await reloaded(compare).toBe(0);
    await page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          indexedDB.deleteDatabase('neverend').onsuccess = () => resolve();
        }),
    );
    await reload();
    expect(await compareInWorker()).toBe(2);
  }, 120_000);
});
