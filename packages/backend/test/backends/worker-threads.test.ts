import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeBackends } from '../../src/index.ts';
import { listed } from '../../src/testing/describe-backends.ts';

/** How the worker threads of a process are run, and how often one of its threads tells what it computed. */
const ways = {
  'in turn': 4,
  'at once': 3,
  'beside the main thread': 6,
  'after others were terminated': 1,
  'with other builds of the kernels': 4,
  'under a profiler': 2,
};

const long = process.env['NEVEREND_LONG'] === '1';

/** The ways and the outcomes of each backend: products of 256 ones, and a thousand rows of a softmax. */
const suites = {
  tensorflow: {
    ways: Object.keys(ways),
    outcome: { device: expect.stringMatching(/kernels in C\+\+/), results: [256, 1000] },
  },
  // Its addon ends the process where a thread is terminated in a call.
  webgpu: {
    ways: long ? ['in turn', 'at once', 'beside the main thread'] : ['beside the main thread'],
    outcome: { device: expect.any(String), results: [256] },
  },
  wasm: {
    ways: long
      ? ['in turn', 'at once', 'beside the main thread', 'after others were terminated']
      : ['beside the main thread', 'after others were terminated'],
    outcome: { device: expect.stringMatching(/2 threads/), results: [256] },
  },
} as const;

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
let bundle: string;

beforeAll(async () => {
  // Node 20 takes no TypeScript in a worker thread, and a bundle finds its packages only from below this one.
  mkdirSync(join(root, '.cache'), { recursive: true });
  folder = mkdtempSync(join(root, '.cache', 'worker-threads-'));
  bundle = join(folder, 'worker-threads.mjs');
  await build({
    entryPoints: [join(root, 'test', 'fixtures', 'worker-threads.ts')],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the threads of a fresh process say; it has to end by itself, and well. */
async function outcomes(backend: string, way: string): Promise<unknown[]> {
  const profiler = way === 'under a profiler' ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : [];
  const args = [...profiler, bundle, backend, way, folder];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 200_000 });
  const lines = stdout.trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

const statuses = await probeBackends();
const required = listed('NEVEREND_REQUIRE') ?? [];

for (const name of ['tensorflow', 'webgpu', 'wasm'] as const) {
  const { ways: taken, outcome } = suites[name];
  const status = statuses.find((status) => status.name === name);
  const ready = status?.available && (name !== 'tensorflow' || status.device.includes('C++'));
  describe.runIf(ready || required.includes(name))(`worker threads on ${name}`, () => {
    it.each(taken as readonly (keyof typeof ways)[])(
      'compute what is right %s',
      async (way) => {
        expect(await outcomes(name, way)).toEqual(Array(ways[way]).fill(outcome));
      },
      240_000,
    );
  });
}
