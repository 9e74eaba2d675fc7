import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listed } from '../../src/testing/describe-backends.ts';
import { findChromium } from '../../src/testing/index.ts';
import { opCases } from '../op-cases.ts';
import type { PageBackend, PageReport } from './kernel-page.ts';

const executablePath = findChromium();
const required = listed('NEVEREND_REQUIRE')?.includes('webgpu') === true;
const wasmFolder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));

describe.runIf(executablePath !== undefined || required)('the operations in a browser', () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    if (executablePath === undefined) {
      throw new Error('NEVEREND_REQUIRE asks for webgpu and with it a Chromium, and there is none');
    }
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('kernel-page.ts', import.meta.url))],
      bundle: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['@neverend/source'],
      write: false,
      logLevel: 'error',
    });
    const script = outputFiles[0]?.text ?? '';
    server = createServer(({ url = '' }, response) => {
      // Scripts and workers of a page with shared memory must say so themselves.
      response.setHeader('cross-origin-embedder-policy', 'require-corp');
      response.setHeader('cross-origin-resource-policy', 'same-origin');
      if (url === '/page.js') {
        response.setHeader('content-type', 'text/javascript');
        response.end(script);
      } else if (url.startsWith('/wasm/')) {
        response.setHeader('content-type', 'application/wasm');
        response.end(readFileSync(join(wasmFolder, url.slice('/wasm/'.length))));
      } else {
        if (url === '/isolated') response.setHeader('cross-origin-opener-policy', 'same-origin');
        response.setHeader('content-type', 'text/html');
        response.end('<!doctype html><script type="module" src="/page.js"></script>');
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--enable-unsafe-webgpu',
        '--use-webgpu-adapter=swiftshader',
        '--enable-unsafe-swiftshader',
      ],
    });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function report(backend: PageBackend, path = '/'): Promise<PageReport> {
    const page = await browser.newPage();
    try {
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
      await page.waitForFunction(() => 'run' in globalThis);
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
    expect(passed).toBe(opCases.length);
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
    // The matrix product has a version for wasm alone.
    const own = result.kernels.filter(({ kernel }) => kernel !== 'NeverendMatMul');
    expect(new Set(own.map(({ serves }) => serves))).toEqual(new Set(['native']));
  }, 300_000);

  it('are right on webgl, by composites alone', async () => {
    const result = await report('webgl');
    expectAllRight(result);
    expect(new Set(result.kernels.map(({ serves }) => serves))).toEqual(new Set(['composite']));
  }, 300_000);
});
