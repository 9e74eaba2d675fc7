import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findChromium } from '@neverend/backend/testing';
import { type BrowserContext, chromium } from 'playwright-core';
import type { FirstCall, Start, Times } from './types.ts';

/** Where programs start. What they keep from start to start lies in a store. */
export interface Place {
  readonly name: string;
  /** A store with nothing in it. */
  open(): Promise<Store>;
}

interface Store {
  /** Starts a program anew. */
  run(program: 'own' | 'stock', start: Start): Promise<Times>;
  close(): Promise<void>;
}

/** Processes of Node. @param folder of the programs. @param scratch a folder for stores. */
export function nodeProcesses(folder: string, scratch: string): Place {
  let stores = 0;
  return {
    name: 'Node',
    async open() {
      const cache = join(scratch, `cache-${stores++}`);
      return {
        async run(program, start) {
          const { stdout } = await promisify(execFile)(
            process.execPath,
            [join(folder, `${program}.mjs`), JSON.stringify(start)],
            // tfjs-node speaks of itself on stderr.
            { env: { ...process.env, XDG_CACHE_HOME: cache, TF_CPP_MIN_LOG_LEVEL: '1' } },
          );
          return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Times;
        },
        close: async () => undefined,
      };
    },
  };
}

/** Pages of Chromium that may share memory, and module workers of theirs. */
export async function browserPlaces(
  folder: string,
): Promise<{ readonly places: readonly Place[]; close(): Promise<void> }> {
  const executablePath = findChromium();
  if (executablePath === undefined) return { places: [], close: async () => undefined };
  const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  const server = createServer(({ url = '/' }, response) => {
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    const [, kind, file = ''] = /^\/(wasm|script)\/([\w.-]+)$/.exec(url) ?? [];
    response.setHeader(
      'content-type',
      kind === 'wasm' ? 'application/wasm' : kind ? 'text/javascript' : 'text/html',
    );
    if (kind === undefined) response.end('<!doctype html>');
    else response.end(readFileSync(join(kind === 'wasm' ? wasm : folder, file)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const browser = await chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--disable-background-networking', '--enable-unsafe-webgpu'],
      ...['--use-webgpu-adapter=swiftshader', '--enable-unsafe-swiftshader'],
    ],
  });
  const place = (name: string, run: typeof inPage): Place => ({
    name,
    async open() {
      const context = await browser.newContext();
      return {
        run: (program, start) =>
          run(context, `http://127.0.0.1:${port}/`, program, { ...start, wasmPath: '/wasm/' }),
        close: () => context.close(),
      };
    },
  });
  return {
    places: [place('page', inPage), place('module worker', inWorker)],
    async close() {
      await browser.close();
      server.close();
    },
  };
}

async function inPage(
  context: BrowserContext,
  origin: string,
  program: string,
  start: Start,
): Promise<Times> {
  const page = await context.newPage();
  await page.goto(origin);
  await page.addScriptTag({ type: 'module', url: `/script/${program}.js` });
  await page.waitForFunction(() => 'firstCall' in globalThis);
  const times = await page.evaluate(
    (how) => (globalThis as unknown as { firstCall: FirstCall }).firstCall(how),
    start,
  );
  // Verdicts are written a little later.
  await page.waitForTimeout(500);
  await page.close();
  return times;
}

async function inWorker(
  context: BrowserContext,
  origin: string,
  program: string,
  start: Start,
): Promise<Times> {
  const page = await context.newPage();
  await page.goto(origin);
  const times = await page.evaluate(
    ([url, how]) =>
      new Promise<Times>((resolve, reject) => {
        const worker = new Worker(url, { type: 'module' });
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.onmessage = ({ data }) => {
          if (data === 'ready') worker.postMessage(how);
          else resolve(data as Times);
        };
      }),
    [`/script/${program}.js`, start] as const,
  );
  await page.waitForTimeout(500);
  await page.close();
  return times;
}
