import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chromiumPath } from '@neverend/backend/testing';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** The page, served as `npm run demo` does. */
export interface Demo {
  /** Of the page, with a slash at its end. */
  readonly address: string;
  /** A folder for files of the tests; in its `model` is the model, which is below the page's address as well. */
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
  /** Runs in its workers before theirs. */
  readonly beforeWorkers?: () => void;
  /** Default: the demo's. */
  readonly address?: string;
  /** With the shipped model, and not with the one of the tests. */
  readonly shipped?: boolean;
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
  const modelFolder = join(folder, 'model');
  mkdirSync(modelFolder);
  for (const [name, content] of Object.entries(model)) {
    writeFileSync(join(modelFolder, name), content);
  }
  const served = await serve();
  const browsers: Browser[] = [];
  return {
    address: served.address,
    folder,
    async launch(...flags) {
      const browser = await chromium.launch({
        executablePath: chromiumPath(),
        args: ['--no-sandbox', '--disable-background-networking', ...flags],
      });
      browsers.push(browser);
      return browser;
    },
    async open(browser, options = {}) {
      const {
        before,
        beforeWorkers,
        address = served.address,
        shipped,
        context: settings,
      } = options;
      const context = await browser.newContext(settings);
      await context.route('**/model/*', (route) =>
        route.fulfill({
          path: join(modelFolder, basename(new URL(route.request().url()).pathname)),
        }),
      );
      if (shipped !== true) {
        // At an address that the bundler has made.
        await context.route('**/assets/*.safetensors', (route) =>
          route.fulfill({ path: join(modelFolder, 'model.safetensors') }),
        );
      }
      if (beforeWorkers !== undefined) {
        await context.route('**/assets/worker*.js', async (route) => {
          const response = await route.fetch();
          const body = `(${beforeWorkers})();\n${await response.text()}`;
          await route.fulfill({ response, body });
        });
      }
      context.setDefaultTimeout(60_000);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('pageerror', ({ message }) => complaints.push(message));
      page.on('console', (message) => {
        if (['warning', 'error'].includes(message.type())) complaints.push(message.text());
      });
      if (before !== undefined) await page.addInitScript(before);
      await page.goto(address);
      return { page, context, complaints };
    },
    async close() {
      for (const browser of browsers) await browser.close();
      await served.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What `npm run demo -- --port 0` runs after its setup. */
async function serve(): Promise<{ address: string; close(): Promise<void> }> {
  const args = ['--import', 'tsx', '--conditions=@neverend/source', 'src/cli.ts', '--port', '0'];
  const child = spawn(process.execPath, args, {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const [address] = await Promise.race([
    once(child.stdout, 'data'),
    exit.then(([code]) => {
      throw new Error(`npm run demo ended with ${code}`);
    }),
  ]);
  return {
    address: String(address).trim(),
    async close() {
      child.kill();
      await exit;
    },
  };
}
