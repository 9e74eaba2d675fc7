import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { bundleForNode } from '../../src/testing/op-cases/index.ts';

const program = await bundleForNode(new URL('../fixtures/full-heap.ts', import.meta.url));

/** What comes of a case in a process of its own, whose host gives so many MiB to a WebAssembly memory. */
async function fullHeap(threads: number, most: number, name: string): Promise<unknown> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [program, String(threads), String(most), name],
    { timeout: 200_000, env: { ...process.env, NEVEREND_KERNELS: 'auto' } },
  );
  // An abort of C++ shows there, and what XNNPACK could not do.
  expect(stderr).toBe('');
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

const full = (bytes: number | string) =>
  expect.stringMatching(
    new RegExp(
      `^the wasm backend has no room for ${bytes} bytes .*: \\d+ bytes .*are in use, and its heap holds 4227858432 bytes \\(4032\\.0 MiB\\) at most`,
    ),
  );

describe.each([1, 2])('a full heap of wasm on %i thread(s)', (threads) => {
  it('is an error, and all is as before: counts, memory, other tensors, and the operation where there is room', async () => {
    const came = (await fullHeap(threads, 64, 'operations')) as { name: string }[];
    expect(came.length).toBeGreaterThan(10);
    expect(came).toEqual(came.map(({ name }) => ({ name, errors: true, wrong: [] })));
  }, 200_000);

  // What is not of threads: one of the two shows it.
  const others = threads === 2 || process.env['NEVEREND_LONG'] === '1';

  it.runIf(others)(
    'is what more than 32 bits address needs',
    async () => {
      expect(await fullHeap(threads, 4096, 'too large')).toEqual([
        { name: 'a little over 32 bits', message: full(2 ** 32 + 4096), same: true },
        { name: 'a multiple of 2^32 bytes', message: full(2 ** 34), same: true },
        { name: 'over 2^32 numbers', message: full(65_537 * 65_536 * 4), same: true },
        { name: 'over 2^32 bytes of bool', message: full(65_537 * 65_536), same: true },
        { name: 'over 2^53 bytes', message: full(2 ** 54), same: true },
        { name: 'the pixels of an image', message: full(65_536 * 16_385 * 4), same: true },
      ]);
    },
    100_000,
  );

  it.runIf(others)(
    'leaves on another backend what finds no room',
    async () => {
      const n = 2 ** 21;
      expect(await fullHeap(threads, 64, 'from another backend')).toEqual({
        message: expect.stringContaining(`no room for ${4 * n} bytes (8.0 MiB)`),
        whole: true,
        sum: n,
      });
    },
    100_000,
  );

  it.runIf(others)(
    'says what is in use, and that it is the host that gives no more',
    async () => {
      const message = (await fullHeap(threads, 64, 'the host')) as string;
      const pattern = /: (\d+) bytes .* of which this host gave it no more than (\d+) bytes/;
      const [used = 0, given = 0] = pattern.exec(message)?.slice(1).map(Number) ?? [];
      expect(given).toBeLessThanOrEqual(2 ** 26);
      expect(used).toBeLessThan(given);
      // Pieces of 4 MiB do not go beyond.
      expect(used).toBeGreaterThan(2 ** 26 - 2 ** 23);
    },
    100_000,
  );

  it('ends a backend whose C++ fails with one error, and useBackend starts another', async () => {
    const ended =
      /^the wasm backend has ended: its C\+\+ failed in Square, .* Its tensors are lost; useBackend\('wasm'\) starts another$/;
    expect(await fullHeap(threads, 4096, 'an abort')).toEqual({
      first: expect.stringMatching(ended),
      later: [expect.stringMatching(ended)],
      device: `CPU, WebAssembly SIMD, ${threads} thread${threads === 1 ? '' : 's'}`,
      works: true,
      isNew: true,
      moreListeners: 0,
    });
  }, 100_000);

  it.runIf(process.env['NEVEREND_LONG'] === '1')(
    'of 4 GiB is full where the sums of addresses would wrap, and goes on',
    async () => {
      const came = await fullHeap(threads, 4096, '4 GiB');
      expect(came).toEqual({
        pieces: 31,
        message: full(2 ** 27),
        whole: true,
        again: 31,
        messageAgain: full(2 ** 28 + 2 ** 20),
        wholeAgain: true,
      });
    },
    200_000,
  );
});
