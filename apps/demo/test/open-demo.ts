import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumPath } from '@neverend/backend/testing';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { buildDemo, type ServedDemo, serveDemo } from '../src/server/serve-demo.ts';

/** The page, served as `npm run demo` does. */
export interface Demo {
  /** Of the page, with a slash at its end. */
  readonly address: string;
  /** A folder for files of the tests; the model is in `dist/model`. */
  readonly folder: string;
  /** Starts a Chromium with other flags than `--no-sandbox`. */
  launch(...flags: readonly string[]): Promise<Browser>;
  /** The page in a context of its own. */
  open(browser: Browser, options?: OpenOptions): Promise<OpenPage>;
  close(): Promise<void>;
}

interface OpenOptions {
  /** Runs in the page before its scripts. */
  readonly before?: () => void;
  readonly origin?: string;
  /** With the shipped model, and not with the one of the tests. */
  readonly shipped?: boolean;
  /** Which page. Default: the demo. */
  readonly path?: string;
  readonly context?: Parameters<Browser['newContext']>[0];
}

export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page has written and thrown. */
  readonly complaints: string[];
}

/** @param model the files of the model in the place of the shipped one, by their names. */
export async function openDemo(model: Readonly<Record<string, Uint8Array>>): Promise<Demo> {
  const folder = mkdtempSync(join(tmpdir(), 'neverend-demo-'));
  const outDir = join(folder, 'dist');
  await buildDemo(outDir);
  await buildDemo(join(outDir, 'smallest'), join(import.meta.dirname, '../smallest'));
  mkdirSync(join(outDir, 'model'), { recursive: true });
  for (const [name, content] of Object.entries(model)) {
    writeFileSync(join(outDir, 'model', name), content);
  }
  const served: ServedDemo = await serveDemo({ port: 0, host: '127.0.0.1', outDir });
  const [address = ''] = served.addresses;
  const browsers: Browser[] = [];
  return {
    address,
    folder,
    async launch(...flags) {
      const browser = await chromium.launch({
        executablePath: chromiumPath(),
        args: ['--no-sandbox', '--disable-background-networking', ...flags],
      });
      browsers.push(browser);
      return browser;
    },
    async open(browser, { before, origin, shipped, path = '', context: settings = {} } = {}) {
      const context = await browser.newContext(settings);
      if (shipped !== true) {
        // At an address that the bundler has made.
        await context.route('**/assets/*.safetensors', (route) =>
          route.fulfill({ path: join(outDir, 'model/model.safetensors') }),
        );
      }
      context.setDefaultTimeout(60_000);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('pageerror', ({ message }) => complaints.push(message));
      page.on('console', (message) => {
        if (['warning', 'error'].includes(message.type())) complaints.push(message.text());
      });
      if (before !== undefined) await page.addInitScript(before);
      const { port } = new URL(address);
      await page.goto(origin === undefined ? `${address}${path}` : `${origin}:${port}/${path}`);
      return { page, context, complaints };
    },
    async close() {
      for (const browser of browsers) await browser.close();
      await served.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
