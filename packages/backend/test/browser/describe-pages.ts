import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath } from '../../src/testing/find-chromium.ts';
import { builds } from './site/build.ts';

/** What `report.js` says. */
interface Report {
  readonly device?: string;
  readonly warning?: string;
  readonly fix?: string;
  readonly product?: readonly number[];
  readonly sum?: number;
  readonly square?: number;
  readonly error?: { readonly name: string; readonly code: string; readonly message: string };
  readonly milliseconds: number;
  readonly next: string;
}

interface PageGlobals {
  inPage(options: object): Promise<Report>;
  inWorker(options: object): Promise<Report>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

const self = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

/** Policies under which threads run. */
const generous = {
  'no policy': undefined,
  'a policy that allows blob: for workers': `${self}; worker-src 'self' blob:`,
  'a policy that allows blob: for children': `${self}; child-src 'self' blob:`,
  'a policy that allows blob: for everything': "default-src 'self' blob: 'wasm-unsafe-eval'",
};

/** Policies under which one runs, and what the result must name. */
const strict = {
  'a policy that refuses blob:': [self, 'worker-src', 'add blob: to worker-src'],
  'a policy that allows blob: for scripts and not for workers': [
    "script-src 'self' blob: 'wasm-unsafe-eval'; worker-src 'self'",
    'worker-src',
    'add blob: to worker-src',
  ],
} as const;

/** Policies under which wasm does not start, and what the error must name. */
const refusing = {
  'a policy without wasm-unsafe-eval': ["script-src 'self'", "'wasm-unsafe-eval' to script-src"],
  'a policy that has a default alone': ["default-src 'self'", "'wasm-unsafe-eval' to script-src"],
  'a policy that refuses the file': [`${self}; connect-src 'none'`, 'connect-src'],
} as const;

/** Conv2d of 3 x 3 ones over the first rows of 0, 1, 2, ... in rows of 64. */
const firstSum = [0, 64, 128].reduce((sum, row) => sum + 3 * row + 0 + 1 + 2, 0);

/** The first of each kind. */
const firstOf = <T>(policies: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(policies).slice(0, 1);

/**
 * Starts the backend in pages and module workers that a bundler made.
 *
 * @param policies under which: all, or the first of each kind, since bundlers differ in their scripts alone.
 */
export function describePages(bundler: keyof typeof builds, policies: 'all' | 'first'): void {
  const long = process.env['NEVEREND_LONG'] === '1';
  describe(`minified by ${bundler}`, () => {
    let out: string;
    let server: Server;
    let browser: Browser;
    let headers: Readonly<Record<string, string>> = {};
    let square: number | undefined;

    beforeAll(async () => {
      out = await mkdtemp(join(tmpdir(), 'neverend-pages-'));
      await builds[bundler](out);
      server = createServer(async ({ url = '/' }, response) => {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        const file = join(out, url === '/' ? 'index.html' : url);
        try {
          const content = await readFile(file);
          response.setHeader('content-type', types[extname(file)] ?? 'text/plain');
          response.end(content);
        } catch {
          response.writeHead(404).end();
        }
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] });
    }, 600_000);

    afterAll(async () => {
      await browser?.close();
      server?.close();
      await rm(out, { recursive: true });
    });

    /** What a fresh page says, or a worker of it. */
    async function report(
      where: keyof PageGlobals,
      isolated: boolean,
      policy: string | undefined,
    ): Promise<Report> {
      headers = {
        ...(isolated ? isolation : {}),
        ...(policy === undefined ? {} : { 'content-security-policy': policy }),
      };
      const page = await browser.newPage();
      try {
        const { port } = server.address() as AddressInfo;
        await page.goto(`http://127.0.0.1:${port}/`);
        await page.waitForFunction(() => 'inWorker' in globalThis);
        return await page.evaluate(
          (name) => (globalThis as unknown as PageGlobals)[name]({ threads: 2 }),
          where,
        );
      } finally {
        await page.close();
      }
    }

    function expectRight(result: Report, threads: number): void {
      expect(result.error).toBeUndefined();
      expect(result.device).toBe(
        `CPU, WebAssembly SIMD, ${threads} thread${threads === 1 ? '' : 's'}`,
      );
      expect(result.product).toEqual([7, 10, 15, 22]);
      expect(result.sum).toBe(firstSum);
      // The same bits on any number of threads, in pages and workers.
      square ??= result.square;
      expect(result.square).toBe(square);
      expect(result.next).toBe('cpu');
    }

    describe.each([
      ['a page', 'inPage'],
      ['a module worker', 'inWorker'],
    ] as const)('%s', (_, where) => {
      // A policy is the page's, and its worker has it from there.
      const some = policies === 'all' && (where === 'inPage' || long) ? Object.entries : firstOf;

      it.each(some(generous))('runs two threads under %s', async (__, policy) => {
        const result = await report(where, true, policy);
        expectRight(result, 2);
        expect(result.warning).toBeUndefined();
      });

      it.each(some<readonly [string, string, string]>(strict))(
        'runs one under %s',
        async (__, [policy, reason, fix]) => {
          const result = await report(where, true, policy);
          expectRight(result, 1);
          expect(result.warning).toContain('it runs on one thread');
          expect(result.warning).toContain(reason);
          expect(result.fix).toContain(fix);
          expect(result.milliseconds).toBeLessThan(2000);
        },
      );

      it.each(['no policy', 'a policy that refuses blob:'] as const)(
        'runs one without isolation, under %s',
        async (policy) => {
          const result = await report(where, false, { ...generous, ...strict }[policy]?.[0]);
          expectRight(result, 1);
          expect(result.warning).toContain('not cross-origin isolated');
          expect(result.fix).toContain('Cross-Origin-Opener-Policy: same-origin');
        },
      );

      it.each(some<readonly string[]>(refusing))(
        'does not start under %s',
        async (__, [policy, named = '']) => {
          const { error, next } = await report(where, true, policy);
          expect(error).toMatchObject({ name: 'BackendError', code: 'NEVEREND_BACKEND' });
          expect(error?.message).toContain('the backend "wasm" cannot run here');
          expect(error?.message).toContain(named);
          expect(next).toBe('cpu');
        },
      );
    });

    it('runs one thread in a page that takes no address for a worker', async () => {
      const policy = `${self}; worker-src 'self' blob:; require-trusted-types-for 'script'`;
      const result = await report('inPage', true, policy);
      expectRight(result, 1);
      expect(result.warning).toContain('require-trusted-types-for');
    });
  });
}
