import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromiumPath } from '@neverend/backend/testing';
import { build } from 'esbuild';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Pages } from './fixtures/page.ts';

/** Pages with the sources of `src/video`, and files that they may fetch. */
export interface Site {
  /**
   * @param options `remove`: what the browser is to be without; `host`: `page.test` is reached by plain http, and is no secure place;
   * `refuse`: the name of the error that a request for a camera ends with.
   */
  open(options?: {
    readonly remove?: readonly string[];
    readonly host?: string;
    readonly refuse?: string;
  }): Promise<SitePage>;
  /** What browsers say about frames that nobody closed. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

interface SitePage {
  /** Calls a function of `page.ts`. */
  ask<Name extends keyof Pages>(
    name: Name,
    ...args: Parameters<Pages[Name]>
  ): ReturnType<Pages[Name]>;
  close(): Promise<void>;
}

/** @param files the paths of what pages may fetch, by their names. @param args of Chromium. */
export async function openSite(files: readonly string[], args: readonly string[]): Promise<Site> {
  const scripts = await build({
    entryPoints: ['page', 'worker'].map((name) =>
      fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url)),
    ),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@neverend/source'],
    outdir: '/',
    write: false,
    logLevel: 'error',
  });
  const server = createServer(async ({ url = '/' }, response) => {
    const name = url.slice(1);
    const script = scripts.outputFiles.find(({ path }) => basename(path) === name);
    const file = files.find((path) => basename(path) === decodeURIComponent(name));
    if (name === '') {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><script type="module" src="/page.js"></script>');
    } else if (script !== undefined) {
      response.setHeader('content-type', 'text/javascript');
      response.end(script.text);
    } else if (file !== undefined) response.end(await readFile(file));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--autoplay-policy=no-user-gesture-required',
      '--host-resolver-rules=MAP page.test 127.0.0.1',
      '--js-flags=--expose-gc',
      ...args,
    ],
  });
  const complaints: string[] = [];
  return {
    complaints,
    async open({ remove = [], host = '127.0.0.1', refuse } = {}) {
      const context: BrowserContext = await browser.newContext();
      await context.addInitScript((names) => {
        for (const name of names) {
          const path = name.split('.');
          const last = path.pop() as string;
          const owner = path.reduce(
            (object, key) => object[key] as Record<string, unknown>,
            globalThis as unknown as Record<string, unknown>,
          );
          delete owner[last];
        }
      }, remove);
      await context.addInitScript((name) => {
        if (name === undefined) return;
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name));
      }, refuse);
      const page: Page = await context.newPage();
      page.on('console', (message) => {
        if (message.text().includes('without being closed')) complaints.push(message.text());
      });
      await page.goto(`http://${host}:${port}/`);
      await page.waitForFunction(() => 'pages' in globalThis);
      return {
        ask: ((name: string, ...given: unknown[]) =>
          page.evaluate(
            ([wanted, values]) => {
              const { pages } = globalThis as unknown as {
                pages: Record<string, (...args: unknown[]) => unknown>;
              };
              return pages[wanted]?.(...values);
            },
            [name, given] as const,
          )) as SitePage['ask'],
        async close() {
          await page.evaluate(async () => {
            (globalThis as unknown as { gc?: () => void }).gc?.();
            await new Promise((resolve) => setTimeout(resolve, 50));
          });
          await context.close();
        },
      };
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
