import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { randomKey, useBackend } from '@neverend/backend';
import { chromiumPath, runsInBrowser } from '@neverend/backend/testing';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TRecViT, type TRecViTConfig } from '../src/index.ts';
import { type FileServer, serveFiles } from './file-server.ts';
import { tiny } from './tiny.ts';

type Options = Parameters<typeof TRecViT.fromPretrained>[1];

/** What the page's script defines. */
interface PageGlobals {
  load(
    from: string,
    options: Options & { readonly abortAt?: number },
  ): Promise<{
    readonly hash?: string;
    readonly classNames?: readonly string[] | undefined;
    readonly error?: string;
    readonly loaded: readonly number[];
    readonly tensors: number;
  }>;
}

const script = `
import { useBackend } from '@neverend/backend';
import { TRecViT } from '@neverend/trecvit';
import * as tf from '@tensorflow/tfjs-core';

await useBackend('cpu');
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
globalThis.load = async (from, { abortAt, ...options }) => {
  const loaded = [];
  const controller = new AbortController();
  const onProgress = (progress) => {
    loaded.push(progress.loaded);
    if (progress.loaded >= abortAt) controller.abort();
  };
  try {
    const place = from.startsWith('.') ? new URL(from, location.href) : from;
    const model = await TRecViT.fromPretrained(place, { ...options, onProgress, signal: controller.signal });
    const files = await model.toFiles();
    const hash = hex(await crypto.subtle.digest('SHA-256', files['model.safetensors']));
    const { classNames } = model;
    model.dispose();
    return { hash, classNames, loaded, tensors: tf.memory().numTensors };
  } catch (error) {
    return { error: error.name + ': ' + error.message, loaded, tensors: tf.memory().numTensors };
  }
};
`;

/** A model of 6 MB: two pieces of a download. */
const config: TRecViTConfig = { ...tiny, headWidth: 1900, classes: 800 };
const classNames = Array.from({ length: 800 }, (_, index) => `class ${index}`);

describe.runIf(runsInBrowser())('a model at an address, in a page', () => {
  let browser: Browser;
  let page: Page;
  let own: FileServer;
  let other: FileServer;
  let hash: string;

  beforeAll(async () => {
    await useBackend('cpu');
    const model = TRecViT.init(config, randomKey(7), { classNames });
    const files = await model.toFiles();
    model.dispose();
    hash = createHash('sha256').update(files['model.safetensors']).digest('hex');
    const { outputFiles } = await build({
      stdin: { contents: script, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['@neverend/source'],
      write: false,
      logLevel: 'error',
    });
    const served = {
      '/model/config.json': files['config.json'],
      '/model/model.safetensors': files['model.safetensors'],
    };
    own = await serveFiles({
      ...served,
      '/index.html': '<!doctype html><script type="module" src="/page.js"></script>',
      '/page.js': outputFiles[0]?.text ?? '',
    });
    other = await serveFiles(served);
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: ['--no-sandbox', '--disable-background-networking'],
    });
    page = await browser.newPage();
    await page.goto(`${own.origin}/index.html`);
    await page.waitForFunction(() => 'load' in globalThis);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await own?.close();
    await other?.close();
  });

  beforeEach(() => {
    for (const server of [own, other]) {
      server.manner = { etag: '"one"' };
      server.requests.length = 0;
    }
  });

  const load = (from: string, options: Parameters<PageGlobals['load']>[1] = {}) =>
    page.evaluate(([place, given]) => (globalThis as unknown as PageGlobals).load(place, given), [
      from,
      options,
    ] as const);

  it('is read from a folder beside the page, and the next time from Cache Storage, also offline', async () => {
    const first = await load('./model/', { cache: 'first' });
    expect(first).toMatchObject({ hash, classNames, tensors: 0 });
    expect(first.loaded).toEqual(first.loaded.toSorted((a, b) => a - b));
    expect(own.requests.filter((line) => line.includes('safetensors'))).toHaveLength(2);
    own.requests.length = 0;
    expect(await load('model', { cache: 'first' })).toMatchObject({ hash, classNames });
    expect(own.requests.sort()).toEqual([
      'GET /model/config.json bytes=0-0',
      'GET /model/model.safetensors bytes=0-0',
    ]);
    own.requests.length = 0;
    expect(await load('./model', { cache: 'first', offline: true })).toMatchObject({ hash });
    expect(own.requests).toEqual([]);
    expect((await load('./model', { cache: 'none', offline: true })).error).toBe(
      `CheckpointError: ${own.origin}/model/model.safetensors is not in the cache, and may not be downloaded while offline`,
    );
  });

  it('is read as a whole where the server knows no ranges, with a cache and without', async () => {
    own.manner = { ranges: false, etag: '"one"' };
    for (const cache of ['whole', false] as const) {
      expect(await load('./model/', { cache })).toMatchObject({ hash, tensors: 0 });
    }
    own.requests.length = 0;
    expect(await load('./model/', { cache: 'whole', offline: true })).toMatchObject({ hash });
    expect(own.requests).toEqual([]);
  });

  it('is read from another origin that allows it, and from the cache where a page sees its version', async () => {
    // A page sees the date of another origin's file, and not its ETag.
    const dated = { 'last-modified': 'Sun, 29 Nov 2026 08:00:00 GMT' };
    const headers = { 'access-control-allow-origin': '*', ...dated };
    for (const ranges of [true, false]) {
      other.manner = { etag: '"one"', ranges, headers };
      const place = `${other.origin}/model`;
      expect(await load(place, { cache: `other ${ranges}` })).toMatchObject({ hash, tensors: 0 });
      other.requests.length = 0;
      expect(await load(place, { cache: `other ${ranges}` })).toMatchObject({ hash });
      expect(other.requests.filter((line) => line.includes('GET'))).toHaveLength(2);
      expect(other.requests).not.toContain('GET /model/model.safetensors');
    }
    other.manner = { etag: '"one"', headers: { 'access-control-allow-origin': '*' } };
    for (let visit = 0; visit < 2; visit++) {
      other.requests.length = 0;
      expect(await load(`${other.origin}/model`, { cache: 'no version' })).toMatchObject({ hash });
      expect(other.requests.filter((line) => line.includes('GET')).length).toBeGreaterThan(2);
    }
  });

  it('is refused in one sentence by an origin that does not allow it, and one that does not answer', async () => {
    expect(await load(`${other.origin}/model`, { cache: false })).toEqual({
      error: `CheckpointError: ${other.origin}/model/model.safetensors: the server does not allow pages of ${own.origin} to read it; it must send the header Access-Control-Allow-Origin`,
      loaded: [],
      tensors: 0,
    });
    const gone = await serveFiles({});
    await gone.close();
    expect((await load(`${gone.origin}/model`, { cache: false })).error).toBe(
      `CheckpointError: ${gone.origin}/model/model.safetensors cannot be reached: the server does not answer, or this device is offline`,
    );
    expect((await load('./nothing/', { cache: false })).error).toBe(
      `CheckpointError: ${own.origin}/nothing/model.safetensors: the server answered 404 Not Found`,
    );
  });

  it('is refused where it is cut, and goes on from there the next time', async () => {
    for (const ranges of [true, false]) {
      own.manner = { etag: '"two"', ranges, cutAfter: 1_900_000 };
      const { error, tensors } = await load('./model/', { cache: 'cut' });
      expect(error).toMatch(
        /^CheckpointError: .*model\.safetensors: the download ended after \d+ of \d+ bytes; try again$/,
      );
      expect(tensors).toBe(0);
    }
    own.manner = { etag: '"two"' };
    expect(await load('./model/', { cache: 'cut' })).toMatchObject({ hash });
  });

  it('ends with an AbortError where it is stopped, and leaves no tensor', async () => {
    for (const ranges of [true, false]) {
      own.manner = { etag: '"three"', ranges };
      for (const abortAt of [0, 3_000_000, 5_000_000]) {
        const { error, tensors } = await load('./model/', { cache: 'stopped', abortAt });
        expect(error).toMatch(/^AbortError: /);
        expect(tensors).toBe(0);
      }
    }
    expect((await load('./model/', { cache: 'stopped', offline: true })).error).toMatch(
      'is not in the cache',
    );
  });
});
