import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { chromium, type Page } from 'playwright-core';
import { chromiumPath } from '../find-chromium.ts';

/** Pages in Chromium, of a server of their own. */
export interface Site {
  /** @param path `/`; `/isolated` for a page that may share memory. */
  open(path?: string): Promise<Page>;
  close(): Promise<void>;
}

/**
 * Serves pages with one script, made of `source` with our packages from their sources, and the .wasm files of TensorFlow.js
 * below `/wasm/`; whatever is below `/any/` is a page without a script.
 *
 * @param ready the name of the global that the script defines at its end.
 */
export async function openSite(
  source: Pick<BuildOptions, 'stdin' | 'define'>,
  ready: string,
): Promise<Site> {
  const executablePath = chromiumPath();
  const require = createRequire(import.meta.url);
  const wasmFolder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm'));
  const { outputFiles } = await build({
    ...source,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@neverend/source'],
    // What of `@neverend/backend/testing` runs in Node alone; unused, it is left out.
    external: ['vitest', 'node:*'],
    write: false,
    logLevel: 'error',
  });
  const script = outputFiles[0]?.text ?? '';
  const server = createServer(({ url = '' }, response) => {
    // Scripts and workers of a page with shared memory must say so themselves.
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    response.setHeader('cross-origin-resource-policy', 'same-origin');
    if (url === '/' || url === '/isolated') {
      if (url === '/isolated') response.setHeader('cross-origin-opener-policy', 'same-origin');
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><script type="module" src="/page.js"></script>');
    } else if (url === '/page.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(script);
    } else if (url.startsWith('/any/')) {
      response.end('<!doctype html>');
    } else if (url.startsWith('/wasm/')) {
      response.setHeader('content-type', 'application/wasm');
      response.end(readFileSync(join(wasmFolder, url.slice('/wasm/'.length))));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--enable-unsafe-swiftshader',
      // As the backend has it in Node: 4 s of compilation less for a kernel with 16 KiB of workgroup memory.
      '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
    ],
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    async open(path = '/') {
      const page = await browser.newPage();
      await page.goto(`${origin}${path}`);
      await page.waitForFunction((name) => name in globalThis, ready);
      return page;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
