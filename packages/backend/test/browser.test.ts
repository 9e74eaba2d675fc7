import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendChoice, BackendStatus } from '../src/index.ts';

const executablePath = '/usr/bin/chromium';
const hasChromium = existsSync(executablePath);
if (!hasChromium) process.stderr.write(`the browser is absent: no ${executablePath}\n`);

const wasmFolder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));

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

describe.runIf(hasChromium)('in a browser', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: { contents: entry, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['@neverend/source'],
      write: false,
      logLevel: 'error',
    });
    const script = outputFiles[0]?.text ?? '';
    server = createServer(({ url = '' }, response) => {
      if (url === '/') {
        response.setHeader('content-type', 'text/html');
        response.end('<!doctype html><script type="module" src="/page.js"></script>');
      } else if (url === '/page.js') {
        response.setHeader('content-type', 'text/javascript');
        response.end(script);
      } else if (url.startsWith('/wasm/')) {
        response.setHeader('content-type', 'application/wasm');
        response.end(readFileSync(join(wasmFolder, url.slice('/wasm/'.length))));
      } else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
    });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => 'backend' in globalThis);
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it('auto takes wasm before a software GPU, and tensorflow is told to exist in Node only', async () => {
    const choice = await page.evaluate(async (): Promise<BackendChoice> => {
      const { backend } = globalThis as unknown as PageGlobals;
      return backend.useBackend('auto', { wasmPath: '/wasm/' });
    });
    expect(choice).toMatchObject({ name: 'wasm', kept: false });
    expect(choice.device).toMatch(/^CPU, WebAssembly SIMD, \d+ threads?$/);
    expect(choice.passedOver[0]).toEqual({
      name: 'tensorflow',
      reason: 'it exists in Node only',
    });
    expect(choice.passedOver[1]?.name).toBe('webgpu');
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
    expect(results.map(({ name }) => name)).toEqual(expect.arrayContaining(['wasm', 'cpu']));
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
