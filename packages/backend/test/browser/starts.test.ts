import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendChoice } from '../../src/index.ts';
import { runsInBrowser } from '../../src/testing/find-chromium.ts';
import { openSite, type Site } from '../../src/testing/op-cases/open-site.ts';

const entry = `
  import * as backend from '@neverend/backend';
  import * as tf from '@tensorflow/tfjs-core';
  Object.assign(globalThis, { backend, tf });
`;

interface PageGlobals {
  backend: typeof import('../../src/index.ts');
  tf: typeof import('@tensorflow/tfjs-core');
}

/** How workers of a page go wrong, as what stands for `Worker` there. */
type Fault = 'silent' | 'silent after the first one' | 'throwing' | 'failing';

describe.runIf(runsInBrowser())('starts in a page that may share memory', () => {
  let site: Site;

  beforeAll(async () => {
    const resolveDir = fileURLToPath(new URL('.', import.meta.url));
    site = await openSite({ stdin: { contents: entry, resolveDir } }, 'backend');
  });

  afterAll(() => site?.close());

  async function inPage<T>(work: (page: Page) => Promise<T>): Promise<T> {
    const page = await site.open('/isolated');
    try {
      return await work(page);
    } finally {
      await page.close();
    }
  }

  /** Starts wasm with two threads where workers have a fault, then once more, and multiplies. */
  function startWithFault(fault: Fault): Promise<{
    first: BackendChoice;
    second: BackendChoice;
    milliseconds: number;
    product: number[];
    restored: boolean;
  }> {
    return inPage((page) =>
      page.evaluate(async (kind) => {
        const { backend, tf } = globalThis as unknown as PageGlobals;
        const Real = Worker;
        let made = 0;
        class Silent extends EventTarget {
          postMessage(): void {}
          terminate(): void {}
        }
        const Faulty = new Proxy(Real, {
          construct(target, args: [string]) {
            made++;
            if (kind === 'throwing') throw new Error('no more workers');
            if (kind === 'failing') {
              const text = "throw new Error('the worker has a fault')";
              return new target(URL.createObjectURL(new Blob([text])));
            }
            if (kind === 'silent' || made > 1) return new Silent() as unknown as Worker;
            return new target(...args);
          },
        });
        globalThis.Worker = Faulty;
        const before = [globalThis.Worker, Blob, fetch, navigator.hardwareConcurrency];
        const start = performance.now();
        const first = await backend.useBackend('wasm', { wasmPath: '/wasm/', threads: 2 });
        const milliseconds = performance.now() - start;
        const second = await backend.useBackend('wasm');
        const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
        const product = Array.from(await tf.matMul(x, x).data());
        const after = [globalThis.Worker, Blob, fetch, navigator.hardwareConcurrency];
        const restored = before.every((value, at) => value === after[at]);
        return { first, second, milliseconds, product, restored };
      }, fault),
    );
  }

  it.each([
    ['silent', 'no thread answered for 1.2 s'],
    ['silent after the first one', 'no thread answered for 1.2 s'],
    ['throwing', 'no more workers'],
    ['failing', 'the worker has a fault'],
  ] as const)('runs on one thread where workers are %s, and says why', async (fault, reason) => {
    const { first, second, milliseconds, product, restored } = await startWithFault(fault);
    expect(first.device).toBe('CPU, WebAssembly SIMD, 1 thread');
    expect(first.warning).toContain('it runs on one thread');
    expect(first.warning).toContain(reason);
    expect(second.warning).toBe(first.warning);
    expect(milliseconds).toBeLessThan(2500);
    expect(product).toEqual([7, 10, 15, 22]);
    expect(restored).toBe(true);
  });

  it('does not wait for ever for a server that sends no file, and the next call is served', async () => {
    const [message, next] = await inPage(async (page) => {
      await page.route('**/*.wasm', () => undefined);
      return page.evaluate(() => {
        const { backend } = globalThis as unknown as PageGlobals;
        const wasm = backend.useBackend('wasm', { wasmPath: '/wasm/' });
        return Promise.all([
          wasm.then(
            () => 'started',
            (error: Error) => error.message,
          ),
          backend.useBackend('cpu').then(({ name }) => name),
        ]);
      });
    });
    expect(message).toContain('the server sent nothing for 10 s');
    expect(next).toBe('cpu');
  });

  it('names the other origin where it does not share its file', async () => {
    const message = await inPage(async (page) => {
      const elsewhere = page.url().replace('127.0.0.1', 'localhost').replace('/isolated', '/wasm/');
      return page.evaluate(async (wasmPath) => {
        const { backend } = globalThis as unknown as PageGlobals;
        return backend.useBackend('wasm', { wasmPath }).then(
          () => 'started',
          (error: Error) => error.message,
        );
      }, elsewhere);
    });
    expect(message).toMatch(/http:\/\/localhost:\d+ must allow this origin/);
  });

  it.each([1, 2])(
    'starts on %i thread(s) from the right wasmPath after wrong ones',
    async (threads) => {
      const said = await inPage((page) =>
        page.evaluate(async (count) => {
          const { backend, tf } = globalThis as unknown as PageGlobals;
          const start = (wasmPath: string) =>
            backend.useBackend('wasm', { wasmPath, threads: count }).then(
              ({ device }) => device,
              ({ message }: Error) => message,
            );
          const globals = () => [Worker, Blob, fetch, URL.createObjectURL];
          const before = globals();
          // The second one leads to the page itself.
          const answers = [
            await start('/nowhere/'),
            await start('/isolated?'),
            await start('/wasm/'),
          ];
          const after = globals();
          const restored = before.every((value, at) => value === after[at]);
          const sum = (await tf.sum(tf.ones([8, 8])).data())[0];
          return { answers, restored, sum };
        }, threads),
      );
      expect(said).toEqual({
        answers: [
          expect.stringContaining('wasmPath led to /nowhere/tfjs-backend-wasm'),
          expect.stringContaining('wasmPath led to /isolated?'),
          `CPU, WebAssembly SIMD, ${threads} thread${threads === 1 ? '' : 's'}`,
        ],
        restored: true,
        sum: 64,
      });
    },
  );

  it('starts one worker of TensorFlow.js and one of ours for a second thread', async () => {
    const [made, product] = await inPage((page) =>
      page.evaluate(async () => {
        const { backend, tf } = globalThis as unknown as PageGlobals;
        let workers = 0;
        globalThis.Worker = new Proxy(Worker, {
          construct(target, args: [string]) {
            workers++;
            return new target(...args);
          },
        });
        await backend.useBackend('wasm', { wasmPath: '/wasm/', threads: 2 });
        // Its own threads share this.
        const filters = tf.ones([1, 1, 8, 8]) as never;
        const y = tf.conv2d(tf.ones([1, 64, 64, 8]) as never, filters, 1, 'same');
        return [workers, (await tf.sum(y).data())[0]];
      }),
    );
    expect([made, product]).toEqual([2, 64 * 64 * 8 * 8]);
  });

  it('starts wasm anew after another backend, with the work shared among its threads', async () => {
    const devices = await inPage((page) =>
      page.evaluate(async () => {
        const { backend } = globalThis as unknown as PageGlobals;
        const first = await backend.useBackend('wasm', { wasmPath: '/wasm/', threads: 2 });
        await backend.useBackend('cpu');
        return [first.device, (await backend.useBackend('wasm')).device];
      }),
    );
    expect(devices).toEqual(new Array(2).fill('CPU, WebAssembly SIMD, 2 threads'));
  });

  it('takes webgl by its name, and auto neither tries nor keeps it unless somebody chose it', async () => {
    const said = await inPage((page) =>
      page.evaluate(async () => {
        const { backend, tf } = globalThis as unknown as PageGlobals;
        const webgl = await backend.useBackend('webgl');
        const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
        const product = Array.from(await tf.matMul(x, x).data());
        const kept = await backend.useBackend('auto', { wasmPath: '/wasm/' });
        return { webgl, product, kept };
      }),
    );
    expect(said.webgl).toMatchObject({ name: 'webgl', kept: false, softwareGpu: true });
    expect(said.product).toEqual([7, 10, 15, 22]);
    expect(said.kept).toMatchObject({ name: 'webgl', kept: true });
  });

  it('auto prefers the webgl that TensorFlow.js took by itself to plain JavaScript alone', async () => {
    const choice = await inPage((page) =>
      page.evaluate(async () => {
        const { backend, tf } = globalThis as unknown as PageGlobals;
        // Registers webgl, as the union package does.
        await backend.probeBackends({ wasmPath: '/wasm/' });
        tf.removeBackend('wasm');
        tf.removeBackend('webgpu');
        await tf.ready();
        const own = tf.getBackend();
        return { own, ...(await backend.useBackend('auto')) };
      }),
    );
    expect(choice).toMatchObject({ own: 'webgl', name: 'webgl', kept: false });
    expect(choice.skipped.map(({ name }) => name)).toEqual(['tensorflow', 'webgpu', 'wasm']);
  });
});
